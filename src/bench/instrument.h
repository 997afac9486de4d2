// S0: what the instrument itself costs on this machine today. Stored in manifest.instrument before a campaign.
#pragma once

#include "core/clock.h"
#include "core/json.h"
#include "core/units.h"

namespace phasegate::bench {

struct RecorderCost {  // of one clock reading and one StepRecorder::step: the null engine's whole step
  core::Nanos p50;
  core::Nanos p99;
  std::int64_t steps = 0;
};
[[nodiscard]] RecorderCost measure_recorder(const core::Clock& clock, int calls, int steps_per_call, int rows);

struct SpinNoise {           // a loop that does nothing but read the clock
  core::Nanos resolution;    // smallest step between two different readings
  core::Nanos longest_gap;   // the longest time in which this thread did not run
  double lost_fraction = 0;  // time in gaps above 10 us / all time
};
[[nodiscard]] SpinNoise measure_spin_noise(const core::Clock& clock, core::Nanos duration);

// Both, in well under a second: {"recorder": {…}, "clock": {…}, "noise": {…}}.
[[nodiscard]] core::Json measure_instrument();

}  // namespace phasegate::bench
