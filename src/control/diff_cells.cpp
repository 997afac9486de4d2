#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "control/diff_parts.h"
#include "control/words.h"

namespace phasegate::control {
namespace {

using core::Json;
using evidence::Policy;
using evidence::Rule;
using Key = std::tuple<std::string, evidence::WorkloadClass, evidence::Bucket>;

std::string default_safe_of(const Policy& policy, const std::string& tier) {
  const Json tiers = policy.tables.is_object() ? policy.tables.value("tiers", Json()) : Json();
  if (tiers.is_array()) {
    for (const Json& row : tiers) {
      if (row.value("tier", "") == tier) return row.value("default_safe", policy.default_safe);
    }
  }
  return policy.default_safe;
}

CellSide side_of(const Policy& policy, const Rule& rule) {
  return {rule.winner, rule.tied,    rule.reason,    rule.winner.value_or(default_safe_of(policy, rule.tier)),
          rule.effect, rule.compile, rule.warm_pool, rule.rejected};
}

bool outside(const evidence::Effect& one, const evidence::Effect& other) {
  return one.ratio < other.ci_low || one.ratio > other.ci_high;
}

CellVerdict verdict_of(const CellSide& was, const CellSide& is) {
  if (was.winner && is.winner) {
    if (*was.winner != *is.winner) return CellVerdict::winner_changed;
    if (was.compile != is.compile || was.warm_pool != is.warm_pool) return CellVerdict::settings_changed;
    if (was.effect && is.effect && was.effect->against == is.effect->against && outside(*is.effect, *was.effect)) {
      return CellVerdict::effect_moved;
    }
    return CellVerdict::same;
  }
  if (was.winner) return CellVerdict::winner_lost;
  if (is.winner) return CellVerdict::winner_found;
  const bool equal = was.served == is.served && was.tied == is.tied && was.reason == is.reason;
  return equal ? CellVerdict::same : CellVerdict::open_changed;
}

// The shapes at the corners of a rule: its evidence names them, "candidate/p32-g64-b1/decode#tok_s".
void add_scenarios(const Rule& rule, std::set<std::string>& scenarios) {
  for (const evidence::EvidenceRef& ref : rule.evidence) {
    const auto last = ref.key.rfind('/');
    if (last == std::string::npos || last == 0) continue;
    const auto before = ref.key.rfind('/', last - 1);
    if (before == std::string::npos) continue;
    scenarios.insert(ref.key.substr(before + 1, last - before - 1));
  }
}

struct Price {
  std::optional<double> seconds;
  std::optional<double> usd_per_1m;
};

std::optional<double> number_at(const Json& row, const char* object, const char* key) {
  const Json part = row.value(object, Json());
  if (!part.is_object()) return std::nullopt;
  const Json value = part.value(key, Json());
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

Price price_of(const Policy& policy, const std::string& candidate, const std::string& scenario) {
  const Json cells = policy.economics.is_object() ? policy.economics.value("cells", Json()) : Json();
  if (!cells.is_array()) return {};
  for (const Json& row : cells) {
    if (row.value("candidate", "") != candidate || row.value("scenario", "") != scenario) continue;
    return {number_at(row, "request", "seconds"), number_at(row, "mix", "usd_per_1M")};
  }
  return {};
}

Json pricing_of(const Policy& policy) {
  return policy.economics.is_object() ? policy.economics.value("pricing", Json()) : Json();
}

std::vector<CostChange> costs_of(const Policy& was, const Policy& is, const Rule& old_rule, const Rule& new_rule,
                                 const CellChange& cell) {
  std::vector<CostChange> costs;
  const bool moved = cell.was->served != cell.is->served || cell.verdict == CellVerdict::effect_moved;
  if (!moved && pricing_of(was) == pricing_of(is)) return costs;
  std::set<std::string> scenarios;
  add_scenarios(old_rule, scenarios);
  add_scenarios(new_rule, scenarios);
  for (const std::string& scenario : scenarios) {
    const Price before = price_of(was, cell.was->served, scenario);
    const Price after = price_of(is, cell.is->served, scenario);
    costs.push_back({scenario, cell.was->served, cell.is->served, before.seconds, after.seconds, before.usd_per_1m,
                     after.usd_per_1m});
  }
  return costs;
}

std::map<Key, const Rule*> index(const Policy& policy) {
  std::map<Key, const Rule*> rules;
  for (const Rule& rule : policy.rules) rules[{rule.tier, rule.workload, rule.bucket}] = &rule;
  return rules;
}

}  // namespace

std::vector<CellChange> diff_cells(const Policy& was, const Policy& is) {
  const auto before = index(was);
  const auto after = index(is);
  std::set<Key> keys;
  for (const auto& [key, rule] : before) keys.insert(key);
  for (const auto& [key, rule] : after) keys.insert(key);
  std::vector<CellChange> cells;
  for (const Key& key : keys) {
    CellChange cell{std::get<0>(key), std::get<1>(key), std::get<2>(key), CellVerdict::same, {}, {}, {}};
    const auto old_rule = before.find(key);
    const auto new_rule = after.find(key);
    if (old_rule != before.end()) cell.was = side_of(was, *old_rule->second);
    if (new_rule != after.end()) cell.is = side_of(is, *new_rule->second);
    if (!cell.is) {
      cell.verdict = CellVerdict::only_old;
    } else if (!cell.was) {
      cell.verdict = CellVerdict::only_new;
    } else {
      cell.verdict = verdict_of(*cell.was, *cell.is);
      cell.costs = costs_of(was, is, *old_rule->second, *new_rule->second, cell);
    }
    cells.push_back(std::move(cell));
  }
  return cells;
}

namespace {

void widen(std::optional<evidence::Bucket>& outer, const evidence::Bucket& bucket) {
  if (!outer) {
    outer = bucket;
    return;
  }
  const auto join = [](evidence::Range& into, evidence::Range other) {
    into.low = std::min(into.low, other.low);
    into.high = std::max(into.high, other.high);
  };
  join(outer->prompt, bucket.prompt);
  join(outer->gen, bucket.gen);
  join(outer->batch, bucket.batch);
}

bool holds(const evidence::Bucket& outer, const evidence::Bucket& inner) {
  const auto range = [](evidence::Range a, evidence::Range b) { return a.low <= b.low && a.high >= b.high; };
  return range(outer.prompt, inner.prompt) && range(outer.gen, inner.gen) && range(outer.batch, inner.batch);
}

EnvelopeVerdict verdict_of(const EnvelopeChange& change) {
  if (change.was == change.is) return EnvelopeVerdict::same;
  if (!change.was || (change.is && holds(*change.is, *change.was))) return EnvelopeVerdict::wider;
  if (!change.is || holds(*change.was, *change.is)) return EnvelopeVerdict::narrower;
  return EnvelopeVerdict::shifted;
}

}  // namespace

std::vector<EnvelopeChange> diff_envelope(const Policy& was, const Policy& is) {
  std::map<std::pair<std::string, evidence::WorkloadClass>, EnvelopeChange> found;
  for (const Rule& rule : was.rules) widen(found[{rule.tier, rule.workload}].was, rule.bucket);
  for (const Rule& rule : is.rules) widen(found[{rule.tier, rule.workload}].is, rule.bucket);
  std::vector<EnvelopeChange> changes;
  for (auto& [key, change] : found) {
    std::tie(change.tier, change.workload) = key;
    change.verdict = verdict_of(change);
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace phasegate::control
