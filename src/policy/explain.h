// explain: for one request, which rule of a policy applies, on which evidence, and what was rejected by which gate.
// Reads the policy alone. Deterministic.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/policy.h"
#include "policy/classify.h"

namespace phasegate::policy {

struct ExplainRequest {
  Shape shape;
  std::optional<std::string> tier;  // model name; may be left out when the policy has one
};

struct Explanation {
  Shape shape;
  std::string tier;
  Classification classification;
  std::optional<std::size_t> rule;  // index into policy.rules; empty: out_of_envelope
  std::string route;                // candidate name that would serve it
  std::string reason;               // "winner", "tie", "few_sessions", …, "out_of_envelope"
  std::string detail;               // in words
};

// Errors: invalid_input for an unknown tier (it lists those there are) or a shape without prompt tokens or rows.
[[nodiscard]] core::Result<Explanation> explain(const evidence::Policy& policy, const ExplainRequest& request);

[[nodiscard]] core::Json to_json(const evidence::Policy& policy, const Explanation& explanation);
[[nodiscard]] std::string to_text(const evidence::Policy& policy, const Explanation& explanation);

}  // namespace phasegate::policy
