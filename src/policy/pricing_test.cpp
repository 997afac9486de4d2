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
