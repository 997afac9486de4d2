#include "analysis/compare.h"

#include <cmath>
#include <limits>
#include <vector>

#include "analysis/analysis_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

template <std::size_t N>
std::vector<RoundPair> pairs(const std::array<double, N>& a, const std::array<double, N>& b) {
  std::vector<RoundPair> result;
  for (std::size_t i = 0; i < N; ++i) result.push_back({static_cast<std::int64_t>(i), a[i], b[i]});
  return result;
}

// b = 100 in each round and a = 100 * e^d.
std::vector<RoundPair> with_log_ratios(const std::vector<double>& d) {
  std::vector<RoundPair> result;
  for (std::size_t i = 0; i < d.size(); ++i)
    result.push_back({static_cast<std::int64_t>(i), 100 * std::exp(d[i]), 100});
  return result;
}

Verdict judge(const std::vector<RoundPair>& rounds, Better better = Better::higher,
              const VerdictOptions& options = {}) {
  const Comparison c = compare_rounds(rounds).value();
  return verdict(c, c.p, better, options);
}

TEST(CompareRounds, MatchesScipyOnLogRatios) {
  const Comparison c = compare_rounds(pairs(golden::kRoundsA, golden::kRoundsB)).value();
  EXPECT_EQ(c.n, 7U);
  EXPECT_TRUE(near(c.ratio, golden::kRoundsRatio, kTight));
  EXPECT_TRUE(near(c.sd_log, golden::kRoundsSd, kTight));
  EXPECT_TRUE(near(c.p, golden::kRoundsP, kTest));
  EXPECT_TRUE(near(c.ci95->low, golden::kRoundsLow, kTest));
  EXPECT_TRUE(near(c.ci95->high, golden::kRoundsHigh, kTest));
  EXPECT_FALSE(c.zero_variance);
  EXPECT_EQ(c.reason, "");
}

TEST(CompareRounds, SwappingTheCandidatesMirrorsTheAnswer) {
  const Comparison ab = compare_rounds(pairs(golden::kRoundsA, golden::kRoundsB)).value();
  const Comparison ba = compare_rounds(pairs(golden::kRoundsB, golden::kRoundsA)).value();
  EXPECT_TRUE(near(ba.ratio, 1 / *ab.ratio, kTight));
  EXPECT_TRUE(near(ba.ci95->low, 1 / ab.ci95->high, kTight));
  EXPECT_TRUE(near(ba.p, *ab.p, kTight));
}

TEST(CompareRounds, FourSessionsAreTooFewHoweverFarApart) {
  const Comparison c = compare_rounds(with_log_ratios({1.0, 1.01, 0.99, 1.0})).value();
  EXPECT_EQ(c.reason, "few_sessions");
  EXPECT_FALSE(c.ratio);
  EXPECT_FALSE(c.p);
  EXPECT_FALSE(c.ci95);
  EXPECT_TRUE(c.sd_log);
  const Verdict v = verdict(c, c.p, Better::higher);
  EXPECT_EQ(v.outcome, Outcome::too_few);
  EXPECT_EQ(v.reason, "few_sessions");
  EXPECT_TRUE(compare_rounds(with_log_ratios({1.0, 1.01, 0.99, 1.0}), {.min_sessions = 4})->ratio);
  EXPECT_EQ(compare_rounds({})->reason, "few_sessions");
}

TEST(CompareRounds, RefusesValuesThatHaveNoRatioAndARepeatedRound) {
  for (const double bad :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const std::vector<RoundPair> rounds{{0, 1, 1}, {1, bad, 1}};
    EXPECT_EQ(compare_rounds(rounds).error().kind, core::ErrorKind::invalid_input) << bad;
    const std::vector<RoundPair> other{{0, 1, 1}, {1, 1, bad}};
    EXPECT_FALSE(compare_rounds(other)) << bad;
  }
  const std::vector<RoundPair> repeated{{3, 1, 2}, {3, 1, 2}};
  EXPECT_NE(compare_rounds(repeated).error().message().find("round 3 occurs twice"), std::string::npos);
}

TEST(CompareRounds, IdenticalCandidatesTieAndAConstantRatioIsMarked) {
  const Verdict same = judge(with_log_ratios({0, 0, 0, 0, 0}));
  EXPECT_EQ(same.outcome, Outcome::tie);
  EXPECT_EQ(same.reason, "identical");
  EXPECT_TRUE(same.equivalent);
  const std::vector<RoundPair> constant{{0, 3, 2}, {1, 6, 4}, {2, 4.5, 3}, {3, 3, 2}, {4, 3, 2}};
  const Comparison c = compare_rounds(constant).value();
  EXPECT_TRUE(c.zero_variance);
  EXPECT_EQ(c.p, 0);
  EXPECT_NEAR(*c.ratio, 1.5, 1e-12);
  EXPECT_EQ(verdict(c, c.p, Better::higher).outcome, Outcome::winner_a);
}

TEST(CompareBlocked, AveragesScenariosWithinTheRound) {
  const std::vector<ScenarioPairs> scenarios{{"s", pairs(golden::kBlock0A, golden::kBlock0B), 1},
                                             {"m", pairs(golden::kBlock1A, golden::kBlock1B), 2},
                                             {"l", pairs(golden::kBlock2A, golden::kBlock2B), 1}};
  const Comparison c = compare_blocked(scenarios).value();
  EXPECT_EQ(c.n, 6U);  // rounds, not rounds x scenarios
  EXPECT_TRUE(near(c.ratio, golden::kBlockRatio, kTight));
  EXPECT_TRUE(near(c.p, golden::kBlockP, kTest));
  EXPECT_TRUE(near(c.ci95->low, golden::kBlockLow, kTest));
  EXPECT_TRUE(near(c.ci95->high, golden::kBlockHigh, kTest));
}

