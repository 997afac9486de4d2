#include "policy/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "policy/grid.h"
#include "policy/tier.h"

namespace phasegate::policy {
namespace {

using core::Json;
using evidence::Policy;
using evidence::Rule;

core::Result<std::string> choose_tier(const Policy& policy, const std::optional<std::string>& asked) {
  const Tiers known_tiers(policy.candidates);
  const std::vector<std::string>& tiers = known_tiers.names();
  const std::string known = fmt::format("the policy knows: {}", fmt::join(tiers, ", "));
  if (!asked) {
    if (tiers.size() == 1) return tiers.front();
    return core::fail(core::Error{core::ErrorKind::invalid_input, "the policy has several models", "tier", known});
  }
  if (std::find(tiers.begin(), tiers.end(), *asked) == tiers.end()) {
    return core::fail(core::Error{core::ErrorKind::invalid_input, "no rule is about model " + *asked, "tier", known});
  }
  return *asked;
}

// The two measured values around `value`, or it alone when it was measured; empty outside.
std::vector<int> neighbours(const std::set<int>& points, int value) {
  const auto above = points.lower_bound(value);
  if (above == points.end()) return {};
  if (*above == value) return {value};
  if (above == points.begin()) return {};
  return {*std::prev(above), *above};
}

// The smallest decode fraction of the measured shapes around the request; empty unless all of them have one.
std::optional<double> fraction_around(const Policy& policy, const std::string& tier, const Shape& shape) {
  std::map<evidence::Scenario, std::optional<double>> fractions;
  std::set<int> prompts;
  std::set<int> gens;
  std::set<int> batches;
  if (!policy.tables.is_object() || !policy.tables.contains("shapes")) return std::nullopt;
  for (const Json& row : policy.tables.at("shapes")) {
    if (row.value("tier", "") != tier) continue;
    const evidence::Scenario scenario{row.value("prompt_tokens", 0), row.value("gen_tokens", 0), row.value("batch", 1),
                                      0};
    prompts.insert(scenario.prompt_tokens);
    gens.insert(scenario.gen_tokens);
    batches.insert(scenario.batch);
    if (row.contains("decode_fraction") && row.at("decode_fraction").is_number()) {
      fractions[scenario] = row.at("decode_fraction").get<double>();
    }
  }
  std::optional<double> smallest;
  for (const int prompt : neighbours(prompts, shape.prompt_tokens)) {
    for (const int gen : neighbours(gens, shape.gen_tokens)) {
      for (const int batch : neighbours(batches, shape.batch)) {
        const auto found = fractions.find({prompt, gen, batch, 0});
        if (found == fractions.end() || !found->second) return std::nullopt;
        smallest = std::min(smallest.value_or(1), *found->second);
      }
    }
  }
  return smallest;
}

bool covers(const evidence::Bucket& bucket, const Shape& shape) {
  return bucket.prompt.contains(shape.prompt_tokens) && bucket.gen.contains(shape.gen_tokens) &&
         bucket.batch.contains(shape.batch);
}

// Of the rules for this tier and class that cover the shape: one with a winner before one without, then the smallest.
std::optional<std::size_t> find_rule(const Policy& policy, const std::string& tier, const Shape& shape,
                                     evidence::WorkloadClass workload) {
  std::optional<std::size_t> best;
  const auto rank = [&policy](std::size_t index) {
    const Rule& rule = policy.rules[index];
    return std::pair(!rule.winner.has_value(), volume(rule.bucket));
  };
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    if (rule.tier != tier || rule.workload != workload || !covers(rule.bucket, shape)) continue;
    if (!best || rank(i) < rank(*best)) best = i;
  }
  return best;
}

std::string default_safe_of(const Policy& policy, const std::string& tier) {
  if (policy.tables.is_object() && policy.tables.contains("tiers")) {
    for (const Json& row : policy.tables.at("tiers")) {
      if (row.value("tier", "") == tier) return row.value("default_safe", policy.default_safe);
    }
  }
  return policy.default_safe;
}

Json rejected_json(const Rule& rule) {
  Json list = Json::array();
  for (const evidence::Rejected& rejected : rule.rejected) {
    list.push_back({{"candidate", rejected.candidate},
                    {"gate", rejected.gate},
                    {"reason", rejected.reason},
                    {"detail", rejected.detail}});
  }
  return list;
}

std::string range_text(evidence::Range range) {
  return range.low == range.high ? fmt::format("{}", range.low) : fmt::format("{}-{}", range.low, range.high);
}

void append_rule(const Rule& rule, std::string& out) {
  out += fmt::format("rule      {} | prompt {} | gen {} | batch {} | objective {}\n",
                     evidence::to_string(rule.workload), range_text(rule.bucket.prompt), range_text(rule.bucket.gen),
                     range_text(rule.bucket.batch), rule.objective);
  if (rule.effect) {
    out += fmt::format("effect    {:.3g}x [{:.3g}, {:.3g}] against {}, adjusted p {:.2g}, {} session rounds\n",
                       rule.effect->ratio, rule.effect->ci_low, rule.effect->ci_high, rule.effect->against,
                       rule.effect->p_adjusted, rule.effect->sessions);
  }
  if (!rule.tied.empty()) out += fmt::format("tied      {}\n", fmt::join(rule.tied, ", "));
  if (!rule.settle.empty()) out += fmt::format("settle    {}\n", rule.settle);
  out += fmt::format("compile   {}\nwarm-up   {}{}\n", rule.compile, rule.warm_pool ? "warm pool; " : "",
                     rule.warmup_reason);
  for (const evidence::Rejected& rejected : rule.rejected) {
    out += fmt::format("rejected  {} by gate {}: {} ({})\n", rejected.candidate, rejected.gate, rejected.reason,
                       rejected.detail);
  }
  for (const evidence::EvidenceRef& ref : rule.evidence) {
    out += fmt::format("evidence  {} {} {}\n", ref.run, ref.file, ref.key);
  }
}

}  // namespace

