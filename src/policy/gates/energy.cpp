// Energy may take part in a ranking only with enough distinct sensor updates in the window; below that it is no_data,
// and a candidate cannot be ranked by what was not measured. Where energy is not ranked, nothing is asked.
#include <fmt/format.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {

std::optional<Finding> energy_gate(const GateInput& input) {
  if (!input.energy.ranked) return std::nullopt;
  if (input.energy.status == "good" || input.energy.status == "billable") return std::nullopt;
  return Finding{"energy_no_data", fmt::format("energy is {} ({}), ranking needs good or billable", input.energy.status,
                                               input.energy.reason)};
}

}  // namespace phasegate::policy
