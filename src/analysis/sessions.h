// One candidate in one cell over its sessions. A fresh process gives another answer than the last one did, often by
// more than the samples inside a session differ, so the interval that is published counts sessions, not samples.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

struct SessionSpread {
  // Geometric mean of the session medians with a t interval on their logarithms; null below `minimum.median` sessions.
  Estimate centre;
  // Components of the variance of ln(sample): one-way random effects by the method of moments. `between` is cut off at
  // 0; both null ("n_below_2") unless two sessions have samples and one of them has two.
  std::optional<double> sd_between_log;
  std::optional<double> sd_within_log;
};

// Samples of each session in any order, positive, any unit; a session without samples is not one. Fails with
// invalid_input for a value that is not finite and positive.
[[nodiscard]] core::Result<SessionSpread> between_sessions(std::span<const std::vector<double>> sessions,
                                                           const MinimumN& minimum = {});

}  // namespace phasegate::analysis
