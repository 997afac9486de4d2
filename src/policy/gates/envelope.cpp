// The measured envelope of a candidate: the shapes at which it worked. A shape that it was never measured at, or failed
// at even once, is outside, for a router that sends traffic there meets the same failure.
#include <fmt/format.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {

std::optional<Finding> envelope_gate(const GateInput& input) {
  for (const Corner& corner : input.corners) {
    const PooledCell* cell = corner.cell;
    if (cell != nullptr && cell->failures > 0) {
      return Finding{cell->failure_reason.empty() ? "outside_envelope" : cell->failure_reason,
                     fmt::format("{} call(s) failed at {}", cell->failures, corner.scenario.id())};
    }
    if (cell == nullptr || (cell->sessions.empty() && cell->unconverged == 0)) {
      const std::string skipped = cell == nullptr ? "" : cell->skip_reason;
      return Finding{skipped.empty() ? "outside_envelope" : skipped, "no good call at " + corner.scenario.id()};
    }
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
