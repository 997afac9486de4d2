#include "policy/gates/gates.h"

namespace phasegate::policy {

std::optional<Rejection> ask_gates(const GateInput& input, bool with_significance) {
  for (const Gate& gate : kGates) {
    if (!with_significance && gate.ask == significance_gate) continue;
    if (auto finding = gate.ask(input)) return Rejection{gate.name, std::move(*finding)};
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
