// Did what was asked for really run? A label is not evidence: the runtime has to name the device that executed the
// nodes of each phase and the types of the tensors that it loaded, and the records must agree with it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "policy/gates/gates.h"

namespace phasegate::policy {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string listed(const std::map<std::string, int>& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) parts.push_back(fmt::format("{} {}", name, count));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The device of the identity executed most nodes. Shape arithmetic on the CPU beside a GPU is normal, the reverse is
// not.
std::optional<Finding> check_phase(const char* phase, const std::map<std::string, int>& nodes,
                                   const std::string& device) {
  if (nodes.empty()) {
    return Finding{"attribution_unproven", fmt::format("the runtime did not say where the nodes of {} ran", phase)};
  }
  const auto most =
      std::max_element(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (lower(most->first) != lower(device)) {
    return Finding{"provider_fallback",
                   fmt::format("{} ran mostly on {} ({}), not on {}", phase, most->first, listed(nodes), device)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> attribution_gate(const GateInput& input) {
  const evidence::Candidate& candidate = input.candidate;
  if (candidate.fallback) return Finding{"provider_fallback", "the runtime fell back: " + candidate.fallback_reason};
  if (candidate.identity.backend.empty() || candidate.identity.device.empty()) {
    return Finding{"attribution_unproven", "the runtime named no backend or no device"};
  }
  if (auto no = check_phase("prefill", candidate.prefill_nodes_by_device, candidate.identity.device)) return no;
  if (auto no = check_phase("decode", candidate.decode_nodes_by_device, candidate.identity.device)) return no;
  const auto& tensors = candidate.weight_tensors_by_type;
  const bool has_type = std::any_of(tensors.begin(), tensors.end(), [&](const auto& entry) {
    return entry.second > 0 && lower(entry.first) == lower(candidate.identity.weight_type);
  });
  if (!has_type) {
    return Finding{"attribution_unproven", fmt::format("no loaded tensor has the type {} that it claims (found: {})",
                                                       candidate.identity.weight_type, listed(tensors))};
  }
  for (const Corner& corner : input.corners) {
    if (corner.cell == nullptr) continue;
    for (const std::string& backend : corner.cell->backends_actual) {
      if (backend == candidate.identity.backend) continue;
      return Finding{"provider_fallback", fmt::format("at {} the records say {}, the candidate {}",
                                                      corner.scenario.id(), backend, candidate.identity.backend)};
    }
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
