#include "analysis/distributions.h"

#include <limits>

#include "analysis/analysis_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

TEST(Distributions, QuantileAndTailsMatchScipy) {
  EXPECT_TRUE(near(t_quantile(0.975, 4), golden::kT975Df4, 1e-10));
  EXPECT_TRUE(near(t_two_sided_p(-12.5, 6), golden::kTailT, 1e-10));
  EXPECT_TRUE(near(normal_two_sided_p(5.5), golden::kTailNormal, 1e-10));
  EXPECT_TRUE(near(f_upper_p(7.25, 3, 40), golden::kTailF, 1e-10));
  EXPECT_TRUE(near(chi_squared_upper_p(21.5, 4), golden::kTailChi2, 1e-10));
}

TEST(Distributions, AnInfiniteStatisticHasPZero) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(t_two_sided_p(-infinity, 4), 0);
  EXPECT_EQ(f_upper_p(infinity, 2, 4), 0);
  EXPECT_EQ(chi_squared_upper_p(infinity, 2), 0);
}

TEST(Distributions, PowerOfTheTTestMatchesStatsmodels) {
  EXPECT_TRUE(near(t_test_power(0.8, 15, 0.05), golden::kPower8_15, kTest));
  EXPECT_TRUE(near(t_test_power(-0.2, 197, 0.05), golden::kPower2_197, kTest));
  EXPECT_TRUE(near(t_test_power(3.0, 5, 0.005), golden::kPower30_5, kTest));
  EXPECT_EQ(t_test_power(0, 10, 0.05), 0.05);
  EXPECT_EQ(t_test_power(1e6, 5, 0.05), 1);
}

TEST(Distributions, ClopperPearsonMatchesStatsmodels) {
  const Interval some = clopper_pearson_one_sided(25, 500, 0.95);
  EXPECT_TRUE(near(some.low, golden::kClopperLow, kTest));
  EXPECT_TRUE(near(some.high, golden::kClopperHigh, kTest));
  const Interval none = clopper_pearson_one_sided(0, 200, 0.95);
  EXPECT_EQ(none.low, 0);
  EXPECT_TRUE(near(none.high, golden::kClopperZeroHigh, kTest));
  EXPECT_EQ(clopper_pearson_one_sided(7, 7, 0.95).high, 1);
}

}  // namespace
}  // namespace phasegate::analysis
