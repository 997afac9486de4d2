#include "analysis/separate.h"

#include <cmath>

#include "analysis/analysis_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

Comparison observed(double mean_log, double sd_log, std::size_t n = 5) {
  Comparison c;
  c.n = n;
  c.mean_log = mean_log;
  c.sd_log = sd_log;
  return c;
}

double total_rounds(const RoundsNeeded& needed, std::size_t n = 5) {
  return static_cast<double>(needed.further_rounds.value()) + static_cast<double>(n);
}

TEST(TimeToSeparate, MatchesThePowerAnalysisOfStatsmodels) {
  EXPECT_EQ(total_rounds(time_to_separate(observed(0.08, 0.10)).separation), golden::kRounds08_10_50);
  EXPECT_EQ(total_rounds(time_to_separate(observed(-0.08, 0.10)).separation), golden::kRounds08_10_50);
  EXPECT_EQ(total_rounds(time_to_separate(observed(0.08, 0.10), {.family = 10}).separation), golden::kRounds08_10_5);
  EXPECT_EQ(total_rounds(time_to_separate(observed(0.06, 0.30)).separation), golden::kRounds06_30_50);
}

TEST(TimeToSeparate, NeverAsksForFewerRoundsThanTheMinimum) {
  ASSERT_LT(golden::kRounds30_10_50, 5);
  EXPECT_EQ(time_to_separate(observed(0.30, 0.10, 3)).separation.further_rounds, 2);
  EXPECT_EQ(time_to_separate(observed(0.30, 0.10, 9)).separation.further_rounds, 0);
  EXPECT_EQ(time_to_separate(observed(0.30, 0.0, 3)).separation.further_rounds, 2);
}

TEST(TimeToSeparate, TellsTheTimeWhenARoundHasADuration) {
  const auto needed = time_to_separate(observed(0.08, 0.10), {.seconds_per_round = 12.0}).separation;
  EXPECT_EQ(needed.further_seconds, 12.0 * static_cast<double>(*needed.further_rounds));
  EXPECT_FALSE(time_to_separate(observed(0.08, 0.10)).separation.further_seconds);
}

TEST(TimeToSeparate, ASmallEffectWouldStayATieAndCanBeShownToBeOne) {
  const auto small = time_to_separate(observed(0.01, 0.04));
  EXPECT_FALSE(small.separation.further_rounds);
  EXPECT_EQ(small.separation.reason, "effect_below_threshold");
  EXPECT_EQ(total_rounds(small.equivalence), golden::kRoundsEquivalence);
  const auto large = time_to_separate(observed(0.08, 0.10));
  EXPECT_EQ(large.equivalence.reason, "effect_above_threshold");
}

TEST(TimeToSeparate, GivesUpWhereNoBudgetWouldDo) {
  EXPECT_EQ(time_to_separate(observed(0.06, 2.0), {.max_rounds = 500}).separation.reason, "beyond_max_rounds");
  EXPECT_EQ(time_to_separate(observed(std::log(1.0499), 0.1)).equivalence.reason, "beyond_max_rounds");
  EXPECT_EQ(time_to_separate(Comparison{}).separation.reason, "sd_unknown");
  EXPECT_EQ(time_to_separate(Comparison{}).equivalence.reason, "sd_unknown");
}

}  // namespace
}  // namespace phasegate::analysis
