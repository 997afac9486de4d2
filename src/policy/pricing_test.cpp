#include "policy/pricing.h"

#include <gtest/gtest.h>

#include "policy/decide.h"
#include "policy/fixture.h"

namespace phasegate::policy {
namespace {

constexpr const char* kGood =
    "version: 1\nid: x\ndate: \"2026-01-15\"\ncurrency: USD\nhardware_id: Example CPU\nshadow: false\n"
    "usd_per_hour: 0.36\nsource: invoice\n";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(Pricing, ExampleLoads) {
  const auto pricing = load_pricing(PHASEGATE_SOURCE_DIR "/data/pricing/example.yaml");
  ASSERT_TRUE(pricing) << pricing.error().message();
  EXPECT_TRUE(pricing->price.shadow);
  EXPECT_EQ(pricing->sha256.size(), 64U);
}

TEST(Pricing, WrongDocumentsNameTheKey) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {with("usd_per_hour: 0.36", "usd_per_hour: 0"), "usd_per_hour"},
      {with("usd_per_hour: 0.36", "usd_per_hour: -1"), "usd_per_hour"},
      {with("usd_per_hour: 0.36", "usd_per_hour: .nan"), "usd_per_hour"},
      {with("usd_per_hour: 0.36", "usd_per_hour: cheap"), "usd_per_hour"},
      {with("shadow: false", "shadow: perhaps"), "shadow"},
      {with("2026-01-15", "January"), "date"},
      {with("2026-01-15", "2026-13-15"), "date"},
      {with("currency: USD", "currency: dollars"), "currency"},
      {with("source: invoice", "sauce: invoice"), "sauce"},
      {with("source: invoice\n", ""), "source"},
      {with("source: invoice", "id: twice"), "id"},
      {with("hardware_id: Example CPU", "hardware_id: any"), "hardware_id"},
      {with("version: 1", "version: 2"), "version"},
      {"[1, 2]", "document"},
      {"a: [", "prices.yaml:1"},
  };
  for (const auto& [text, where] : rows) {
    const auto pricing = parse_pricing(text, "prices.yaml");
    ASSERT_FALSE(pricing) << text;
    EXPECT_EQ(pricing.error().kind, core::ErrorKind::invalid_input);
    EXPECT_NE(pricing.error().where.find(where), std::string::npos) << pricing.error().message();
  }
}

const std::string kTiered =
    std::string(kGood) +
    "tiers: {spot: 0.1, reserved_1yr: 0.25}\n"
    "on_prem: {capex_usd: 8766, life_years: 1, utilisation: 0.5, watts: 500, usd_per_kwh: 0.2}\n"
    "electricity: {usd_per_kwh: 0.2, carbon_g_per_kwh: 300, region: EU, date: \"2026-01-01\"}\n";

TEST(Pricing, TiersOnPremAndElectricity) {
  const auto pricing = parse_pricing(kTiered, "x");
  ASSERT_TRUE(pricing) << pricing.error().message();
  using analysis::Tier;
  EXPECT_EQ(pricing->usd_per_hour[Tier::on_demand], 0.36);
  EXPECT_EQ(pricing->usd_per_hour[Tier::spot], 0.1);
  EXPECT_NEAR(*pricing->usd_per_hour[Tier::on_prem], 2.1, 1e-12);
  EXPECT_FALSE(pricing->usd_per_hour[Tier::reserved_3yr]);
  EXPECT_EQ(pricing->electricity.carbon_g_per_kwh, 300);
  EXPECT_EQ(price_of_tier(*pricing, Tier::spot)->usd_per_hour, 0.1);
  EXPECT_FALSE(price_of_tier(*pricing, Tier::reserved_3yr));
  const core::Json json = to_json(*pricing);
  EXPECT_EQ(json.at("electricity").at("region"), "EU");
  EXPECT_EQ(json.at("tiers").size(), 3U);
  EXPECT_FALSE(to_json(*parse_pricing(kGood, "x")).contains("tiers"));
}

TEST(Pricing, OnPremWithoutItsCapexIsNullWithAWarning) {
  const auto pricing = parse_pricing(std::string(kGood) + "tiers: {on_prem: 0}\n", "x");
  ASSERT_TRUE(pricing) << pricing.error().message();
  EXPECT_FALSE(pricing->usd_per_hour[analysis::Tier::on_prem]);
  ASSERT_EQ(pricing->warnings.size(), 1U);
  EXPECT_NE(pricing->warnings[0].find("capex"), std::string::npos);
}

