#include "evidence/thresholds.h"

#include <gtest/gtest.h>

namespace phasegate::evidence {
namespace {

TEST(Thresholds, TheCompiledInFileHasTheDefaultsOfTheStruct) {
  EXPECT_EQ(to_json(default_thresholds()), to_json(Thresholds{}));
}

TEST(Thresholds, AFileOverridesSingleKeys) {
  const auto changed = parse_thresholds("statistics:\n  alpha: 0.01\nwarmup:\n  max_calls: 30\n", "t.yaml");
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_EQ(changed->alpha, 0.01);
  EXPECT_EQ(changed->warmup_max_calls, 30);
  EXPECT_EQ(changed->min_sessions, default_thresholds().min_sessions);
  EXPECT_NE(thresholds_hash(*changed), thresholds_hash(default_thresholds()));
}

TEST(Thresholds, ErrorsNameFileLineAndKey) {
  const auto message = [](const char* yaml) {
    const auto result = parse_thresholds(yaml, "t.yaml");
    return result ? std::string("accepted") : result.error().where + " " + result.error().what;
  };
  EXPECT_EQ(message("statistics:\n  alfa: 0.01\n"), "t.yaml:2 \"statistics.alfa\" is not a known key");
  EXPECT_EQ(message("alpha: 0.01\n"), "t.yaml:1 \"alpha\" is not a known key");
  EXPECT_EQ(message("statistics:\n  alpha: often\n"), "t.yaml:2 statistics.alpha is \"often\", a number was expected");
  EXPECT_EQ(message("statistics:\n  alpha: nan\n"), "t.yaml:2 statistics.alpha is \"nan\", a number was expected");
  EXPECT_EQ(message("\nwarmup:\n  window: 2.5\n"), "t.yaml:3 warmup.window is \"2.5\", an integer was expected");
  EXPECT_EQ(message("statistics:\n  alpha: 0.01\n  alpha: 0.02\n"), "t.yaml:3 \"statistics.alpha\" stands here twice");
  EXPECT_TRUE(message("statistics:\n\n  alpha: 0.9\n").starts_with("t.yaml:3 statistics.alpha is 0.9, outside"));
  EXPECT_TRUE(message("version: 2\n").starts_with("t.yaml:1 version is 2"));
  EXPECT_TRUE(message("statistics: [1\n").starts_with("t.yaml:2 not valid YAML"));
  EXPECT_TRUE(message("- 1\n").starts_with("t.yaml:1 is not a mapping"));
}

TEST(Thresholds, ComeBackFromTheirJson) {
  auto thresholds = default_thresholds();
  thresholds.drift = 0.25;
  const auto again = thresholds_from_json(to_json(thresholds));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->drift, 0.25);
  auto json = to_json(thresholds);
  json["sessions"].erase("drift");
  EXPECT_EQ(thresholds_from_json(json).error().where, "sessions.drift");
}

TEST(Thresholds, OlderDocumentsWithoutWatchAreReadWithItsDefaults) {
  auto json = to_json(default_thresholds());
  json.erase("watch");
  const auto old = thresholds_from_json(json);
  ASSERT_TRUE(old) << old.error().message();
  EXPECT_EQ(old->watch_mix_distance, Thresholds{}.watch_mix_distance);
  json["watch"] = core::Json::object();  // there, but not whole
  EXPECT_FALSE(thresholds_from_json(json));
}

}  // namespace
}  // namespace phasegate::evidence
