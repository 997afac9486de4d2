// The unit of statistics is the session. Fewer than the threshold, and the spread between processes is unknown, however
// many calls each of them made.
#include <fmt/format.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {

std::optional<Finding> sessions_gate(const GateInput& input) {
  const auto needed = static_cast<std::size_t>(input.thresholds.min_sessions);
  for (const Corner& corner : input.corners) {
    const std::size_t sessions = corner.cell == nullptr ? 0 : corner.cell->sessions.size();
    if (sessions >= needed) continue;
    return Finding{"few_sessions",
                   fmt::format("{} session(s) at {}, needed are {}", sessions, corner.scenario.id(), needed),
                   FindingKind::thin};
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
