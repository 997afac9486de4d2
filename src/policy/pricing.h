// A dated pricing document: what an hour of a machine costs. Read from YAML or JSON (data/pricing/example.yaml):
//   version: 1
//   id: example-2026-01
//   date: "2026-01-15"          the day on which the price was true
//   currency: USD
//   hardware_id: "any"          text that must occur in the run's cpu_model or gpu; "any" only with a shadow price
//   shadow: true                a planning price, not an invoice; every number made from it says so
//   usd_per_hour: 0.20
//   source: "where the number comes from"
// and, where they are known:
//   tiers: {spot: 0.06, reserved_1yr: 0.14, reserved_3yr: 0.10}      USD an hour; on_demand is usd_per_hour
//   on_prem: {capex_usd: 2400, life_years: 4, utilisation: 0.5, watts: 350, usd_per_kwh: 0.20}
//   electricity: {usd_per_kwh: 0.20, carbon_g_per_kwh: 300, region: EU, date: "2026-01-01"}
// Unknown or missing keys, wrong types, negative or zero prices are errors that name the key. An on_prem tier needs its
// capex: a bare `on_prem: 0` in tiers is what TR119 did, and stays null with a warning.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/cost_energy.h"
#include "analysis/economics.h"
#include "analysis/energy_use.h"
#include "analysis/investment.h"
#include "core/json.h"
#include "core/result.h"

namespace phasegate::policy {

struct Pricing {
  analysis::Pricing price;
  analysis::PerTier<std::optional<double>> usd_per_hour;  // on_demand and the tiers that are given
  std::optional<analysis::OnPrem> on_prem;                // usd_per_hour[on_prem] is made from it
  analysis::Electricity electricity;
  std::vector<std::string> warnings;
  std::string sha256;  // of the document's bytes
};

[[nodiscard]] core::Result<Pricing> load_pricing(const std::filesystem::path& path);
// The same from text; `where` is what errors name.
[[nodiscard]] core::Result<Pricing> parse_pricing(std::string_view text, const std::string& where);
[[nodiscard]] core::Json to_json(const Pricing& pricing);  // what the document does not give is left out

// The same price with another tier's hour; nullopt when the document does not give it.
[[nodiscard]] std::optional<analysis::Pricing> price_of_tier(const Pricing& pricing, analysis::Tier tier);

}  // namespace phasegate::policy
