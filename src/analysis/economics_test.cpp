#include "analysis/economics.h"

#include <limits>
#include <vector>

#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

MeasuredRate rate(double tok_s, std::string run = "r1", std::string hardware = "rtx4080m") {
  return {tok_s, "", std::move(run), std::move(hardware)};
}

Pricing price() {
  return {"aws_g5_xlarge", "2025-12-20", "USD", "rtx4080m", 1.006, true, "list price of like hardware"};
}

MixEntry request(std::int64_t prompt, std::int64_t gen, double weight, double prefill, double decode) {
  return {"chat", prompt, gen, weight, {rate(prefill), rate(decode)}};
}

TEST(Cost, FollowsTheFormula) {
  const Cost cost = cost_per_1m(rate(139.712), price());  // published: 2.000 $/1M
  EXPECT_TRUE(near(cost.seconds, 1e6 / 139.712, kTight));
  EXPECT_TRUE(near(cost.usd, 1e6 / 139.712 / 3600 * 1.006, kTight));
  EXPECT_NEAR(*cost.usd, 2.000, 5e-4);
  EXPECT_NEAR(*cost_per_1m(rate(45.863), price()).usd, 6.093, 5e-4);
  EXPECT_EQ(cost.reason, "");
  EXPECT_EQ(cost.pricing_id, "aws_g5_xlarge");
  EXPECT_EQ(cost.run_ids, std::vector<std::string>{"r1"});
}

TEST(Cost, AShadowPriceLabelsTheCost) {
  EXPECT_TRUE(cost_per_1m(rate(100), price()).shadow);
  Pricing paid = price();
  paid.shadow = false;
  EXPECT_FALSE(cost_per_1m(rate(100), paid).shadow);
}

