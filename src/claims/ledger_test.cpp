#include "claims/ledger.h"

#include <gtest/gtest.h>

#include "claims/ledger_rules.h"
#include "claims/ledger_texts.h"
#include "claims/whitepaper.h"

namespace phasegate::claims {
namespace {

FactBook book(std::initializer_list<Fact> facts) {
  FactBook result;
  for (const auto& fact : facts) result.add(fact);
  return result;
}

Fact tr119(std::string key, std::variant<double, std::string> value) {
  return {"tr119", "r", "raw.jsonl", std::move(key), std::move(value)};
}
Fact tr120(std::string key, std::variant<double, std::string> value, std::string run = "r") {
  return {"tr120", std::move(run), "metrics.csv", std::move(key), std::move(value)};
}
Fact tr121(std::string key, std::variant<double, std::string> value) {
  return {"tr121", "r", "runs.jsonl", std::move(key), std::move(value)};
}

Standing standing(const char* rule, const FactBook& facts) { return apply_rule(rule, facts).status; }

TEST(Ledger, TheTextsRead) {
  const auto texts = parse_ledger_texts(std::string(kWhitepaperClaims), "data/claims/whitepaper.yaml");
  ASSERT_TRUE(texts.has_value()) << texts.error().message();
  EXPECT_GE(texts->size(), 18U);
  EXPECT_FALSE(parse_ledger_texts("claims: []\n", "x.yaml"));
  const auto unknown = parse_ledger_texts(
      "title: t\nanchors: {}\nclaims:\n  - {id: a, kind: finding, text: t, where: w, rule: nonsense, anchors: []}\n",
      "x.yaml");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("x.yaml:4"), std::string::npos) << unknown.error().message();
}

TEST(Ledger, WithoutDataNothingIsSupported) {
  const auto ledger = judge_whitepaper(FactBook{}, "nothing");
  EXPECT_EQ(ledger.count(Standing::not_supported), ledger.claims.size());
  for (const auto& claim : ledger.claims)
    for (const auto& anchor : claim.anchors) EXPECT_TRUE(anchor.place.empty()) << claim.id;
}

TEST(Ledger, AnchorsResolveToRunsThatAreHere) {
  FactBook facts;
  facts.add_run("tr119", "tr119 matrix", "tr119/raw/a.jsonl");
  const auto ledger = judge_whitepaper(facts, "x");
  int here = 0;
  int away = 0;
  for (const auto& claim : ledger.claims)
    for (const auto& anchor : claim.anchors) (anchor.place.empty() ? away : here) += 1;
  EXPECT_GT(here, 0);
  EXPECT_GT(away, 0);
}

TEST(Ledger, DecodeDefaultNeedsCachedDecode) {
  const auto uncached = book({tr119("winner/generate/single_short", "onnxruntime-gpu")});
  EXPECT_EQ(standing("decode_default", uncached), Standing::not_supported);
  const auto cached = book({tr119("winner/generate/single_short", "onnxruntime-gpu"),
                            tr121("agg/onnxruntime-gpu/1/m/kv_decode/latency_geomean_ms", 3.0)});
  EXPECT_EQ(standing("decode_default", cached), Standing::supported);
}

FactBook inversion(double batch_high, double batch_low) {
  return book({tr119("winner/prefill/batch_short", "transformers-gpu"),
               tr119("winner/prefill/single_short", "onnxruntime-gpu"),
               tr119("latency/transformers-gpu/batch_short/prefill/ci_upper", batch_high),
               tr119("latency/onnxruntime-gpu/batch_short/prefill/ci_lower", batch_low),
               tr119("latency/onnxruntime-gpu/single_short/prefill/ci_upper", 1.0),
               tr119("latency/transformers-gpu/single_short/prefill/ci_lower", 2.0)});
}

TEST(Ledger, InversionNeedsSeparatedIntervals) {
  EXPECT_EQ(standing("prefill_inversion", inversion(1, 2)), Standing::supported);
  EXPECT_EQ(standing("prefill_inversion", inversion(2, 1)), Standing::not_identifiable);
  const auto same = book({tr119("winner/prefill/batch_short", "a"), tr119("winner/prefill/single_short", "a")});
  EXPECT_EQ(standing("prefill_inversion", same), Standing::is_false);
}

FactBook compiled(const char* grade, double p99) {
  return book({tr120("prefill/compile/grade", grade), tr120("prefill/overall/transformers-gpu/p99", 3.0),
               tr120("prefill/overall/transformers-gpu-compile/p99", p99),
               tr120("prefill/comparisons/overall/mann_whitney/p_value", 1e-9)});
}

TEST(Ledger, CompileNeedsCountersAndAWin) {
  EXPECT_EQ(standing("compile_prefill", compiled("counter_consistent", 0.6)), Standing::supported);
  EXPECT_EQ(standing("compile_prefill", compiled("counter_consistent", 4)), Standing::is_false);
  EXPECT_EQ(standing("compile_prefill", compiled("refuted", 0.6)), Standing::not_supported);
  EXPECT_EQ(standing("compile_decode", book({tr120("kv_decode/compile/grade", "refuted")})),
            Standing::not_identifiable);
}

TEST(Ledger, ALabelWithoutEffectIsFalse) {
  const auto facts = book({tr120("label/comparisons/overall/mann_whitney/p_value", 0.749)});
  EXPECT_EQ(standing("label_effect", facts), Standing::is_false);
  EXPECT_EQ(standing("labels", facts), Standing::supported);
  const auto effect = book({tr120("label/comparisons/overall/mann_whitney/p_value", 0.001)});
  EXPECT_EQ(standing("label_effect", effect), Standing::not_supported);
}

TEST(Ledger, FitsPassTheGateOrAreNotIdentifiable) {
  const char* name = "scaling/ollama/1/e2e_kv/__all__/planning";
  EXPECT_EQ(standing("scaling_served", book({tr121(name, "actionable")})), Standing::supported);
  EXPECT_EQ(standing("scaling_served", book({tr121(name, "r2_below_0.2")})), Standing::not_identifiable);
}

TEST(Ledger, DecodeDominatesFrom64Tokens) {
  EXPECT_EQ(standing("decode_dominates", book({tr121("decode_fraction/models/a/64/median", 0.98)})),
            Standing::supported);
  EXPECT_EQ(standing("decode_dominates", book({tr121("decode_fraction/models/a/64/median", 0.88)})),
            Standing::is_false);
  EXPECT_EQ(standing("decode_dominates", book({tr121("decode_fraction/models/a/8/median", 0.98)})),
            Standing::not_supported);
}

TEST(Ledger, RatiosThatRoundToThree) {
  const auto ratio = [](double dear) {
    return book({tr119("mean/generate/transformers-gpu/total_usd_per_1m", dear),
                 tr119("mean/generate/onnxruntime-gpu/total_usd_per_1m", 1.0),
                 tr119("mean/generate/transformers-cpu/total_usd_per_1m", 18.0)});
  };
  EXPECT_EQ(standing("generate_ratio", ratio(3.01)), Standing::supported);
  EXPECT_EQ(standing("generate_ratio", ratio(2.0)), Standing::is_false);
}

evidence::Policy policy_with(std::optional<evidence::Effect> effect) {
  evidence::Policy policy;
  evidence::Rule winner;
  winner.winner = "a";
  winner.effect = std::move(effect);
  winner.evidence = {{"run", "analysis/cells.json", "cells/a"}};
  evidence::Rule tie;
  tie.reason = "tied";
  policy.rules = {winner, tie};
  return policy;
}

TEST(Ledger, EachRuleOfAPolicyHasAClaim) {
  const auto good = policy_with(evidence::Effect{1.4, 1.2, 1.6, 0.001, 5, "b"});
  const auto ledger = judge_policy(good, "p");
  ASSERT_EQ(ledger.claims.size(), 2U);
  EXPECT_EQ(ledger.claims[0].status, Standing::supported);
  EXPECT_EQ(ledger.claims[1].status, Standing::supported);
  EXPECT_TRUE(every_rule_is_supported(good, ledger));
}

TEST(Ledger, AWinnerWithoutSeparationIsNotSupported) {
  const auto thin = policy_with(evidence::Effect{1.4, 0.9, 1.9, 0.2, 5, "b"});
  EXPECT_EQ(judge_policy(thin, "p").claims[0].status, Standing::not_identifiable);
  EXPECT_FALSE(every_rule_is_supported(thin, judge_policy(thin, "p")));
  const auto bare = policy_with(std::nullopt);
  EXPECT_EQ(judge_policy(bare, "p").claims[0].status, Standing::not_supported);
}

}  // namespace
}  // namespace phasegate::claims
