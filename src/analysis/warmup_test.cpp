#include "analysis/warmup.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace phasegate::analysis {
namespace {

// Number of warm-ups after which the rule stops, 0 when it is still running at the end of the series.
std::size_t stops_after(const std::vector<double>& series, const WarmupRule& rule = {}) {
  auto warmup = WarmupConvergence::create(rule).value();
  for (const double value : series) {
    warmup.push(value);
    if (warmup.state() != WarmupState::running) return warmup.count();
  }
  return 0;
}

const WarmupRule kShort{.window = 3, .min_count = 3};

TEST(Warmup, DoesNotStopBeforeThePlateau) {
  const std::vector<double> series{3547, 349, 119, 117, 5, 5, 5};
  EXPECT_EQ(stops_after(series, kShort), 7U);
  EXPECT_EQ(stops_after(series), 0U);  // the plateau is not yet as long as the window
  std::vector<double> longer = series;
  longer.insert(longer.end(), {5.1, 4.9, 5});
  auto warmup = WarmupConvergence::create({}).value();
  std::size_t when = 0;
  for (const double value : longer)
    if (warmup.push(value) && when == 0) when = warmup.count();
  EXPECT_EQ(when, 9U);
  EXPECT_EQ(warmup.plateau(), 5);
}

TEST(Warmup, ASlowDescentIsNotSteadyHoweverFlat) {
  EXPECT_EQ(stops_after({100, 99, 98, 97, 96, 95, 94, 93}), 0U);
  EXPECT_EQ(stops_after({93, 94, 95, 96, 97, 98, 99, 100}), 0U);
  EXPECT_EQ(stops_after({100, 99, 98, 97, 96, 96.5}), 6U);          // turned
  EXPECT_EQ(stops_after({100, 99.9, 99.8, 99.7, 99.6, 99.5}), 5U);  // less than 1 % in all
}

TEST(Warmup, ToleranceIsAroundTheMedianOfTheWindow) {
  EXPECT_EQ(stops_after({100, 104.9, 95.1, 100, 100}), 5U);
  EXPECT_EQ(stops_after({100, 105.1, 95.1, 100, 100}), 0U);
  EXPECT_EQ(stops_after({100, 104.9, 94.9, 100, 100}), 0U);
}

TEST(Warmup, KeepsToItsCounts) {
  EXPECT_EQ(stops_after(std::vector<double>(20, 5.0), {.window = 3, .min_count = 8}), 8U);
  auto noisy = WarmupConvergence::create({.window = 3, .min_count = 3, .max_count = 6}).value();
  for (const double value : {10.0, 20.0, 10.0, 20.0, 10.0}) EXPECT_FALSE(noisy.push(value));
  EXPECT_EQ(noisy.state(), WarmupState::running);
  EXPECT_FALSE(noisy.push(20));
  EXPECT_EQ(noisy.state(), WarmupState::exhausted);
  EXPECT_FALSE(noisy.plateau());
  EXPECT_FALSE(noisy.push(20));
}

TEST(Warmup, AFailedWarmupKeepsItsWindowOpen) {
  EXPECT_EQ(stops_after({5, 5, std::nan(""), 5, 5}, kShort), 0U);
  EXPECT_EQ(stops_after({5, 5, 0, 5, 5, 5}, kShort), 6U);
}

TEST(Warmup, StaysConverged) {
  auto warmup = WarmupConvergence::create(kShort).value();
  for (int i = 0; i < 3; ++i) warmup.push(5);
  EXPECT_TRUE(warmup.push(500));
  EXPECT_EQ(warmup.state(), WarmupState::converged);
}

TEST(Warmup, RefusesARuleThatContradictsItself) {
  EXPECT_FALSE(WarmupConvergence::create({.window = 2}));
  EXPECT_FALSE(WarmupConvergence::create({.window = 65, .min_count = 65, .max_count = 99}));
  EXPECT_FALSE(WarmupConvergence::create({.window = 5, .min_count = 4}));
  EXPECT_FALSE(WarmupConvergence::create({.min_count = 9, .max_count = 8}));
  EXPECT_FALSE(WarmupConvergence::create({.tolerance = 0}));
  EXPECT_FALSE(WarmupConvergence::create({.trend_tolerance = -0.1}));
}

}  // namespace
}  // namespace phasegate::analysis
