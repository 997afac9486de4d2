#include "analysis/between_runs.h"

#include <cmath>

#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

// e2e medians on the GPU of two runs with one configuration hash, as the report's reviewer states them.
TEST(BetweenRunsTest, AShiftOfARunIsAFoldAndAnOrderThatFlips) {
  const CellValues first{{"gpt2-25m", 113.4}, {"gpt2-50m", 519.4}, {"gone", 1}};
  const CellValues second{{"gpt2-25m", 176.4}, {"gpt2-50m", 337.4}};
  const BetweenRuns runs = between_runs(first, second).value();
  ASSERT_EQ(runs.cells.size(), 2U);
  EXPECT_EQ(runs.cells[0].cell, "gpt2-25m");
  EXPECT_TRUE(near(runs.cells[0].ratio, 1.5555555555555556, kTight));
  EXPECT_TRUE(near(runs.cells[1].fold, 519.4 / 337.4, kTight));
  EXPECT_EQ(runs.only_first, 1U);
  EXPECT_EQ(runs.only_second, 0U);
  EXPECT_EQ(runs.order_flips, 0U);
  EXPECT_TRUE(near(runs.fold_median, (1.5555555555555556 + 519.4 / 337.4) / 2, kTight));
  const double a = std::log(176.4 / 113.4);
  const double b = std::log(337.4 / 519.4);
  EXPECT_TRUE(near(runs.sd_between_log, std::sqrt((a * a + b * b) / 4), kTight));
  EXPECT_TRUE(near(runs.mean_log_ratio, (a + b) / 2, 1e-6));
}

TEST(BetweenRunsTest, CountsPairsWhoseOrderFlips) {
  const BetweenRuns runs = between_runs({{"a", 1}, {"b", 2}, {"c", 3}}, {{"a", 3}, {"b", 2}, {"c", 4}}).value();
  EXPECT_EQ(runs.order_flips, 1U);
}

TEST(BetweenRunsTest, NothingInCommonIsNullWithAReason) {
  const BetweenRuns runs = between_runs({{"a", 1}}, {{"b", 2}}).value();
  EXPECT_EQ(runs.reason, "no_common_cell");
  EXPECT_FALSE(runs.fold_median);
  EXPECT_EQ(between_runs({{"a", 0}}, {{"a", 1}}).error().kind, core::ErrorKind::invalid_input);
}

}  // namespace
}  // namespace phasegate::analysis
