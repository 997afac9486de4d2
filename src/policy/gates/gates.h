// The gates: each is one file with one question about one candidate in one bucket, and answers with nothing (pass) or
// with why not, numbers included. kGates is the order in which they are asked; the first that rejects is recorded.
//
// Two kinds of no. `unfit`: the candidate may not serve here, whatever its speed; it leaves the competition. `thin`: it
// may be good, the evidence does not tell; nobody else can be called the winner over it either.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/manifest.h"
#include "policy/contest.h"
#include "policy/pool.h"

namespace phasegate::policy {

enum class FindingKind { unfit, thin };

struct Finding {
  std::string reason;  // code of evidence/reason.h, or one that docs/methodology.md lists
  std::string detail;  // the numbers, in words
  FindingKind kind = FindingKind::unfit;
};

// Energy takes part in a ranking only when a policy asks for it.
struct EnergyEvidence {
  bool ranked = false;
  std::string status = "no_data";
  std::string reason = "no power source was sampled in these runs";
};

// Does the compiled candidate's tail stay behind its eager twin's? Filled by decide for compiled candidates.
struct TailEvidence {
  std::optional<double> compiled_p99_ms;
  std::optional<double> eager_p99_ms;
  std::string missing;  // why one of them is null
};

struct Corner {
  evidence::Scenario scenario;
  const PooledCell* cell = nullptr;  // null: this candidate was never measured here
  TailEvidence tail;
  std::vector<Contest> contests;  // against each other competitor; filled for the significance gate alone
};

struct GateInput {
  const evidence::Candidate& candidate;
  const evidence::Accuracy* accuracy = nullptr;  // null: not measured
  const evidence::Thresholds& thresholds;
  std::string scope = "engine";
  std::string measured_at;  // finish of the newest run that measured this candidate
  std::string as_of;        // stamp of the policy
  std::vector<Corner> corners;
  EnergyEvidence energy;
};

struct Gate {
  std::string_view name;
  std::optional<Finding> (*ask)(const GateInput&);
};

[[nodiscard]] std::optional<Finding> attribution_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> accuracy_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> scope_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> freshness_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> compile_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> energy_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> envelope_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> warmup_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> sessions_gate(const GateInput& input);
[[nodiscard]] std::optional<Finding> significance_gate(const GateInput& input);

// Safety first, then whether there is evidence, then who is better.
inline constexpr std::array<Gate, 10> kGates = {{
    {"attribution", attribution_gate},
    {"accuracy", accuracy_gate},
    {"scope", scope_gate},
    {"freshness", freshness_gate},
    {"compile", compile_gate},
    {"energy", energy_gate},
    {"envelope", envelope_gate},
    {"warmup", warmup_gate},
    {"sessions", sessions_gate},
    {"significance", significance_gate},
}};

// Allowed growth of perplexity for weights of this type. An improvement beyond it passes and is flagged.
[[nodiscard]] double accuracy_bound(const std::string& weight_type, const evidence::Thresholds& thresholds);

struct Rejection {
  std::string_view gate;
  Finding finding;
};

// The first gate that says no, of those before significance; of significance too when `with_significance`.
[[nodiscard]] std::optional<Rejection> ask_gates(const GateInput& input, bool with_significance);

}  // namespace phasegate::policy