TEST(CompareBlocked, ScenariosOfOneRoundAreNotIndependentEvidence) {
  // Each round shifts all its scenarios: four rounds of ten scenarios are four, not forty.
  std::vector<ScenarioPairs> scenarios;
  for (int s = 0; s < 10; ++s) scenarios.push_back({std::to_string(s), with_log_ratios({0.2, 0.1, 0.3, 0.2}), 1});
  EXPECT_EQ(compare_blocked(scenarios)->reason, "few_sessions");
}

TEST(CompareBlocked, DropsAndCountsRoundsThatLackAScenario) {
  auto whole = with_log_ratios({0.1, 0.11, 0.1, 0.12, 0.1, 0.1});
  auto partial = with_log_ratios({0.1, 0.1, 0.11, 0.1, 0.13});
  const std::vector<ScenarioPairs> scenarios{{"a", whole, 1}, {"b", partial, 1}};
  const Comparison c = compare_blocked(scenarios).value();
  EXPECT_EQ(c.n, 5U);
  EXPECT_EQ(c.dropped_rounds, 1U);
}

TEST(CompareBlocked, RefusesARepeatedScenarioAndAWeightOfNothing) {
  const auto rounds = with_log_ratios({0.1, 0.2});
  const std::vector<ScenarioPairs> twice{{"a", rounds, 1}, {"a", rounds, 1}};
  EXPECT_FALSE(compare_blocked(twice));
  const std::vector<ScenarioPairs> weightless{{"a", rounds, 0}};
  EXPECT_EQ(compare_blocked(weightless).error().where, "scenario a");
}

TEST(AdjustFamily, ComparisonsWithoutPAreNoMembers) {
  Comparison strong;
  strong.p = 0.01;
  Comparison weak;
  weak.p = 0.04;
  const std::vector<Comparison> family{strong, Comparison{}, weak};
  const auto adjusted = adjust_family(family);
  EXPECT_DOUBLE_EQ(*adjusted[0], 0.02);
  EXPECT_FALSE(adjusted[1]);
  EXPECT_DOUBLE_EQ(*adjusted[2], 0.04);
}

TEST(Verdict, HigherOrLowerIsBetter) {
  const std::vector<double> a_larger{0.10, 0.11, 0.10, 0.12, 0.11};
  EXPECT_EQ(judge(with_log_ratios(a_larger), Better::higher).outcome, Outcome::winner_a);
  EXPECT_EQ(judge(with_log_ratios(a_larger), Better::lower).outcome, Outcome::winner_b);
  const std::vector<double> b_larger{-0.10, -0.11, -0.10, -0.12, -0.11};
  EXPECT_EQ(judge(with_log_ratios(b_larger), Better::higher).outcome, Outcome::winner_b);
  EXPECT_EQ(judge(with_log_ratios(b_larger), Better::lower).outcome, Outcome::winner_a);
}

TEST(Verdict, SignificanceAloneIsNoWinner) {
  const Verdict v = judge(with_log_ratios({0.030, 0.031, 0.029, 0.030, 0.030}));
  EXPECT_EQ(v.outcome, Outcome::tie);
  EXPECT_EQ(v.reason, "effect_below_threshold");
  EXPECT_TRUE(v.equivalent);
  EXPECT_EQ(judge(with_log_ratios({0.030, 0.031, 0.029, 0.030, 0.030}), Better::higher, {.min_effect = 0.02}).outcome,
            Outcome::winner_a);
}

TEST(Verdict, ThePracticalThresholdIsTheSameFromBothSides) {
  const double inside = std::log(1.0499);
  const double outside = std::log(1.0501);
  for (const double sign : {1.0, -1.0}) {
    const auto rounds = [&](double d) {
      return with_log_ratios({sign * d, sign * (d + 1e-6), sign * (d - 1e-6), sign * d, sign * d});
    };
    EXPECT_EQ(judge(rounds(inside)).outcome, Outcome::tie);
    EXPECT_NE(judge(rounds(outside)).outcome, Outcome::tie);
  }
}

TEST(Verdict, ALargeButNoisyEffectIsAnOpenTie) {
  const Verdict v = judge(with_log_ratios({0.5, -0.2, 0.4, -0.3, 0.6}));
  EXPECT_EQ(v.outcome, Outcome::tie);
  EXPECT_EQ(v.reason, "not_significant");
  EXPECT_FALSE(v.equivalent);
}

TEST(Verdict, UsesTheAdjustedP) {
  const Comparison c = compare_rounds(with_log_ratios({0.10, 0.11, 0.10, 0.12, 0.11})).value();
  EXPECT_EQ(verdict(c, 0.06, Better::higher).reason, "not_significant");
  EXPECT_EQ(verdict(c, 0.05, Better::higher).reason, "not_significant");  // below alpha, not at it
  EXPECT_EQ(verdict(c, 0.049, Better::higher).outcome, Outcome::winner_a);
  EXPECT_EQ(verdict(c, std::nullopt, Better::higher).outcome, Outcome::too_few);
}

TEST(Verdict, AnIntervalThatIncludesOneIsNoWinnerWhateverAlphaSays) {
  const Comparison c = compare_rounds(with_log_ratios({0.5, -0.1, 0.3, 0.0, 0.4})).value();
  ASSERT_TRUE(c.ci95->contains(1));
  EXPECT_EQ(verdict(c, c.p, Better::higher, {.alpha = 0.5}).reason, "interval_includes_one");
}

}  // namespace
}  // namespace phasegate::analysis
