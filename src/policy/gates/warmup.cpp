// Steady means that warm-up was seen to end. Sessions whose warm-up did not converge are left out; when so many are
// left out that too few remain, that, and not the number of rounds, is what has to be mended.
#include <fmt/format.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {

std::optional<Finding> warmup_gate(const GateInput& input) {
  const auto needed = static_cast<std::size_t>(input.thresholds.min_sessions);
  for (const Corner& corner : input.corners) {
    if (corner.cell == nullptr || corner.cell->unconverged == 0 || corner.cell->sessions.size() >= needed) continue;
    const auto all = corner.cell->sessions.size() + static_cast<std::size_t>(corner.cell->unconverged);
    return Finding{"warmup_not_converged",
                   fmt::format("warm-up did not converge in {} of {} sessions at {}, {} are needed",
                               corner.cell->unconverged, all, corner.scenario.id(), needed),
                   FindingKind::thin};
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
