#include "policy/observed_prices.h"

#include <gtest/gtest.h>

namespace phasegate::policy {
namespace {

using core::Json;
using evidence::Observation;
using evidence::Window;

constexpr const char* kPrice =
    "version: 1\nid: x\ndate: \"2026-01-15\"\ncurrency: USD\nhardware_id: RTX 4080\nshadow: false\n"
    "usd_per_hour: 3.6\nsource: invoice\ntiers: {spot: 0.36}\n";

Observation row(Window window, const char* scenario, std::int64_t tokens, double ms) {
  Observation o;
  o.backend = "ollama";
  o.model = "qwen";
  o.scenario = scenario;
  o.window = window;
  o.batch = 1;
  (window == Window::prefill ? o.prompt_tokens : o.generated_tokens) = tokens;
  o.latency_ms = {ms};
  return o;
}

// Prefill at 1000 tok/s, decode at 100 tok/s, two shapes.
std::vector<Observation> two_shapes() {
  return {row(Window::prefill, "short", 100, 100), row(Window::decode, "short", 100, 1000),
          row(Window::prefill, "long", 900, 900), row(Window::decode, "long", 20, 200)};
}

ObservedPriceInputs inputs(const char* price = kPrice) {
  ObservedPriceInputs in;
  in.run = "r1";
  in.hardware = {"Some CPU", "NVIDIA RTX 4080 Laptop"};
  if (price != nullptr) in.pricing = parse_pricing(price, "x").value();
  return in;
}

Json priced(const std::vector<Observation>& rows, const ObservedPriceInputs& in) {
  ObservedPrices prices;
  for (const Observation& o : rows) EXPECT_TRUE(prices.add(o));
  return prices.price(in);
}

TEST(ObservedPrices, PricesPhasesAndRequestsInEveryTier) {
  const Json arm = priced(two_shapes(), inputs()).at("arms").at(0);
  const Json& prefill = arm.at("phases").at("prefill");
  EXPECT_NEAR(prefill.at("tok_s").get<double>(), 1000, 1e-9);
  EXPECT_NEAR(prefill.at("usd_per_1M").at("on_demand").get<double>(), 1000 * 0.001, 1e-9);
  EXPECT_NEAR(prefill.at("usd_per_1M").at("spot").get<double>(), 1000 * 0.0001, 1e-9);
  EXPECT_NEAR(arm.at("phases").at("decode").at("seconds_per_1M").get<double>(), 10'000, 1e-9);
  const Json& request = arm.at("request");
  EXPECT_NEAR(request.at("prompt_tokens").get<double>(), 500, 1e-9);
  EXPECT_NEAR(request.at("seconds").get<double>(), (1.1 + 1.1) / 2, 1e-9);
  // 1.1 s for 560 tokens; the mean of the two scenarios' own prices is another number.
  EXPECT_NEAR(request.at("usd_per_1M_tokens").at("on_demand").get<double>(), 1.1e-3 / 560 * 1e6, 1e-9);
  EXPECT_NEAR(request.at("mean_of_scenarios_usd_per_1M_tokens").at("on_demand").get<double>(),
              (1.1e-3 / 200 + 1.1e-3 / 920) / 2 * 1e6, 1e-9);
  EXPECT_FALSE(request.at("uncached").get<bool>());
}

TEST(ObservedPrices, TheRateIsAMedianAndTheSourcesOwnTokPerSecondCounts) {
  std::vector<Observation> rows;
  for (const double ms : {100.0, 100.0, 5000.0}) rows.push_back(row(Window::prefill, "s", 100, ms));
  for (Observation& o : rows) {
    o.prompt_tokens.reset();
    o.tok_s = {100 / (o.latency_ms[0] / 1000)};
  }
  const Json arm = priced(rows, inputs()).at("arms").at(0);
  EXPECT_NEAR(arm.at("phases").at("prefill").at("tok_s").get<double>(), 1000, 1e-9);
}

TEST(ObservedPrices, AMixIsPricedWhereItWasMeasuredAndNullElsewhere) {
  ObservedPriceInputs in = inputs();
  in.weights = {{{200, 50, 1, 0}, 0.8}, {{900, 100, 1, 0}, 0.2}};
  const Json request = priced(two_shapes(), in).at("arms").at(0).at("request");
  EXPECT_NEAR(request.at("seconds").get<double>(), 0.8 * (0.2 + 0.5) + 0.2 * (0.9 + 1.0), 1e-9);
  EXPECT_EQ(request.at("of"), "mix");
  in.weights[1].scenario.prompt_tokens = 901;
  const Json outside = priced(two_shapes(), in).at("arms").at(0).at("request");
  EXPECT_TRUE(outside.at("seconds").is_null());
  EXPECT_TRUE(outside.at("usd").at("spot").is_null());
  EXPECT_EQ(outside.at("reason"), "outside_measured_shapes");
  in.weights = {{{200, 50, 4, 0}, 1}};
  EXPECT_EQ(priced(two_shapes(), in).at("arms").at(0).at("request").at("reason"), "outside_measured_shapes");
}

TEST(ObservedPrices, AnotherMachinesPriceIsRefusedAndNoPriceIsNull) {
  ObservedPriceInputs other = inputs();
  other.hardware = {"H100"};
  const Json refused = priced(two_shapes(), other).at("arms").at(0).at("phases").at("decode");
  EXPECT_TRUE(refused.at("usd_per_1M").at("on_demand").is_null());
  EXPECT_EQ(refused.at("reason"), "price_of_other_hardware");
  EXPECT_TRUE(refused.at("seconds_per_1M").is_number());
  const Json none = priced(two_shapes(), inputs(nullptr));
  EXPECT_EQ(none.at("reason"), "no_price");
  EXPECT_EQ(none.at("arms").at(0).at("phases").at("decode").at("reason"), "no_price");
}

TEST(ObservedPrices, WarmUpsFailuresAndSumsOfWindowsAreLeftOut) {
  auto rows = two_shapes();
  rows.push_back(row(Window::e2e_sum, "short", 200, 1));
  rows.push_back(row(Window::decode, "short", 100, 1));
  rows.back().regime = evidence::Regime::warmup;
  rows.push_back(row(Window::decode, "short", 100, 1));
  rows.back().degraded_reasons = {"timeout"};
  rows.push_back(row(Window::decode, "short", 100, 0));  // no clock gives this
  const Json arm = priced(rows, inputs()).at("arms").at(0);
  EXPECT_EQ(arm.at("phases").size(), 2U);
  EXPECT_EQ(arm.at("phases").at("decode").at("rows"), 2);
  EXPECT_NEAR(arm.at("phases").at("decode").at("tok_s").get<double>(), 100, 1e-9);
}

TEST(ObservedPrices, OverlappingRequestsCostTheDurationAndNotTheSumOfTheirLatencies) {
  std::vector<Observation> rows;
  for (int i = 0; i < 10; ++i) {
    rows.push_back(row(Window::request, "", 50, 1000));  // all at once: 500 tokens in a second
    rows.back().started_unix_s = 100;
  }
  const Json by_starts = priced(rows, inputs()).at("arms").at(0).at("phases").at("request");
  EXPECT_NEAR(by_starts.at("tok_s").get<double>(), 500, 1e-6);
  ObservedPriceInputs stated = inputs();
  stated.duration_s = 2;
  EXPECT_NEAR(priced(rows, stated).at("arms").at(0).at("phases").at("request").at("tok_s").get<double>(), 250, 1e-6);
  for (Observation& o : rows) o.started_unix_s.reset();
  EXPECT_EQ(priced(rows, inputs()).at("arms").at(0).at("phases").at("request").at("reason"), "duration_unknown");
  rows[3].generated_tokens.reset();
  EXPECT_EQ(priced(rows, stated).at("arms").at(0).at("phases").at("request").at("reason"), "token_count_missing");
}

TEST(ObservedPrices, AnAggregateOfPowerGivesNoMoneyAndNoCarbon) {
  auto rows = two_shapes();
  rows[0].power = evidence::PowerAggregate{1, 0.3, 30.0, {}, {}, {}};
  rows[1].power = evidence::PowerAggregate{5, 1.3, 30.0, {}, {}, {}};
  const Json energy = priced(rows, inputs()).at("arms").at(0).at("energy");
  EXPECT_EQ(energy.at("status"), "no_data");
  EXPECT_EQ(energy.at("reason"), "updates_unknown");
  EXPECT_EQ(energy.at("published_rule").at("no_data"), 1);
  EXPECT_NEAR(energy.at("published_rule_coverage").get<double>(), 0.5, 1e-12);
  EXPECT_TRUE(energy.at("usd_per_1M").is_null());
  EXPECT_EQ(priced(two_shapes(), inputs()).at("arms").at(0).at("energy").at("reason"), "not_recorded");
}

TEST(ObservedPrices, UncachedGenerationIsSaid) {
  auto rows = two_shapes();
  for (Observation& o : rows) {
    if (o.window == Window::decode) o.window = Window::generate_uncached;
  }
  EXPECT_TRUE(priced(rows, inputs()).at("arms").at(0).at("request").at("uncached").get<bool>());
}

// 2.5 s of decode of 250 tokens at 80 W, a prefill of 20 ms beside it; readings every 100 ms.
std::vector<Observation> events() {
  std::vector<Observation> rows = {row(Window::prefill, "bs1", 9, 20), row(Window::decode, "bs1", 250, 2500)};
  rows[0].numbers = {{"t_start_ns", 1.01e9}, {"t_end_ns", 1.03e9}};
  rows[1].numbers = {{"t_start_ns", 1.05e9}, {"t_end_ns", 3.55e9}};
  return rows;
}

ObservedPriceInputs with_train() {
  ObservedPriceInputs in =
      inputs((std::string(kPrice) + "electricity: {usd_per_kwh: 0.2, carbon_g_per_kwh: 500, region: "
                                    "EU, date: \"2026-01-01\"}\n")
                 .c_str());
  for (std::int64_t i = 0; i < 50; ++i)
    in.power.push_back({i * 100'000'000, 80 + (i % 2 == 0 ? 0.01 : -0.01), true, {}, {}, {}});
  return in;
}

TEST(ObservedEnergy, ATrainGivesAnEventItsEnergyAndNullWhereTheSensorWasTooSlow) {
  const Json energy = priced(events(), with_train()).at("arms").at(0).at("energy").at("phases");
  const Json& decode = energy.at("decode");
  EXPECT_EQ(decode.at("by_status").at("billable"), 1);
  EXPECT_EQ(decode.at("scope"), "gpu");
  EXPECT_NEAR(decode.at("j_per_token").get<double>(), 200.0 / 250, 1e-3);
  EXPECT_NEAR(decode.at("usd_per_1M").get<double>(), 0.8e6 / 3.6e6 * 0.2, 1e-4);
  EXPECT_NEAR(decode.at("carbon_g_per_1M").get<double>(), 0.8e6 / 3.6e6 * 500, 0.2);
  const Json& prefill = energy.at("prefill");
  EXPECT_EQ(prefill.at("by_status").at("no_data"), 1);
  EXPECT_TRUE(prefill.at("j_per_token").is_null());
  EXPECT_TRUE(prefill.at("carbon_g_per_1M").is_null());
  EXPECT_EQ(prefill.at("reason"), "no_data");
  EXPECT_EQ(prefill.at("coverage"), 0);
}

TEST(ObservedEnergy, ASensorThatFailedItsTestOrAFakeIdleForbidsIt) {
  for (const bool response : {true, false}) {
    ObservedPriceInputs in = with_train();
    (response ? in.response_failed : in.fake_idle) = true;
    const Json decode = priced(events(), in).at("arms").at(0).at("energy").at("phases").at("decode");
    EXPECT_EQ(decode.at("reason"), "invalid");
    EXPECT_TRUE(decode.at("usd_per_1M").is_null());
  }
}

TEST(ObservedEnergy, WithoutATrainThereAreNoEvents) {
  const Json energy = priced(events(), inputs()).at("arms").at(0).at("energy");
  EXPECT_TRUE(energy.at("phases").empty());
  EXPECT_EQ(energy.at("reason"), "not_recorded");
}

}  // namespace
}  // namespace phasegate::policy
