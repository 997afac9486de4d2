#include "analysis/hypothesis.h"

#include <limits>
#include <vector>

#include "analysis/analysis_golden.h"
#include "analysis/fits_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

template <std::size_t N>
std::vector<double> group(const std::array<double, N>& values) {
  return {values.begin(), values.end()};
}

TEST(TTests, MatchScipy) {
  const TestResult welch = welch_t(golden::kArmA, golden::kArmB).value();
  EXPECT_TRUE(near(welch.statistic, golden::kWelchT, kTest));
  EXPECT_TRUE(near(welch.p, golden::kWelchP, kTest));
  EXPECT_TRUE(near(welch.df, golden::kWelchDf, kTest));
  const TestResult pooled = pooled_t(golden::kArmA, golden::kArmB).value();
  EXPECT_TRUE(near(pooled.statistic, golden::kPooledT, kTest));
  EXPECT_TRUE(near(pooled.p, golden::kPooledP, kTest));
  EXPECT_EQ(pooled.df, 69);
}

TEST(TTests, WithoutSpreadEqualMeansAreNoEvidenceAndOthersAreCertain) {
  const std::vector<double> fives(4, 5.0);
  const std::vector<double> sixes(4, 6.0);
  EXPECT_EQ(welch_t(fives, fives)->p, 1);
  EXPECT_EQ(welch_t(fives, sixes)->p, 0);
  EXPECT_LT(pooled_t(fives, sixes)->statistic, 0);
  EXPECT_EQ(pooled_t(fives, sixes)->p, 0);
}

TEST(PairedTests, MatchScipy) {
  const TestResult plain = paired_t(golden::kPairedA, golden::kPairedB).value();
  EXPECT_TRUE(near(plain.statistic, golden::kPairedT, kTest));
  EXPECT_TRUE(near(plain.p, golden::kPairedP, kTest));
  EXPECT_EQ(plain.df, 8);
  const TestResult logs = paired_t_log(golden::kPairedA, golden::kPairedB).value();
  EXPECT_TRUE(near(logs.statistic, golden::kPairedLogT, kTest));
  EXPECT_TRUE(near(logs.p, golden::kPairedLogP, kTest));
}

TEST(PairedTests, RefuseUnequalListsAndLogarithmsOfZero) {
  const std::vector<double> two{1, 2};
  const std::vector<double> three{1, 2, 3};
  EXPECT_EQ(paired_t(two, three).error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(paired_t_log(two, std::vector<double>{0, 1}).error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(paired_t(two, std::vector<double>{2, 3})->p, 0);  // the same difference in each pair
}

TEST(MannWhitney, NormalApproximationMatchesScipy) {
  const TestResult r = mann_whitney_u(golden::kArmA, golden::kArmB).value();
  EXPECT_EQ(r.method, "mann_whitney_u_normal");
  EXPECT_EQ(r.statistic, golden::kMwU);
  EXPECT_TRUE(near(r.p, golden::kMwP, kTest));
  const TestResult tied = mann_whitney_u(golden::kTiedA, golden::kTiedB).value();
  EXPECT_EQ(tied.statistic, golden::kTiedMwU);
  EXPECT_TRUE(near(tied.p, golden::kTiedMwP, kTest));
}

TEST(MannWhitney, IsExactForSmallSamplesWithoutTies) {
  const TestResult r = mann_whitney_u(golden::kSmallA, golden::kSmallB).value();
  EXPECT_EQ(r.method, "mann_whitney_u_exact");
  EXPECT_EQ(r.statistic, golden::kSmallMwU);
  EXPECT_TRUE(near(r.p, golden::kSmallMwP, kTest));
  EXPECT_TRUE(near(mann_whitney_u(golden::kSmallB, golden::kSmallA)->p, golden::kSmallMwP, kTest));
  // 3 against 3 fully apart: 2 of the 20 orders are as extreme.
  const std::vector<double> low{1, 2, 3};
  const std::vector<double> high{4, 5, 6};
  EXPECT_DOUBLE_EQ(mann_whitney_u(low, high)->p, 0.1);
}

TEST(MannWhitney, AllTheSameValueIsNoEvidence) {
  const std::vector<double> fives(4, 5.0);
  EXPECT_EQ(mann_whitney_u(fives, fives)->p, 1);
}

TEST(Effects, MatchNumpy) {
  EXPECT_TRUE(near(cohens_d(golden::kArmA, golden::kArmB).value(), golden::kCohensD, kTest));
  EXPECT_TRUE(near(cliffs_delta(golden::kArmA, golden::kArmB).value(), golden::kCliffsDelta, kTest));
  EXPECT_TRUE(near(cliffs_delta(golden::kTiedA, golden::kTiedB).value(), golden::kTiedCliffsDelta, kTest));
  const std::vector<double> fives(4, 5.0);
  EXPECT_FALSE(cohens_d(fives, fives));
  EXPECT_EQ(cliffs_delta(fives, fives).value(), 0);
}

TEST(ManyGroups, MatchScipy) {
  const std::vector<std::vector<double>> groups{group(golden::kArmA), group(golden::kArmB), group(golden::kArmC)};
  const TestResult f = one_way_anova(groups).value();
  EXPECT_TRUE(near(f.statistic, golden::kAnovaF, kTest));
  EXPECT_TRUE(near(f.p, golden::kAnovaP, kTest));
  EXPECT_EQ(f.df, 2);
  EXPECT_EQ(f.df_2, 93);
  const std::vector<std::vector<double>> tied{group(golden::kTiedA), group(golden::kTiedB), group(golden::kTiedC)};
  const TestResult h = kruskal_wallis(tied).value();
  EXPECT_TRUE(near(h.statistic, golden::kKruskalH, kTest));
  EXPECT_TRUE(near(h.p, golden::kKruskalP, kTest));
}

TEST(ManyGroups, WithoutSpread) {
  const std::vector<std::vector<double>> same{{5, 5}, {5, 5}};
  EXPECT_EQ(one_way_anova(same)->p, 1);
  EXPECT_EQ(kruskal_wallis(same)->p, 1);
  const std::vector<std::vector<double>> apart{{5, 5}, {6, 6}};
  EXPECT_EQ(one_way_anova(apart)->p, 0);
}

TEST(Tests, RefuseThinOrImpossibleSamples) {
  const std::vector<double> one{1};
  const std::vector<double> two{1, 2};
  const std::vector<double> bad{1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(welch_t(one, two).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(pooled_t(two, one).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(mann_whitney_u({}, two).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(welch_t(two, bad).error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(cliffs_delta(bad, two).error().kind, core::ErrorKind::invalid_input);
  const std::vector<std::vector<double>> single{two};
  EXPECT_EQ(one_way_anova(single).error().kind, core::ErrorKind::evidence);
  const std::vector<std::vector<double>> ones{one, one};
  EXPECT_EQ(one_way_anova(ones).error().kind, core::ErrorKind::evidence);
  const std::vector<std::vector<double>> empty{two, {}};
  EXPECT_EQ(kruskal_wallis(empty).error().kind, core::ErrorKind::evidence);
}

TEST(Families, MatchStatsmodels) {
  const auto adjusted = holm(golden::kFamily);
  const auto flat = bonferroni(golden::kFamily);
  for (std::size_t i = 0; i < golden::kFamily.size(); ++i) {
    EXPECT_TRUE(near(adjusted[i], golden::kFamilyHolm[i], kTight)) << i;
    EXPECT_TRUE(near(flat[i], golden::kFamilyBonferroni[i], kTight)) << i;
  }
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace phasegate::analysis
