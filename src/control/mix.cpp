#include "control/mix.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "control/words.h"
#include "evidence/thresholds.h"
#include "policy/explain.h"
#include "policy/tier.h"

namespace phasegate::control {
namespace {

using core::Json;

constexpr const char* kOutside = "out_of_envelope";

core::Result<std::string> bucket_of(const evidence::Policy& policy, const std::string& tier,
                                    const evidence::Scenario& scenario) {
  PHASEGATE_TRY(found, policy::explain(policy, {{scenario.prompt_tokens, scenario.gen_tokens, scenario.batch}, tier}));
  if (!found.rule) return std::string(kOutside);
  const evidence::Rule& rule = policy.rules[*found.rule];
  return fmt::format("{} {}", evidence::to_string(rule.workload), bucket_text(rule.bucket));
}

using Shares = std::map<std::string, double>;

core::Result<Shares> shares_of(const evidence::Policy& policy, const std::string& tier,
                               const std::vector<policy::Weight>& weights) {
  double total = 0;
  for (const policy::Weight& weight : weights) {
    if (!(weight.share > 0) || !std::isfinite(weight.share)) {
      return core::fail(core::Error{core::ErrorKind::invalid_input,
                                    fmt::format("the share {} is not above 0", weight.share),
                                    "mix: " + weight.scenario.id(), "give each shape its share of the traffic"});
    }
    total += weight.share;
  }
  Shares shares;
  for (const policy::Weight& weight : weights) {
    PHASEGATE_TRY(bucket, bucket_of(policy, tier, weight.scenario));
    shares[bucket] += weight.share / total;
  }
  return shares;
}

std::optional<evidence::Scenario> parse_scenario(const std::string& id) {
  evidence::Scenario scenario;
  if (std::sscanf(id.c_str(), "p%d-g%d-b%d", &scenario.prompt_tokens, &scenario.gen_tokens, &scenario.batch) != 3)
    return std::nullopt;
  return scenario;
}

}  // namespace

std::vector<policy::Weight> declared_weights(const evidence::Policy& policy) {
  std::vector<policy::Weight> weights;
  if (!policy.tables.is_object()) return weights;
  const Json global = policy.tables.value("global", Json());
  if (!global.is_array() || global.empty() || !global.front().is_object()) return weights;
  for (const Json& row : global.front().value("weights", Json::array())) {
    if (!row.is_object()) continue;
    const Json id = row.value("scenario", Json());
    const Json share = row.value("share", Json());
    if (!id.is_string() || !share.is_number()) continue;
    if (const auto scenario = parse_scenario(id.get<std::string>()))
      weights.push_back({*scenario, share.get<double>()});
  }
  return weights;
}

core::Result<MixDistance> mix_distance(const evidence::Policy& policy, const std::vector<policy::Weight>& given) {
  const policy::Tiers known(policy.candidates);
  const std::vector<std::string>& tiers = known.names();
  if (given.empty() || tiers.empty()) {
    return core::fail(core::Error{
        core::ErrorKind::invalid_input, given.empty() ? "the mix is empty" : "the policy has no candidate", "mix", {}});
  }
  PHASEGATE_TRY(thresholds, evidence::thresholds_from_json(policy.thresholds));
  PHASEGATE_TRY(now, shares_of(policy, tiers.front(), given));
  const auto weights = declared_weights(policy);
  PHASEGATE_TRY(then, shares_of(policy, tiers.front(), weights));
  MixDistance mix;
  mix.limit = thresholds.watch_mix_distance;
  std::map<std::string, MixShare> rows;
  for (const auto& [bucket, share] : then) rows[bucket].declared = share;
  for (const auto& [bucket, share] : now) rows[bucket].given = share;
  double sum = 0;
  for (auto& [bucket, row] : rows) {
    row.bucket = bucket;
    sum += std::abs(row.given - row.declared);
    mix.shares.push_back(row);
  }
  const auto outside = now.find(kOutside);
  if (outside != now.end()) mix.out_of_envelope = outside->second;
  if (weights.empty()) {
    mix.reason = "the policy was decided without declared weights (`phasegate decide RUN --mix FILE`)";
  } else {
    mix.distance = sum / 2;
  }
  return mix;
}

Json to_json(const MixDistance& mix) {
  Json shares = Json::array();
  for (const MixShare& row : mix.shares) {
    shares.push_back({{"bucket", row.bucket},
                      {"declared", mix.distance ? core::finite_or_null(row.declared) : Json(nullptr)},
                      {"given", core::finite_or_null(row.given)}});
  }
  return {{"distance", mix.distance ? core::finite_or_null(*mix.distance) : Json(nullptr)},
          {"reason", mix.reason.empty() ? Json(nullptr) : Json(mix.reason)},
          {"metric", "total variation over the policy's buckets"},
          {"limit", mix.limit},
          {"out_of_envelope", core::finite_or_null(mix.out_of_envelope)},
          {"drifted", mix.drifted()},
          {"shares", std::move(shares)}};
}

}  // namespace phasegate::control
