// The control cell is measured at the start of a session, every K tasks and at the end. What it does, the machine does:
// when it leaves the band around its first value, the cells between are not comparable with each other.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/result.h"

namespace phasegate::analysis {

struct DriftRule {
  double max_relative = 0.10;  // share of the value at the start of the session
};

struct Drift {
  std::size_t n = 0;                       // control values
  double last_relative = 0;                // last / first - 1; 24057 -> 7156 is -0.703
  double worst_relative = 0;               // the one with the largest size
  std::optional<std::size_t> first_alarm;  // position of the first control value beyond the band

  [[nodiscard]] bool alarm() const { return first_alarm.has_value(); }
};

// Control values of one session in order, any unit, the first being the reference. Fails with invalid_input for a value
// that is not finite and positive, with evidence when there are fewer than two: drift was then not measured, which is
// not the same as no drift.
[[nodiscard]] core::Result<Drift> control_drift(std::span<const double> control, const DriftRule& rule = {});

}  // namespace phasegate::analysis
