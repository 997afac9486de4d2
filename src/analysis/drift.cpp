#include "analysis/drift.h"

#include <cmath>

namespace phasegate::analysis {

core::Result<Drift> control_drift(std::span<const double> control, const DriftRule& rule) {
  if (control.size() < 2) {
    return core::fail({core::ErrorKind::evidence,
                       fmt::format("drift needs a control value at the start and a later one, got {}", control.size()),
                       "control cell", "repeat the session"});
  }
  Drift drift;
  drift.n = control.size();
  for (std::size_t i = 0; i < control.size(); ++i) {
    if (!std::isfinite(control[i]) || control[i] <= 0) {
      return core::fail({core::ErrorKind::invalid_input,
                         fmt::format("control value {} is {}, not positive and finite", i, control[i]), "control cell",
                         "repeat the session: its control cell failed"});
    }
    drift.last_relative = control[i] / control[0] - 1;
    if (std::abs(drift.last_relative) > std::abs(drift.worst_relative)) drift.worst_relative = drift.last_relative;
    if (!drift.first_alarm && std::abs(drift.last_relative) > rule.max_relative) drift.first_alarm = i;
  }
  return drift;
}

}  // namespace phasegate::analysis
