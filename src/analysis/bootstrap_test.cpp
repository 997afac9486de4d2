#include "analysis/bootstrap.h"

#include <cmath>
#include <limits>
#include <vector>

#include "analysis/analysis_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

TEST(Bootstrap, MatchesAnotherImplementationOfTheNamedGenerator) {
  const auto median = bootstrap_median(golden::kUnits, {.seed = 42, .resamples = 500}).value();
  EXPECT_TRUE(near(median.estimate.value, golden::kUnitsMedian, kTight));
  EXPECT_TRUE(near(median.estimate.ci95->low, golden::kUnitsLow, kTight));
  EXPECT_TRUE(near(median.estimate.ci95->high, golden::kUnitsHigh, kTight));
  EXPECT_EQ(median.generator, "xoshiro256**/splitmix64");
  EXPECT_EQ(median.seed, 42U);
  EXPECT_EQ(median.resamples, 500U);
}

TEST(Bootstrap, OfTheMeanDrawsTheSameUnits) {
  const auto mean = bootstrap_mean(golden::kUnits, {.seed = 42, .resamples = 500}).value();
  EXPECT_TRUE(near(mean.estimate.ci95->low, golden::kUnitsMeanLow, kTight));
  EXPECT_TRUE(near(mean.estimate.ci95->high, golden::kUnitsMeanHigh, kTight));
  EXPECT_FALSE(bootstrap_mean(std::vector<double>{1, std::numeric_limits<double>::infinity()}));
}

std::vector<RoundPair> rounds() {
  std::vector<RoundPair> result;
  for (std::size_t i = 0; i < golden::kUnits.size(); ++i) {
    result.push_back({static_cast<std::int64_t>(i), golden::kUnits[i], golden::kUnitsB[i]});
  }
  return result;
}

TEST(Bootstrap, KeepsRoundsTogether) {
  const auto ratio = bootstrap_ratio_of_medians(rounds(), {.seed = 7, .resamples = 500}).value();
  EXPECT_TRUE(near(ratio.estimate.ci95->low, golden::kRatioLow, kTight));
  EXPECT_TRUE(near(ratio.estimate.ci95->high, golden::kRatioHigh, kTight));
  // b is a scaled: however the rounds are drawn, the ratio is the scale.
  auto scaled = rounds();
  for (auto& round : scaled) round.b = 2 * round.a;
  const auto constant = bootstrap_ratio_of_medians(scaled).value();
  EXPECT_NEAR(constant.estimate.ci95->low, 0.5, 1e-12);
  EXPECT_NEAR(constant.estimate.ci95->high, 0.5, 1e-12);
}

TEST(Bootstrap, TheSeedDecidesAndNothingElse) {
  const auto low = [](std::uint64_t seed) {
    return bootstrap_ratio_of_medians(rounds(), {.seed = seed, .resamples = 100})->estimate.ci95->low;
  };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
}

TEST(Bootstrap, FourUnitsAreTooFew) {
  const auto few = bootstrap_median(std::vector<double>{1, 2, 3, 4}).value();
  EXPECT_FALSE(few.estimate.value);
  EXPECT_EQ(few.estimate.reason, "n_below_5");
  EXPECT_EQ(bootstrap_median({})->estimate.reason, "n_below_5");
}

TEST(Bootstrap, RefusesWhatIsNoNumberAndNoResamples) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(bootstrap_median(std::vector<double>{1, nan}).error().where, "unit 1");
  auto bad = rounds();
  bad[2].b = 0;
  EXPECT_EQ(bootstrap_ratio_of_medians(bad).error().where, "unit 2");
  EXPECT_FALSE(bootstrap_median(golden::kUnits, {.resamples = 0}));
}

}  // namespace
}  // namespace phasegate::analysis