namespace {

core::Result<Explanation> explain_checked(const Policy& policy, const ExplainRequest& request) {
  const Shape& shape = request.shape;
  if (shape.prompt_tokens < 1 || shape.gen_tokens < 0 || shape.batch < 1) {
    return core::fail(core::Error{core::ErrorKind::invalid_input,
                                  fmt::format("no request has {} prompt tokens, {} generated tokens and {} rows",
                                              shape.prompt_tokens, shape.gen_tokens, shape.batch),
                                  "shape", "prompt and batch are at least 1, gen at least 0"});
  }
  PHASEGATE_TRY(tier, choose_tier(policy, request.tier));
  PHASEGATE_TRY(thresholds, evidence::thresholds_from_json(policy.thresholds));
  Explanation explanation;
  explanation.shape = shape;
  explanation.tier = tier;
  explanation.classification = classify(shape, fraction_around(policy, tier, shape), thresholds);
  explanation.rule = find_rule(policy, tier, shape, explanation.classification.workload);
  explanation.route = default_safe_of(policy, tier);
  if (!explanation.rule) {
    explanation.reason = "out_of_envelope";
    explanation.detail = "no measured bucket of this class holds the shape: served by default-safe, and counted";
    return explanation;
  }
  const Rule& rule = policy.rules[*explanation.rule];
  if (rule.winner) {
    explanation.route = *rule.winner;
    explanation.reason = "winner";
    explanation.detail = fmt::format("{} wins at every measured corner of the bucket", *rule.winner);
  } else {
    explanation.reason = rule.reason;
    explanation.detail = "no winner in this bucket: served by default-safe";
  }
  return explanation;
}

}  // namespace

core::Result<Explanation> explain(const Policy& policy, const ExplainRequest& request) {
  try {
    return explain_checked(policy, request);
  } catch (const Json::exception& error) {
    return core::fail(core::Error{core::ErrorKind::invalid_input, error.what(), "policy: tables",
                                  "decide again: this policy was changed or made by another version"});
  }
}

core::Json to_json(const Policy& policy, const Explanation& explanation) {
  Json json = {{"shape",
                {{"prompt_tokens", explanation.shape.prompt_tokens},
                 {"gen_tokens", explanation.shape.gen_tokens},
                 {"batch", explanation.shape.batch}}},
               {"tier", explanation.tier},
               {"class", evidence::to_string(explanation.classification.workload)},
               {"class_why", explanation.classification.why},
               {"route", explanation.route},
               {"reason", explanation.reason},
               {"detail", explanation.detail},
               {"default_safe", default_safe_of(policy, explanation.tier)},
               {"provisional", policy.provisional},
               {"expires", policy.expires},
               {"rule", nullptr},
               {"rejected", Json::array()},
               {"evidence", Json::array()}};
  if (const auto id = evidence::policy_id(policy)) json["policy"] = id->value;
  if (!explanation.rule) return json;
  const Rule& rule = policy.rules[*explanation.rule];
  const Json all = evidence::to_json(policy).at("rules").at(*explanation.rule);
  json["rule"] = all;
  json["rejected"] = rejected_json(rule);
  json["evidence"] = all.at("evidence");
  return json;
}

std::string to_text(const Policy& policy, const Explanation& explanation) {
  std::string out;
  if (policy.provisional) out += fmt::format("PROVISIONAL, NOT FOR POLICY: {}\n", policy.provisional_reason);
  out += fmt::format("request   {}: prompt {}, gen {}, batch {}\n", explanation.tier, explanation.shape.prompt_tokens,
                     explanation.shape.gen_tokens, explanation.shape.batch);
  out += fmt::format("class     {} ({})\n", evidence::to_string(explanation.classification.workload),
                     explanation.classification.why);
  out += fmt::format("route     {} ({}: {})\n", explanation.route, explanation.reason, explanation.detail);
  if (explanation.rule) append_rule(policy.rules[*explanation.rule], out);
  out += fmt::format("expires   {}\n", policy.expires);
  if (const auto id = evidence::policy_id(policy)) out += fmt::format("policy    {}\n", id->value);
  return out;
}

}  // namespace phasegate::policy
