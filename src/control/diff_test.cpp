#include "control/diff.h"

#include <gtest/gtest.h>

#include "control/fixture.h"

namespace phasegate::control {
namespace {

using evidence::Policy;
using evidence::Rule;
using evidence::WorkloadClass;

Rule rule(WorkloadClass workload, evidence::Bucket bucket, std::optional<std::string> winner, double ratio = 1.2) {
  Rule made;
  made.tier = "Tiny";
  made.workload = workload;
  made.bucket = bucket;
  made.objective = workload == WorkloadClass::decode_heavy ? "decode_tok_s" : "e2e_ms";
  made.winner = winner;
  made.evidence = {{"run", "analysis/cells.json", "a/p64-g64-b1/decode#tok_s"}};
  if (winner) {
    made.effect = evidence::Effect{ratio, ratio - 0.05, ratio + 0.05, 0.004, 5, *winner == "a" ? "b" : "a"};
    made.rejected = {{*winner == "a" ? "b" : "a", "significance", "slower", "0.8x"}};
  } else {
    made.reason = "tie";
    made.tied = {"a", "b"};
  }
  return made;
}

core::Json cell(const char* candidate, double seconds, double usd) {
  return {{"candidate", candidate},
          {"scenario", "p64-g64-b1"},
          {"request", {{"seconds", seconds}, {"usd", 1.0}}},
          {"mix", {{"usd_per_1M", usd}}}};
}

const evidence::Bucket kDecode{{32, 128}, {64, 64}, {1, 1}};
const evidence::Bucket kMixed{{32, 128}, {8, 63}, {1, 1}};
const evidence::Bucket kLong{{129, 512}, {64, 64}, {1, 1}};

Policy first() {
  Policy policy;
  policy.created = "2026-01-10T00:00:00.000Z";
  policy.expires = "2026-02-09T00:00:00.000Z";
  policy.runs = {"run-1"};
  policy.run_hashes = {std::string(64, '1')};
  policy.boundary = {{"environment", {{"driver", "550"}, {"cpu_model", "X"}}}};
  policy.thresholds = evidence::to_json(evidence::default_thresholds());
  policy.thresholds_sha256 = evidence::thresholds_hash(evidence::default_thresholds());
  policy.default_safe = "b";
  policy.rules = {rule(WorkloadClass::decode_heavy, kDecode, "a"), rule(WorkloadClass::mixed, kMixed, "a")};
  policy.economics = {{"pricing", nullptr}, {"cells", {cell("a", 1.0, 0.5), cell("b", 1.25, 0.6)}}};
  policy.tables = {{"tiers", {{{"tier", "Tiny"}, {"default_safe", "b"}}}}};
  return policy;
}

// The winner of decode changes, mixed becomes a tie, long prompts are new.
Policy second() {
  Policy policy = first();
  policy.created = "2026-01-20T00:00:00.000Z";
  policy.expires = "2026-02-19T00:00:00.000Z";
  policy.runs = {"run-2"};
  policy.rules = {rule(WorkloadClass::decode_heavy, kDecode, "b"), rule(WorkloadClass::decode_heavy, kLong, "b"),
                  rule(WorkloadClass::mixed, kMixed, std::nullopt)};
  policy.economics["cells"] = {cell("a", 1.0, 0.5), cell("b", 0.8, 0.4)};
  return policy;
}

TEST(Diff, GoldenText) {
  const auto found = diff(first(), second());
  ASSERT_TRUE(found) << found.error().message();
  std::string text = to_text(*found);
  text = text.substr(text.find('\n') + 1);  // the ids
  EXPECT_EQ(text,
            "cells: 1 winner changed, 1 winner lost, 1 only new\n"
            "  Tiny decode_heavy prompt 32-128 gen 64 batch 1: winner changed\n"
            "    was a, 1.200x [1.150, 1.250] over b, adjusted p 0.004, 5 sessions\n"
            "    is  b, 1.200x [1.150, 1.250] over a, adjusted p 0.004, 5 sessions\n"
            "    not a: gate significance, slower: 0.8x\n"
            "    cost of p64-g64-b1: 1 -> 0.8 s a request (-20.0 %), 0.5 -> 0.4 USD per 1M tokens (-20.0 %)\n"
            "  Tiny mixed prompt 32-128 gen 8-63 batch 1: winner lost\n"
            "    was a, 1.200x [1.150, 1.250] over b, adjusted p 0.004, 5 sessions\n"
            "    is  no winner (tie) between a and b; b serves as default-safe\n"
            "    cost of p64-g64-b1: 1 -> 0.8 s a request (-20.0 %), 0.5 -> 0.4 USD per 1M tokens (-20.0 %)\n"
            "  Tiny decode_heavy prompt 129-512 gen 64 batch 1: only new\n"
            "    is  b, 1.200x [1.150, 1.250] over a, adjusted p 0.004, 5 sessions\n"
            "    not a: gate significance, slower: 0.8x\n"
            "envelope\n"
            "  Tiny decode_heavy: prompt 32-128 gen 64 batch 1 -> prompt 32-512 gen 64 batch 1 (wider)\n"
            "other\n"
            "  created: 2026-01-10T00:00:00.000Z -> 2026-01-20T00:00:00.000Z\n"
            "  expires: 2026-02-09T00:00:00.000Z -> 2026-02-19T00:00:00.000Z\n"
            "  runs: [\"run-1\"] -> [\"run-2\"]\n"
            "before you approve\n"
            "  conflict: Tiny decode_heavy prompt 32-128 gen 64 batch 1: inside one boundary a won by run run-1 and b "
            "wins by run run-2; they contradict each other. The newer is not right because it is newer: measure again "
            "and decide on all runs together\n"
            "  winner_lost: Tiny mixed prompt 32-128 gen 8-63 batch 1: a won, now open between a and b; b serves as "
            "default-safe\n"
            "  wider: Tiny decode_heavy: measured prompt 32-512 gen 64 batch 1 instead of prompt 32-128 gen 64 batch "
            "1; no approved policy served the rest before\n");
}

TEST(Diff, JsonSaysTheSame) {
  const auto json = to_json(*diff(first(), second()));
  EXPECT_FALSE(json.at("same"));
  EXPECT_EQ(json.at("summary").at("winner_changed"), 1);
  EXPECT_EQ(json.at("summary").at("only_new"), 1);
  EXPECT_EQ(json.at("cells").size(), 3U);
  EXPECT_EQ(json.at("cells")[0].at("costs")[0].at("seconds_change_percent"), (0.8 / 1.0 - 1) * 100);
  EXPECT_EQ(json.at("risks").size(), 3U);
  EXPECT_EQ(json.at("envelope")[0].at("verdict"), "wider");
}

TEST(Diff, APolicyIsTheSameAsItself) {
  const auto found = diff(first(), first());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->same());
  EXPECT_EQ(found->count(CellVerdict::same), 2);
  EXPECT_TRUE(found->risks.empty());
  EXPECT_EQ(to_text(*found), "the same policy: " + found->was_id + "\n");
}

std::vector<std::string> kinds(const PolicyDiff& diff) {
  std::vector<std::string> found;
  for (const Risk& risk : diff.risks) found.push_back(risk.kind);
  return found;
}

// What a change is called, one at a time.
TEST(Diff, EachChangeHasItsVerdictAndRisk) {
  struct Case {
    void (*change)(Policy&);
    std::vector<std::string> risks;
    void (*check)(const PolicyDiff&);
  };
  const std::vector<Case> cases = {
      {[](Policy& p) { p.rules.pop_back(); },
       {"narrower"},
       [](const PolicyDiff& d) { EXPECT_EQ(d.count(CellVerdict::only_old), 1); }},
      {[](Policy& p) { p.rules[0].effect->ratio = 1.3; },
       {},
       [](const PolicyDiff& d) { EXPECT_EQ(d.count(CellVerdict::effect_moved), 1); }},
      {[](Policy& p) { p.rules[0].effect->ratio = 1.24; },
       {},
       [](const PolicyDiff& d) { EXPECT_EQ(d.count(CellVerdict::same), 2); }},
      {[](Policy& p) { p.rules[0].effect->sessions = 4; }, {"fewer_sessions"}, [](const PolicyDiff&) {}},
      {[](Policy& p) { p.rules[0].warm_pool = true; },
       {},
       [](const PolicyDiff& d) { EXPECT_EQ(d.count(CellVerdict::settings_changed), 1); }},
      {[](Policy& p) {
         p.provisional = true;
         p.provisional_reason = "drift";
       },
       {"provisional"},
       [](const PolicyDiff& d) { EXPECT_EQ(d.general.at(0).field, "provisional"); }},
      {[](Policy& p) { p.default_safe = "a"; },
       {"default_safe"},
       [](const PolicyDiff& d) { EXPECT_EQ(d.general.at(0).was, "b"); }},
      {[](Policy& p) { p.boundary["environment"]["driver"] = "560"; },
       {"boundary"},
       [](const PolicyDiff& d) {
         ASSERT_EQ(d.boundary.size(), 1U);
         EXPECT_EQ(d.boundary[0].field, "environment.driver");
       }},
      {[](Policy& p) { p.thresholds["statistics"]["alpha"] = 0.1; },
       {"thresholds"},
       [](const PolicyDiff& d) {
         ASSERT_EQ(d.thresholds.size(), 1U);
         EXPECT_EQ(d.thresholds[0].field, "statistics.alpha");
         EXPECT_EQ(d.thresholds[0].is, "0.1");
       }},
      {[](Policy& p) { p.rules[0].bucket.prompt = {64, 256}; },
       {"narrower"},
       [](const PolicyDiff& d) {
         EXPECT_EQ(d.count(CellVerdict::only_old), 1);
         EXPECT_EQ(d.count(CellVerdict::only_new), 1);
         EXPECT_EQ(d.envelope[0].verdict, EnvelopeVerdict::shifted);
       }},
      {[](Policy& p) {
         p.rules[0] = rule(WorkloadClass::decode_heavy, kDecode, "b");
         p.boundary["environment"]["driver"] = "560";
       },
       {"slower", "boundary"},  // no conflict: another world
       [](const PolicyDiff& d) { EXPECT_EQ(d.count(CellVerdict::winner_changed), 1); }},
      {[](Policy& p) { p.tables["conflicts"] = {{{"kind", "between_runs"}, {"where", "p64"}, {"detail", "1.43x"}}}; },
       {"conflict"},
       [](const PolicyDiff&) {}},
      {[](Policy& p) { p.economics["pricing"] = {{"id", "p"}, {"usd_per_hour", 0.2}}; },
       {},
       [](const PolicyDiff& d) { EXPECT_EQ(d.general.at(0).field, "pricing"); }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    Policy changed = first();
    cases[i].change(changed);
    const auto found = diff(first(), changed);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(kinds(*found), cases[i].risks) << to_text(*found);
    cases[i].check(*found);
  }
}

TEST(Diff, CandidatesAreComparedByTheirWholeIdentity) {
  const Policy was = fixture::demo();
  Policy is = was;
  is.candidates[0].identity.engine_build = "new build";
  is.candidates[0].id = evidence::candidate_id(is.candidates[0].identity);
  is.candidates.pop_back();
  const auto found = diff(was, is);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->candidates.size(), 2U);
  EXPECT_EQ(found->candidates[0].field, was.candidates[0].name + ".engine_build");
  EXPECT_EQ(found->candidates[1].is, "removed");
}

TEST(Diff, DecidedPoliciesOfARealFixtureCompareInBothDirections) {
  auto faster = policy::fixture::demo_run();
  for (auto& cell : faster.cells) {
    if (cell.candidate.starts_with("onnx")) cell.decode_tok_s *= 1.6;
  }
  const Policy was = fixture::demo();
  const Policy is = fixture::policy_of(faster);
  const auto there = diff(was, is);
  const auto back = diff(is, was);
  ASSERT_TRUE(there && back);
  EXPECT_GT(there->count(CellVerdict::winner_changed), 0) << to_text(*there);
  EXPECT_EQ(there->count(CellVerdict::winner_changed), back->count(CellVerdict::winner_changed));
  EXPECT_EQ(there->count(CellVerdict::winner_lost), back->count(CellVerdict::winner_found));
  for (const auto& cell : there->cells) {
    if (cell.verdict != CellVerdict::winner_changed) continue;
    ASSERT_FALSE(cell.costs.empty());
    EXPECT_TRUE(cell.costs[0].seconds_was && cell.costs[0].usd_per_1m_is);
  }
}

TEST(Diff, AnotherPriceAloneIsShownAsMoney) {
  const Policy was = fixture::demo();
  Policy is = was;
  is.economics["pricing"]["usd_per_hour"] = 0.4;
  for (core::Json& cell : is.economics["cells"]) {
    for (const char* part : {"prefill", "decode", "mix"}) {
      cell[part]["usd_per_1M"] = cell[part]["usd_per_1M"].get<double>() * 2;
    }
  }
  const auto found = diff(was, is);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->count(CellVerdict::same), static_cast<int>(was.rules.size()));
  const std::string text = to_text(*found);
  EXPECT_NE(text.find("costs where nothing else changed"), std::string::npos) << text;
  EXPECT_EQ(text.find("+0.0 %"), std::string::npos) << text;      // the seconds did not change
  EXPECT_NE(text.find("(+100.0 %)"), std::string::npos) << text;  // the money did
}

TEST(Diff, TablesOfAnotherMakeAreAnErrorAndNoCrash) {
  Policy strange = first();
  strange.tables["tiers"] = {1, 2};
  EXPECT_FALSE(diff(first(), strange));
  strange = first();
  strange.economics = "none";
  strange.tables = 7;
  strange.boundary = nullptr;
  EXPECT_TRUE(diff(first(), strange));
}

}  // namespace
}  // namespace phasegate::control
