// This program counts every allocation, so that "the recorder allocates nothing" is a test and not a promise.
#include "engines/recorder.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "engines/allocation_counter.h"

namespace phasegate::engines {
namespace {

TEST(StepRecorder, AllocatesNothingBetweenBeginAndTheLastStep) {
  StepRecorder recorder(512, 8);
  const std::array<std::int32_t, 8> tokens{1, 2, 3, 4, 5, 6, 7, 8};
  const long before = allocations_so_far();
  for (int call = 0; call < 10; ++call) {
    recorder.begin(8);
    recorder.first(tokens);
    for (int step = 0; step < 512; ++step) recorder.step(core::Instant(step), tokens);
  }
  EXPECT_EQ(allocations_so_far() - before, 0);
  const std::vector<std::int32_t> probe(64);  // the counter counts
  EXPECT_EQ(allocations_so_far() - before, 1);
  EXPECT_NE(probe.data(), nullptr);
}

TEST(StepRecorder, KeepsTokensOfEachStepAndRow) {
  StepRecorder recorder(3, 2);
  recorder.begin(2);
  EXPECT_FALSE(recorder.has_first());
  recorder.first(std::array<std::int32_t, 2>{10, 20});
  recorder.step(core::Instant(5), std::array<std::int32_t, 2>{11, 21});
  recorder.step(core::Instant(7), std::array<std::int32_t, 2>{12, 22});
  ASSERT_EQ(recorder.steps(), 2U);
  EXPECT_EQ(recorder.tokens(0)[1], 20);
  EXPECT_EQ(recorder.tokens(1)[0], 11);
  EXPECT_EQ(recorder.tokens()[1], 22);
  EXPECT_EQ(recorder.stamps()[1], core::Instant(7));
}

TEST(StepRecorder, RewindKeepsThePrefillAndBeginForgetsIt) {
  StepRecorder recorder(2, 2);
  recorder.begin(1);
  recorder.first(std::array<std::int32_t, 1>{4});
  recorder.step(core::Instant(1), std::array<std::int32_t, 1>{5});
  recorder.rewind();
  EXPECT_EQ(recorder.steps(), 0U);
  EXPECT_EQ(recorder.tokens()[0], 4);
  recorder.begin(2);
  EXPECT_FALSE(recorder.has_first());
}

TEST(StepRecorderDeathTest, RefusesMoreThanItHolds) {
  StepRecorder recorder(1, 1);
  EXPECT_DEATH(recorder.begin(2), "CHECK failed");
  recorder.begin(1);
  EXPECT_DEATH(recorder.step(core::Instant(1), std::array<std::int32_t, 1>{1}), "CHECK failed");  // no first
  recorder.first(std::array<std::int32_t, 1>{1});
  recorder.step(core::Instant(1), std::array<std::int32_t, 1>{1});
  EXPECT_DEATH(recorder.step(core::Instant(2), std::array<std::int32_t, 1>{1}), "CHECK failed");
}

}  // namespace
}  // namespace phasegate::engines