TEST(Pricing, WrongGroupsNameTheKey) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"tiers: {spott: 1}\n", "tiers.spott"},
      {"tiers: {spot: 0}\n", "tiers.spot"},
      {"tiers: {spot: -1}\n", "tiers.spot"},
      {"tiers: {spot: cheap}\n", "tiers.spot"},
      {"tiers: {spot: [1]}\n", "tiers.spot"},
      {"tiers: {spot: 1, spot: 2}\n", "tiers.spot"},
      {"tiers: 3\n", "tiers"},
      {"on_prem: {capex_usd: 1}\n", "on_prem.life_years"},
      {"on_prem: {capex_usd: 1, life_years: 1, utilisation: 2, watts: 1, usd_per_kwh: 1}\n", "on_prem.utilisation"},
      {"on_prem: {capex_usd: 0, life_years: 1, utilisation: 1, watts: 1, usd_per_kwh: 1}\n", "on_prem.capex_usd"},
      {"electricity: {carbon_g_per_kwh: 300, date: \"2026-01-01\"}\n", "electricity.region"},
      {"electricity: {carbon_g_per_kwh: 300, region: EU}\n", "electricity.date"},
      {"electricity: {carbon_g_per_kwh: 300, region: EU, date: May}\n", "electricity.date"},
      {"electricity: {usd_per_kwh: -1}\n", "electricity.usd_per_kwh"},
  };
  for (const auto& [text, where] : rows) {
    const auto pricing = parse_pricing(kGood + text, "prices.yaml");
    ASSERT_FALSE(pricing) << text;
    EXPECT_NE(pricing.error().where.find(where), std::string::npos) << pricing.error().message();
  }
}

core::Json first_cell(std::optional<Pricing> pricing) {
  DecideInputs inputs;
  inputs.runs.push_back(fixture::build(fixture::demo_run()));
  inputs.pricing = std::move(pricing);
  const auto policy = decide(inputs);
  EXPECT_TRUE(policy) << policy.error().message();
  return policy->economics.at("cells").at(0);
}

TEST(Economics, SecondsAndMoneyPerMillion) {
  const core::Json cell = first_cell(*parse_pricing(kGood, "x"));
  const double seconds = cell.at("decode").at("seconds_per_1M").get<double>();
  EXPECT_NEAR(seconds, 1e6 / 70.65, 1e6 / 70.65 * 0.03);
  EXPECT_NEAR(cell.at("decode").at("usd_per_1M").get<double>(), seconds / 3600 * 0.36, 1e-9);
  EXPECT_TRUE(cell.at("decode").at("reason").is_null());
  EXPECT_FALSE(cell.at("evidence").empty());
}

TEST(Economics, OtherTiersStandBesideTheMoney) {
  const core::Json cell = first_cell(*parse_pricing(kTiered, "x"));
  for (const char* key : {"prefill", "decode", "mix"}) {
    const core::Json& cost = cell.at(key);
    EXPECT_NEAR(cost.at("tiers").at("spot").get<double>(), cost.at("usd_per_1M").get<double>() / 0.36 * 0.1, 1e-9);
    EXPECT_EQ(cost.at("tiers").size(), 3U);
  }
  EXPECT_TRUE(cell.at("request").contains("tiers"));
  EXPECT_FALSE(first_cell(*parse_pricing(kGood, "x")).at("decode").contains("tiers"));
  std::string other = kTiered;
  other.replace(other.find("Example CPU"), 11, "Big GPU");
  EXPECT_FALSE(first_cell(*parse_pricing(other, "x")).at("decode").contains("tiers"));
}

TEST(Economics, NoPriceIsNullWithAReasonAndTimeRemains) {
  const core::Json cell = first_cell(std::nullopt);
  EXPECT_TRUE(cell.at("decode").at("usd_per_1M").is_null());
  EXPECT_EQ(cell.at("decode").at("reason"), "no_price");
  EXPECT_TRUE(cell.at("decode").at("seconds_per_1M").is_number());
  EXPECT_TRUE(cell.at("capacity").at("requests_per_s").is_number());
}

TEST(Economics, AnotherMachinesPriceIsRefusedAndAShadowPriceIsLabelled) {
  const auto other = parse_pricing(with("hardware_id: Example CPU", "hardware_id: Big GPU"), "x");
  const core::Json refused = first_cell(*other);
  EXPECT_TRUE(refused.at("decode").at("usd_per_1M").is_null());
  EXPECT_EQ(refused.at("decode").at("reason"), "price_of_other_hardware");
  const core::Json shadow = first_cell(*load_pricing(PHASEGATE_SOURCE_DIR "/data/pricing/example.yaml"));
  EXPECT_TRUE(shadow.at("decode").at("usd_per_1M").is_number());
  EXPECT_TRUE(shadow.at("decode").at("shadow").get<bool>());
}

}  // namespace
}  // namespace phasegate::policy
