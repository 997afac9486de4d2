// The policy: what `decide` makes out of validated evidence and what a router obeys. A value; content-addressed by the
// hash of its canonical JSON (schemas/policy.schema.json).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/units.h"
#include "evidence/candidate.h"
#include "evidence/record.h"

namespace phasegate::evidence {

inline constexpr int kPolicyVersion = 1;

enum class WorkloadClass { decode_heavy, prefill_heavy, mixed };
[[nodiscard]] std::string_view to_string(WorkloadClass workload);
[[nodiscard]] std::optional<WorkloadClass> parse_workload(std::string_view text);

struct Range {  // inclusive
  int low = 0;
  int high = 0;
  friend auto operator<=>(const Range&, const Range&) = default;
  [[nodiscard]] bool contains(int value) const { return value >= low && value <= high; }
};

struct Bucket {
  Range prompt;
  Range gen;
  Range batch;
  friend auto operator<=>(const Bucket&, const Bucket&) = default;
};

// One number's way back to its raw data: run, file inside the run, key inside the file.
struct EvidenceRef {
  std::string run;
  std::string file;
  std::string key;
};

struct Effect {      // winner against the best other candidate, at the corner where it is smallest
  double ratio = 1;  // > 1: the winner is better by this factor
  double ci_low = 1;
  double ci_high = 1;
  double p_adjusted = 1;
  int sessions = 0;
  std::string against;  // candidate name
};

struct Rejected {
  std::string candidate;  // name
  std::string gate;       // "significance", "accuracy", …
  std::string reason;     // code
  std::string detail;     // the numbers, in words
};

struct Rule {
  std::string tier;  // model name
  WorkloadClass workload = WorkloadClass::mixed;
  Bucket bucket;
  std::string objective;              // decode_tok_s | prefill_tok_s | e2e_ms
  std::optional<std::string> winner;  // candidate name; empty = tie or thin evidence, routes to default_safe
  std::vector<std::string> tied;
  std::string reason;  // why there is no winner; empty with one
  std::string settle;  // what would settle it, in words; empty with a winner
  std::optional<Effect> effect;
  std::string compile = "off";
  bool warm_pool = false;
  std::string warmup_reason;
  std::vector<EvidenceRef> evidence;
  std::vector<Rejected> rejected;
};

struct Policy {
  std::string scope = "engine";  // engine | service
  std::string created;  // UTC stamp of the newest run it stands on (not of the decision: same inputs, same bytes)
  std::string expires;
  std::vector<std::string> runs;
  std::vector<std::string> run_hashes;  // sha256 of each run's manifest
  core::Json boundary;
  core::Json thresholds;
  std::string thresholds_sha256;
  std::string default_safe;         // candidate name
  std::string default_safe_reason;  // how it was chosen
  std::vector<Candidate> candidates;
  std::vector<Rule> rules;
  core::Json economics;      // per candidate and scenario: seconds and money per 1M tokens, capacity; null with reasons
  core::Json tables;         // medians with intervals that the card shows, each with its EvidenceRef
  bool provisional = false;  // PROVISIONAL, NOT FOR POLICY
  std::string provisional_reason;
};

[[nodiscard]] core::Json to_json(const Policy& policy);
[[nodiscard]] core::Result<Policy> policy_from_json(const core::Json& json);
[[nodiscard]] core::Result<core::PolicyId> policy_id(const Policy& policy);

}  // namespace phasegate::evidence
