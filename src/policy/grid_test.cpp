#include "policy/grid.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace phasegate::policy {
namespace {

using evidence::Bucket;
using evidence::Scenario;
using evidence::WorkloadClass;

std::vector<Box> boxes(const std::set<Scenario>& measured, std::optional<double> fraction = 0.5) {
  return boxes_of(measured, [fraction](const Scenario&) { return fraction; }, evidence::default_thresholds());
}

const Box* find(const std::vector<Box>& all, const Bucket& bucket, WorkloadClass workload) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Box& box) { return box.bucket == bucket && box.workload == workload; });
  return found == all.end() ? nullptr : &*found;
}

TEST(Grid, OnePointIsADegenerateBucket) {
  const auto all = boxes({{64, 64, 1, 0}});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].bucket, (Bucket{{64, 64}, {64, 64}, {1, 1}}));
  EXPECT_EQ(all[0].corners.size(), 1U);
}

TEST(Grid, ABucketNeedsAllItsCorners) {
  const auto all = boxes({{64, 64, 1, 0}, {128, 128, 1, 0}});
  EXPECT_EQ(all.size(), 2U);  // the two points: nothing was measured at the other two corners
}

TEST(Grid, NeighboursOnlyNotTheHull) {
  const auto all = boxes({{64, 64, 1, 0}, {128, 64, 1, 0}, {512, 64, 1, 0}});
  EXPECT_NE(find(all, {{64, 128}, {64, 64}, {1, 1}}, WorkloadClass::decode_heavy), nullptr);
  EXPECT_NE(find(all, {{128, 512}, {64, 64}, {1, 1}}, WorkloadClass::decode_heavy), nullptr);
  EXPECT_EQ(find(all, {{64, 512}, {64, 64}, {1, 1}}, WorkloadClass::decode_heavy), nullptr);
}

TEST(Grid, AClassBoundaryInsideSplitsTheBucket) {
  const auto all = boxes({{64, 32, 1, 0}, {64, 128, 1, 0}});
  const Box* below = find(all, {{64, 64}, {32, 63}, {1, 1}}, WorkloadClass::mixed);
  const Box* above = find(all, {{64, 64}, {64, 128}, {1, 1}}, WorkloadClass::decode_heavy);
  ASSERT_NE(below, nullptr);
  ASSERT_NE(above, nullptr);
  EXPECT_EQ(below->corners, above->corners);  // both rest on the two measured points
}

TEST(Grid, BatchedShortGenerationIsItsOwnPart) {
  const auto all = boxes({{64, 8, 1, 0}, {64, 8, 4, 0}});
  EXPECT_NE(find(all, {{64, 64}, {8, 8}, {2, 4}}, WorkloadClass::prefill_heavy), nullptr);
  EXPECT_NE(find(all, {{64, 64}, {8, 8}, {1, 1}}, WorkloadClass::mixed), nullptr);
}

TEST(Grid, AHighDecodeFractionAtAllCornersMakesItDecodeHeavy) {
  const std::set<Scenario> measured = {{64, 16, 1, 0}, {64, 32, 1, 0}};
  EXPECT_NE(find(boxes(measured, 0.95), {{64, 64}, {16, 32}, {1, 1}}, WorkloadClass::decode_heavy), nullptr);
  EXPECT_NE(find(boxes(measured, std::nullopt), {{64, 64}, {16, 32}, {1, 1}}, WorkloadClass::mixed), nullptr);
  const auto one_low = boxes_of(
      measured, [](const Scenario& s) { return s.gen_tokens == 16 ? std::optional(0.8) : std::optional(0.95); },
      evidence::default_thresholds());
  EXPECT_NE(find(one_low, {{64, 64}, {16, 32}, {1, 1}}, WorkloadClass::mixed), nullptr);
}

TEST(Grid, LargestFirstAndInsideAsksForTheClass) {
  const auto all = boxes({{64, 64, 1, 0}, {128, 64, 1, 0}});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].corners.size(), 2U);
  EXPECT_TRUE(all[1].inside(all[0]));
  EXPECT_FALSE(all[0].inside(all[1]));
  Box other = all[1];
  other.workload = WorkloadClass::mixed;
  EXPECT_FALSE(other.inside(all[0]));
}

}  // namespace
}  // namespace phasegate::policy
