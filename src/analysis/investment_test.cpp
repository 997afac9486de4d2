#include "analysis/investment.h"

#include <limits>

#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Amortisation, ThePublishedFigures) {
  const Amortisation build = amortise_build(240, 2120.9747, 6284.3368).value();
  EXPECT_NEAR(*build.tokens_to_break_even, 768'355.13, 0.01);
  EXPECT_NEAR(*build.seconds_to_recover, 122.265, 5e-4);
  EXPECT_NEAR(*build.tokens_to_recover, 259'321, 0.5);
  // The script's 240 s were never measured; the engine's own build time was 153.0 s.
  EXPECT_NEAR(*amortise_build(153.04, 2120.9747, 6284.3368)->tokens_to_break_even, 489'942, 100);
}

TEST(Amortisation, BothWaysTakeTheSameTimeAtBreakEven) {
  const Amortisation build = amortise_build(30, 100, 150).value();
  EXPECT_NEAR(*build.tokens_to_break_even / 100, 30 + *build.tokens_to_break_even / 150, 1e-9);
}

TEST(Amortisation, ASlowerTargetNeverPays) {
  for (const double target : {100.0, 50.0}) {
    const Amortisation never = amortise_build(240, 100, target).value();
    EXPECT_FALSE(never.tokens_to_break_even || never.seconds_to_recover || never.tokens_to_recover);
    EXPECT_EQ(never.reason, "target_not_faster");
  }
  EXPECT_EQ(amortise_build(-1, 1, 2).error().where, "build_s");
  EXPECT_EQ(amortise_build(1, 0, 2).error().where, "baseline_tok_s");
  EXPECT_EQ(amortise_build(1, 1, kNan).error().where, "target_tok_s");
}

TEST(Ownership, BreaksEvenAtTheSavingAndNotAtTheCost) {
  const Ownership cloud{0, 730};
  const Ownership own{3000, 130};
  EXPECT_DOUBLE_EQ(*break_even_months(cloud, own), 5);
  EXPECT_DOUBLE_EQ(total_cost(cloud, 5), total_cost(own, 5));
  EXPECT_DOUBLE_EQ(*legacy_break_even_months(3000, 130, kConformanceOnly), 3000.0 / 130);
  EXPECT_EQ(break_even_months(own, cloud), std::nullopt);         // dearer every month: never
  EXPECT_EQ(break_even_months(cloud, {100, 730}), std::nullopt);  // no saving: never
  EXPECT_EQ(break_even_months({500, 730}, {100, 100}), 0.0);      // cheaper from the first day
  EXPECT_EQ(legacy_break_even_months(0, 100, kConformanceOnly), 0.0);
  EXPECT_EQ(legacy_break_even_months(10, 0, kConformanceOnly), std::nullopt);
}

TEST(Savings, ArePercentOfTheBase) {
  EXPECT_NEAR(*savings_percent(0.6659993367209943, 0.20256431134658284), 69.58490794541997, 1e-9);
  EXPECT_FALSE(savings_percent(0, 1));
}

TEST(OnPrem, IsCapexOverUsedHoursAndPower) {
  const OnPrem machine{8766, 1, 1, 500, 0.20};  // a dollar an hour of its life
  EXPECT_NEAR(on_prem_usd_per_hour(machine).value(), 1 + 0.1, 1e-12);
  OnPrem idle = machine;
  idle.utilisation = 0.25;
  EXPECT_NEAR(on_prem_usd_per_hour(idle).value(), 4 + 0.1, 1e-12);
  const auto field = [](OnPrem m) { return on_prem_usd_per_hour(m).error().where; };
  EXPECT_EQ(field({0, 1, 1, 1, 1}), "capex_usd");
  EXPECT_EQ(field({1, 0, 1, 1, 1}), "life_years");
  EXPECT_EQ(field({1, 1, 1.5, 1, 1}), "utilisation");
  EXPECT_EQ(field({1, 1, 0, 1, 1}), "utilisation");
  EXPECT_EQ(field({1, 1, 1, 0, 1}), "watts");
  EXPECT_EQ(field({1, 1, 1, 1, -1}), "usd_per_kwh");
}

TEST(TierBreakEven, ThreeTimesThePriceCannotBePaidBySuccessAlone) {
  // A 20B model at 2.69 times the cost of a 7B one: 0.70 * 2.69 = 1.88 of all requests would have to succeed.
  TierInput input;
  input.usd_small = 1.978;
  input.usd_big = 5.328;
  input.p_small = 0.70;
  const TierBreakEven result = tier_break_even(input).value();
  EXPECT_NEAR(result.cost_ratio, 2.69, 0.005);
  EXPECT_NEAR(*result.p_big_needed, 1.88, 0.01);
  EXPECT_EQ(result.by_success, TierVerdict::impossible);
  input.p_big = 1;
  EXPECT_EQ(tier_break_even(input)->by_success, TierVerdict::impossible);
  // What a failure must cost then, at the least: (5.328 - 1.978) / 0.30.
  EXPECT_NEAR(*result.failure_usd_floor, 3.35 / 0.30, 1e-9);
}

TEST(TierBreakEven, BySuccessAtAndAroundTheBoundary) {
  const auto verdict = [](double p_big) { return tier_break_even({1, 1.5, 0.6, p_big, std::nullopt})->by_success; };
  EXPECT_EQ(verdict(0.95), TierVerdict::big);
  EXPECT_EQ(verdict(0.85), TierVerdict::small);
  EXPECT_NEAR(*tier_break_even({1, 1.5, 0.6, 0.95, std::nullopt})->usd_per_success_big, 1.5 / 0.95, 1e-12);
  EXPECT_EQ(tier_break_even({1, 1.5, std::nullopt, 0.9, std::nullopt})->by_success, TierVerdict::needs_p);
  EXPECT_EQ(tier_break_even({1, 1.5, 0.6, std::nullopt, std::nullopt})->by_success, TierVerdict::needs_p);
  EXPECT_EQ(tier_break_even({2, 1, 0.9, 0.5, std::nullopt})->by_success, TierVerdict::big);  // cheaper big model
}

TEST(TierBreakEven, ByTheValueOfAFailure) {
  const TierBreakEven result = tier_break_even({1, 3, 0.7, 0.9, 10.0}).value();
  EXPECT_NEAR(*result.failure_usd_needed, 10, 1e-9);
  EXPECT_EQ(tier_break_even({1, 3, 0.7, 0.9, 10.1})->by_value, TierVerdict::big);
  EXPECT_EQ(tier_break_even({1, 3, 0.7, 0.9, 9.9})->by_value, TierVerdict::small);
  const TierBreakEven worse = tier_break_even({1, 3, 0.9, 0.8, 1e6}).value();
  EXPECT_FALSE(worse.failure_usd_needed);
  EXPECT_EQ(worse.by_value, TierVerdict::small);
  EXPECT_EQ(tier_break_even({1, 3, 0.7, 0.9, std::nullopt})->by_value, TierVerdict::needs_p);
}

TEST(TierBreakEven, RefusesWhatIsNoCostAndNoShare) {
  EXPECT_EQ(tier_break_even({0, 1, {}, {}, {}}).error().where, "usd_small");
  EXPECT_EQ(tier_break_even({1, kNan, {}, {}, {}}).error().where, "usd_big");
  EXPECT_EQ(tier_break_even({1, 1, 1.1, {}, {}}).error().where, "p_small");
  EXPECT_EQ(tier_break_even({1, 1, {}, 0.0, {}}).error().where, "p_big");
  EXPECT_EQ(tier_break_even({1, 1, {}, {}, -1.0}).error().where, "usd_per_failure");
}

}  // namespace
}  // namespace phasegate::analysis
