#include "analysis/summary.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "analysis/analysis_golden.h"
#include "analysis/moments.h"
#include "analysis/near.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

std::vector<double> first_latencies(std::size_t n) {
  return {golden::kLatencies.begin(), golden::kLatencies.begin() + static_cast<std::ptrdiff_t>(n)};
}

TEST(Percentile, IsTypeSeven) {
  const std::vector<double> x{1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(percentile(x, 0.25), 1.75);  // type 6 gives 1.25, type 5 gives 1.5
  EXPECT_DOUBLE_EQ(percentile(x, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(x, 1), 4);
  EXPECT_DOUBLE_EQ(percentile(std::vector<double>{7}, 0.99), 7);
}

TEST(Moments, TheSumDoesNotLoseSmallSamplesBesideLargeOnes) {
  const std::vector<double> x{1e16, 1, 1, 1, 1, -1e16};
  EXPECT_EQ(sum(x), 4);
}

TEST(Summary, MatchesNumpyAndScipy) {
  const Summary s = summarize(golden::kLatencies).value();
  EXPECT_EQ(s.n, golden::kLatencies.size());
  EXPECT_TRUE(near(s.mean.value, golden::kLatenciesMean, kTight));
  EXPECT_TRUE(near(s.mean.ci95->low, golden::kLatenciesMeanLow, kTight));
  EXPECT_TRUE(near(s.mean.ci95->high, golden::kLatenciesMeanHigh, kTight));
  EXPECT_TRUE(near(s.std.value, golden::kLatenciesStd, kTight));
  EXPECT_TRUE(near(s.iqr.value, golden::kLatenciesIqr, kTight));
  EXPECT_TRUE(near(s.p50.value, golden::kLatenciesP50, kTight));
  EXPECT_TRUE(near(s.median.value, golden::kLatenciesP50, kTight));
  EXPECT_TRUE(near(s.p90.value, golden::kLatenciesP90, kTight));
  EXPECT_TRUE(near(s.p95.value, golden::kLatenciesP95, kTight));
  EXPECT_TRUE(near(s.p99.value, golden::kLatenciesP99, kTight));
  EXPECT_EQ(s.min.value, *std::min_element(golden::kLatencies.begin(), golden::kLatencies.end()));
  EXPECT_EQ(s.max.value, *std::max_element(golden::kLatencies.begin(), golden::kLatencies.end()));
}

TEST(Summary, FlagsOutliersByPositionAndKeepsThem) {
  const Summary s = summarize(golden::kLatencies).value();
  const auto positions = [](const auto& expected) {
    return std::vector<std::size_t>(expected.begin(), expected.end());
  };
  EXPECT_EQ(s.outliers.beyond_iqr, positions(golden::kLatenciesBeyondIqr));
  EXPECT_EQ(s.outliers.beyond_3_sd, positions(golden::kLatenciesBeyond3Sd));
  EXPECT_EQ(s.mean.n, golden::kLatencies.size());
}

TEST(Summary, TheFenceIsOneAndAHalfIqr) {  // q25 = 2, q75 = 4
  EXPECT_TRUE(summarize(std::vector<double>{1, 2, 3, 4, 7.0}).value().outliers.beyond_iqr.empty());
  EXPECT_EQ(summarize(std::vector<double>{1, 2, 3, 4, 7.1}).value().outliers.beyond_iqr, std::vector<std::size_t>{4});
  EXPECT_EQ(summarize(std::vector<double>{-1.1, 2, 3, 4, 5}).value().outliers.beyond_iqr, std::vector<std::size_t>{0});
}

TEST(Summary, TrimmedMeansShowWhatHangsOnAFewSamples) {
  const Summary s = summarize(golden::kLatencies).value();
  EXPECT_TRUE(near(s.trimmed.without_max.value, golden::kLatenciesWithoutMax, kTight));
  EXPECT_TRUE(near(s.trimmed.without_top_k.value, golden::kLatenciesWithoutTop5, kTight));
  EXPECT_TRUE(near(s.trimmed.without_first.value, golden::kLatenciesWithoutFirst, kTight));
  EXPECT_EQ(summarize(first_latencies(5)).value().trimmed.without_top_k.reason, "n_below_1");
}

struct Floor {
  std::size_t n;
  const char* reason;
  Estimate Summary::* statistic;
};

TEST(Summary, EachStatisticIsNullBelowItsMinimumAndThereAtIt) {
  const Floor floors[] = {{1, "n_below_1", &Summary::mean},   {2, "n_below_2", &Summary::std},
                          {3, "n_below_3", &Summary::median}, {3, "n_below_3", &Summary::p50},
                          {3, "n_below_3", &Summary::iqr},    {10, "n_below_10", &Summary::p90},
                          {20, "n_below_20", &Summary::p95},  {100, "n_below_100", &Summary::p99}};
  for (const Floor& floor : floors) {
    const Estimate below = summarize(first_latencies(floor.n - 1)).value().*floor.statistic;
    EXPECT_FALSE(below.value) << floor.reason;
    EXPECT_EQ(below.reason, floor.reason);
    const Estimate at = summarize(first_latencies(floor.n)).value().*floor.statistic;
    EXPECT_TRUE(at.value) << floor.reason;
    EXPECT_EQ(at.reason, "");
    EXPECT_EQ(at.n, floor.n);
  }
  EXPECT_FALSE(summarize(first_latencies(1)).value().mean.ci95);
}

TEST(Summary, MinimaComeFromTheCaller) {
  EXPECT_FALSE(summarize(first_latencies(99), {.p99 = 120}).value().p99.value);
  EXPECT_TRUE(summarize(first_latencies(99), {.p99 = 50}).value().p99.value);
}

TEST(Summary, FirstSampleAgainstTheRest) {
  const Summary s = summarize(golden::kLatencies).value();
  EXPECT_TRUE(near(s.first.ratio, golden::kLatenciesFirstRatio, kTight));
  EXPECT_FALSE(s.first.over_2x);
  const Summary cold = summarize(std::vector<double>{25, 10, 10, 10}).value();
  EXPECT_EQ(cold.first.ratio, 2.5);
  EXPECT_TRUE(cold.first.over_2x);
  EXPECT_FALSE(cold.first.over_3x);
  EXPECT_EQ(cold.first.mean_without_first.value, 10);
  EXPECT_TRUE(summarize(std::vector<double>{31, 10, 10}).value().first.over_3x);
  EXPECT_FALSE(summarize(std::vector<double>{31}).value().first.ratio);
}

TEST(Summary, NoSamplesIsNoErrorButNothingIsKnown) {
  const Summary s = summarize({}).value();
  EXPECT_EQ(s.n, 0U);
  EXPECT_EQ(s.mean.reason, "n_below_1");
  EXPECT_EQ(s.max.reason, "n_below_1");
}

TEST(Summary, RefusesWhatIsNotFiniteAndNamesTheSample) {
  const std::vector<double> bad{1, 2, std::numeric_limits<double>::quiet_NaN()};
  const auto s = summarize(bad);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().where, "sample 2");
  EXPECT_FALSE(summarize(std::vector<double>{std::numeric_limits<double>::infinity()}));
}

TEST(MeanMedianFlip, IsTheCaseOfFewSlowSamples) {
  const Summary spiky = summarize(std::vector<double>{1, 1, 1, 1, 100}).value();
  const Summary steady = summarize(std::vector<double>{2, 2, 2, 2, 2}).value();
  EXPECT_EQ(mean_median_flip(spiky, steady), true);
  EXPECT_EQ(mean_median_flip(steady, spiky), true);
  const Summary slower = summarize(std::vector<double>{3, 3, 3, 3, 300}).value();
  EXPECT_EQ(mean_median_flip(slower, steady), false);
  EXPECT_EQ(mean_median_flip(steady, steady), false);
  EXPECT_FALSE(mean_median_flip(steady, summarize(std::vector<double>{1, 2}).value()));
}

TEST(Percentile, OuterOnesOfUnsortedValuesAreThoseOfSortedOnes) {
  std::vector<double> values(golden::kLatencies.begin(), golden::kLatencies.end());
  const auto ascending = sorted(values);
  for (const double q : {0.0, 0.025, 0.25, 0.5}) {
    const PercentilePair outer = outer_percentiles(values, q);
    EXPECT_EQ(outer.low, percentile(ascending, q));
    EXPECT_EQ(outer.high, percentile(ascending, 1 - q));
  }
  std::vector<double> many;  // enough for the sampled bound, with ties and in an order that misleads it
  for (int i = 0; i < 10'000; ++i) many.push_back((i * 7919) % 4001 + (i % 19 == 0 ? 1e6 : 0));
  const auto many_ascending = sorted(many);
  for (const double q : {0.0, 0.001, 0.025, 0.2, 0.5}) {
    EXPECT_EQ(outer_percentiles(many, q).low, percentile(many_ascending, q));
    EXPECT_EQ(outer_percentiles(many, q).high, percentile(many_ascending, 1 - q));
  }
  std::vector<double> one{3};
  EXPECT_EQ(outer_percentiles(one, 0.025).high, 3);
  std::vector<double> two{4, 2};
  EXPECT_EQ(outer_percentiles(two, 0.5).low, 3);
}

}  // namespace
}  // namespace phasegate::analysis
