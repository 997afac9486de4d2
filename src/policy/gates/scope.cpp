// Engine numbers are not service numbers: a policy for traffic through a server needs cells that were measured through
// one (scenario set S3), a policy for engines those that were not.
#include <fmt/format.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {

std::optional<Finding> scope_gate(const GateInput& input) {
  for (const Corner& corner : input.corners) {
    if (corner.cell == nullptr) continue;
    for (const std::string& set : corner.cell->sets) {
      const bool service = set == "S3";
      if (service == (input.scope == "service")) continue;
      return Finding{"wrong_scope", fmt::format("{} was measured in set {}, which is no evidence for scope {}",
                                                corner.scenario.id(), set, input.scope)};
    }
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
