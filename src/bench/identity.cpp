#include "bench/identity.h"

#include <algorithm>

#include "core/json.h"

namespace phasegate::bench {

evidence::Candidate make_candidate(const IdentityInputs& inputs) {
  const engines::Attribution& seen = inputs.attribution;
  evidence::Candidate candidate;
  candidate.identity = {.engine = seen.engine,
                        .engine_version = seen.engine_version,
                        .engine_build = seen.engine_build,
                        .backend = seen.backend_actual,
                        .device = seen.device_actual,
                        .model_sha256 = inputs.facts.model_sha256,
                        .weight_set = inputs.model.weight_set,
                        .weight_type = seen.weight_type,
                        .kv_type = seen.kv_type,
                        .activation_type = seen.activation_type,
                        .attention = seen.attention,
                        .threads = seen.threads,
                        .compile = seen.prefill.compile.compiled || seen.decode.compile.compiled,
                        .slots = inputs.slots,
                        .padding = "none"};  // the rows of a cell have equal lengths
  candidate.id = evidence::candidate_id(candidate.identity);
  candidate.name = inputs.spec.label;
  candidate.model_name = inputs.model.name;
  candidate.parameters = inputs.facts.parameters;
  candidate.prefill_nodes_by_device = seen.prefill.nodes_by_device;
  candidate.decode_nodes_by_device = seen.decode.nodes_by_device;
  candidate.weight_tensors_by_type = seen.weight_tensors_by_type;
  candidate.fallback = seen.prefill.fallback || seen.decode.fallback;
  candidate.fallback_reason = seen.prefill.fallback ? seen.prefill.fallback_reason : seen.decode.fallback_reason;
  // The weaker of the two phases: a proof for one is none for the other.
  candidate.compile_grade = engines::to_string(std::max(seen.prefill.compile.grade, seen.decode.compile.grade));
  return candidate;
}

std::string identity_difference(const evidence::CandidateIdentity& first, const evidence::CandidateIdentity& then) {
  const core::Json before = evidence::to_json(first);
  const core::Json after = evidence::to_json(then);
  std::string text;
  for (const auto& [key, value] : before.items()) {
    if (after.at(key) == value) continue;
    text += fmt::format("{}{}: {}, then {}", text.empty() ? "" : "; ", key, value.dump(), after.at(key).dump());
  }
  return text;
}

}  // namespace phasegate::bench