TEST(Cost, WithoutItsOwnPriceItIsNullWithAReasonAndTheSecondsStay) {
  const Cost none = cost_per_1m(rate(100), std::nullopt);
  EXPECT_FALSE(none.usd);
  EXPECT_EQ(none.reason, "no_price");
  EXPECT_EQ(none.seconds, 10'000);
  const Cost other = cost_per_1m(rate(100, "r1", "h100"), price());
  EXPECT_FALSE(other.usd);
  EXPECT_EQ(other.reason, "price_of_other_hardware");
  EXPECT_EQ(other.pricing_id, "aws_g5_xlarge");
  Pricing euro = price();
  euro.currency = "EUR";
  EXPECT_EQ(cost_per_1m(rate(100), euro).reason, "price_not_in_usd");
  Pricing broken = price();
  broken.usd_per_hour = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(cost_per_1m(rate(100), broken).reason, "invalid_price");
  Pricing nameless = price();
  nameless.hardware_id = "";
  EXPECT_EQ(cost_per_1m(rate(100, "r1", ""), nameless).reason, "price_of_other_hardware");
}

TEST(Cost, AnUnknownRateKeepsItsReason) {
  const Cost unknown = cost_per_1m({std::nullopt, "few_sessions", "r1", "rtx4080m"}, price());
  EXPECT_FALSE(unknown.seconds);
  EXPECT_FALSE(unknown.usd);
  EXPECT_EQ(unknown.reason, "few_sessions");
  EXPECT_EQ(cost_per_1m(rate(0), price()).reason, "invalid_rate");
}

TEST(PhaseCost, SplitsPrefillFromDecode) {
  const PhaseCost cost = phase_cost({rate(2000, "p"), rate(100, "d")}, price());
  EXPECT_TRUE(near(*cost.decode_per_1m.usd / *cost.prefill_per_1m.usd, 20, kTight));
  EXPECT_EQ(cost.prefill_per_1m.run_ids, std::vector<std::string>{"p"});
  EXPECT_EQ(cost.decode_per_1m.run_ids, std::vector<std::string>{"d"});
}

TEST(MixCost, TheRequestOfTheCostReport) {
  // Published: 256 + 128 tokens at 2245.913 and 311.570 tok/s: 0.1140 s + 0.4108 s, $0.0001475 with $8.1e-7 of energy.
  const std::vector<MixEntry> mix{request(256, 128, 1, 2245.913, 311.570)};
  const MixCost cost = mix_cost(mix, price()).value();
  EXPECT_NEAR(*cost.per_request.seconds, 0.1140 + 0.4108, 1e-4);
  EXPECT_NEAR(*cost.per_request.usd + 4.042e-6 * 0.20, 0.0001475, 5e-8);
  EXPECT_TRUE(near(cost.per_1m.usd, *cost.per_request.usd / 384 * 1e6, kTight));
  EXPECT_TRUE(near(cost.mean_of_entries_per_1m.usd, *cost.per_1m.usd, kTight));
}

TEST(MixCost, IsAnExpectationOverRequestsAndNotTheMeanOfTheirCosts) {
  // 0.8 * (256 + 128) + 0.2 * (2048 + 256) = 768 tokens a request.
  const std::vector<MixEntry> mix{request(256, 128, 8, 1000, 100), request(2048, 256, 2, 1000, 100)};
  const MixCost cost = mix_cost(mix, price()).value();
  EXPECT_DOUBLE_EQ(cost.tokens_per_request, 768);
  EXPECT_DOUBLE_EQ(cost.prompt_per_request, 0.8 * 256 + 0.2 * 2048);
  const double seconds = 0.8 * (0.256 + 1.28) + 0.2 * (2.048 + 2.56);
  EXPECT_TRUE(near(cost.per_request.seconds, seconds, kTight));
  EXPECT_TRUE(near(cost.per_1m.seconds, seconds / 768 * 1e6, kTight));
  const double mean_of_costs = 0.8 * (0.256 + 1.28) / 384 * 1e6 + 0.2 * (2.048 + 2.56) / 2304 * 1e6;
  EXPECT_TRUE(near(cost.mean_of_entries_per_1m.seconds, mean_of_costs, kTight));
  EXPECT_GT(*cost.mean_of_entries_per_1m.seconds, 1.1 * *cost.per_1m.seconds);
}

TEST(MixCost, OneUnknownEntryMakesTheWholeUnknown) {
  std::vector<MixEntry> mix{request(256, 128, 1, 1000, 100), request(512, 32, 1, 1000, 100)};
  mix[1].rates.decode = {std::nullopt, "out_of_envelope", "r2", "rtx4080m"};
  const MixCost cost = mix_cost(mix, price()).value();
  EXPECT_FALSE(cost.per_request.usd);
  EXPECT_FALSE(cost.per_1m.seconds);
  EXPECT_EQ(cost.per_1m.reason, "out_of_envelope");
  EXPECT_EQ(cost.per_1m.run_ids, (std::vector<std::string>{"r1", "r2"}));
  mix[1].gen_tokens = 0;  // a phase without tokens needs no rate
  EXPECT_TRUE(mix_cost(mix, price())->per_1m.usd);
}

TEST(MixCost, PhasesOfDifferentMachinesAreNotAdded) {
  std::vector<MixEntry> mix{request(256, 128, 1, 1000, 100)};
  mix[0].rates.decode.hardware_id = "h100";
  EXPECT_EQ(mix_cost(mix, price())->per_request.reason, "phases_on_different_hardware");
}

TEST(MixCost, RefusesAMixThatIsNone) {
  EXPECT_FALSE(mix_cost({}, price()));
  for (const auto& bad : {request(-1, 128, 1, 1000, 100), request(0, 0, 1, 1000, 100), request(1, 1, 0, 1000, 100)}) {
    const std::vector<MixEntry> mix{bad};
    EXPECT_EQ(mix_cost(mix, price()).error().where, "mix entry chat");
  }
}

TEST(Capacity, LowerBoundOfTheReports) {
  const Capacity plain = capacity_lower_bound(1e9, rate(100), 1).value();
  EXPECT_NEAR(plain.avg_tok_s, 385.8, 0.05);
  EXPECT_NEAR(plain.workers_exact, 3.86, 0.005);
  EXPECT_EQ(plain.workers, 4);
  EXPECT_EQ(capacity_lower_bound(1e9, rate(100), 5)->workers, 20);
  EXPECT_EQ(capacity_lower_bound(1e8, rate(200), 1)->workers, 1);
  EXPECT_NEAR(capacity_lower_bound(1e9, rate(45.863), 1)->workers_exact, 8.412, 5e-4);
}

TEST(Capacity, RefusesWhatIsUnknownOrImpossible) {
  EXPECT_EQ(capacity_lower_bound(1e9, {std::nullopt, "few_sessions", "r1", "x"}, 1).error().kind,
            core::ErrorKind::evidence);
  EXPECT_FALSE(capacity_lower_bound(0, rate(100), 1));
  EXPECT_FALSE(capacity_lower_bound(1e9, rate(0), 1));
  EXPECT_FALSE(capacity_lower_bound(1e9, rate(100), 0.5));
  EXPECT_FALSE(capacity_lower_bound(1e300, rate(1e-9), 5));
}

}  // namespace
}  // namespace phasegate::analysis
