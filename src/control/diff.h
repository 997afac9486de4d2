// What changes when one policy takes the place of another: which cells (tier, class, bucket) change their winner, at
// what effect, what that costs, and everything else that a person who approves it has to have seen. Reads the two
// policies alone; pure and deterministic.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/policy.h"

namespace phasegate::control {

// What one policy says in a cell.
struct CellSide {
  std::optional<std::string> winner;
  std::vector<std::string> tied;
  std::string reason;  // why there is no winner
  std::string served;  // the winner, else default-safe of the tier
  std::optional<evidence::Effect> effect;
  std::string compile;
  bool warm_pool = false;
  std::vector<evidence::Rejected> rejected;
};

// A request of one measured shape, by what serves it before and after.
struct CostChange {
  std::string scenario;
  std::string was;  // candidate
  std::string is;
  std::optional<double> seconds_was;  // of one request
  std::optional<double> seconds_is;
  std::optional<double> usd_per_1m_was;  // of the request's own mix of prompt and generated tokens
  std::optional<double> usd_per_1m_is;
};

enum class CellVerdict {
  same,              // same winner, same settings; the effect may have moved inside its interval
  effect_moved,      // same winner, and the new ratio lies outside of the old interval
  settings_changed,  // same winner; compile or warm pool differs
  winner_changed,
  winner_lost,  // a winner became a tie or thin evidence
  winner_found,
  open_changed,  // no winner before and after; served, tied or reason differs
  only_old,
  only_new,
};
[[nodiscard]] std::string_view to_string(CellVerdict verdict);

struct CellChange {
  std::string tier;
  evidence::WorkloadClass workload = evidence::WorkloadClass::mixed;
  evidence::Bucket bucket;
  CellVerdict verdict = CellVerdict::same;
  std::optional<CellSide> was;
  std::optional<CellSide> is;
  std::vector<CostChange> costs;  // where what serves it changed, its effect or the price
};

struct ValueChange {
  std::string field;  // "statistics.alpha", "environment.driver"
  std::string was;
  std::string is;
};

enum class EnvelopeVerdict { same, wider, narrower, shifted };
[[nodiscard]] std::string_view to_string(EnvelopeVerdict verdict);

struct EnvelopeChange {  // outer bounds of the buckets of a tier and class
  std::string tier;
  evidence::WorkloadClass workload = evidence::WorkloadClass::mixed;
  std::optional<evidence::Bucket> was;
  std::optional<evidence::Bucket> is;
  EnvelopeVerdict verdict = EnvelopeVerdict::same;
};

struct Risk {
  std::string kind;  // "winner_lost", "conflict", "narrower", "provisional", …
  std::string text;
};

struct PolicyDiff {
  std::string was_id;
  std::string is_id;
  std::vector<CellChange> cells;  // every cell of either, in order; verdict same included
  std::vector<EnvelopeChange> envelope;
  std::vector<ValueChange> boundary;
  std::vector<ValueChange> candidates;  // by name: added, removed, another identity
  std::vector<ValueChange> thresholds;
  std::vector<ValueChange> general;  // scope, default_safe, created, expires, runs, pricing, provisional
  std::vector<Risk> risks;
  [[nodiscard]] bool same() const { return was_id == is_id; }
  [[nodiscard]] int count(CellVerdict verdict) const;
};

// Error (invalid_input) when a policy's tables are not what decide makes.
[[nodiscard]] core::Result<PolicyDiff> diff(const evidence::Policy& was, const evidence::Policy& is);

[[nodiscard]] core::Json to_json(const PolicyDiff& diff);
[[nodiscard]] std::string to_text(const PolicyDiff& diff);

}  // namespace phasegate::control
