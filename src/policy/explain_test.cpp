#include "policy/explain.h"

#include <gtest/gtest.h>

#include "policy/decide.h"
#include "policy/fixture.h"
#include "policy/tier.h"

namespace phasegate::policy {
namespace {

evidence::Policy demo_policy() {
  DecideInputs inputs;
  inputs.runs.push_back(fixture::build(fixture::demo_run()));
  return *decide(inputs);
}

TEST(Explain, TextNamesClassRouteRejectedAndEvidence) {
  const evidence::Policy policy = demo_policy();
  const auto explanation = explain(policy, {{100, 64, 1}, std::nullopt});
  ASSERT_TRUE(explanation) << explanation.error().message();
  const std::string text = to_text(policy, *explanation);
  for (const char* part : {"decode_heavy", "gen 64 >= 64", "llamacpp-q8_0-cpu-t2", "by gate significance",
                           "analysis/cells.json", "expires", "policy    "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

TEST(Explain, JsonHasTheWholeRule) {
  const evidence::Policy policy = demo_policy();
  const auto explanation = explain(policy, {{128, 64, 1}, "TinyLM-100M"});
  ASSERT_TRUE(explanation);
  const core::Json json = to_json(policy, *explanation);
  EXPECT_EQ(json.at("class"), "decode_heavy");
  EXPECT_EQ(json.at("route"), json.at("rule").at("winner"));
  EXPECT_FALSE(json.at("evidence").empty());
  EXPECT_FALSE(json.at("rejected").empty());
}

TEST(Explain, OutsideTheEnvelopeGoesToDefaultSafe) {
  const evidence::Policy policy = demo_policy();
  const auto explanation = explain(policy, {{4096, 64, 1}, std::nullopt});
  ASSERT_TRUE(explanation);
  EXPECT_FALSE(explanation->rule);
  EXPECT_EQ(explanation->route, policy.default_safe);
  EXPECT_EQ(to_json(policy, *explanation).at("rule"), nullptr);
}

TEST(Explain, RefusesNonsenseAndUnknownModels) {
  const evidence::Policy policy = demo_policy();
  EXPECT_FALSE(explain(policy, {{0, 64, 1}, std::nullopt}));
  EXPECT_FALSE(explain(policy, {{64, -1, 1}, std::nullopt}));
  EXPECT_FALSE(explain(policy, {{64, 64, 0}, std::nullopt}));
  const auto unknown = explain(policy, {{64, 64, 1}, "other"});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().next.find("TinyLM-100M"), std::string::npos);
}

TEST(Tiers, OneWeightSetIsOneTierWhateverItsFilesAreCalled) {
  std::vector<evidence::Candidate> candidates(4);
  const auto set = [&candidates](std::size_t i, const char* name, const char* model, const char* weights) {
    candidates[i].name = name;
    candidates[i].model_name = model;
    candidates[i].identity.weight_set = weights;
  };
  set(0, "a", "smol-q8-onnx", "w1");
  set(1, "b", "smol-q8-llamacpp", "w1");
  set(2, "c", "other", "");
  set(3, "d", "other", "w2");
  const Tiers tiers(candidates);
  EXPECT_EQ(tiers.names(), (std::vector<std::string>{"smol-q8", "other", "other w2"}));
  EXPECT_EQ(tiers.of("a"), tiers.of("b"));
  EXPECT_NE(tiers.of("c"), tiers.of("d"));
  EXPECT_EQ(tiers.of("nobody"), "");
}

TEST(Explain, SurvivesAPolicyReadBack) {
  const evidence::Policy policy = demo_policy();
  const auto again = evidence::policy_from_json(evidence::to_json(policy));
  ASSERT_TRUE(again) << again.error().message();
  const ExplainRequest request{{200, 64, 1}, std::nullopt};
  EXPECT_EQ(to_text(policy, *explain(policy, request)), to_text(*again, *explain(*again, request)));
}

}  // namespace
}  // namespace phasegate::policy
