// A dated pricing document: what an hour of a machine costs. Read from YAML or JSON (data/pricing/example.yaml):
//   version: 1
//   id: example-2026-01
//   date: "2026-01-15"          the day on which the price was true
//   currency: USD
//   hardware_id: "any"          text that must occur in the run's cpu_model or gpu; "any" only with a shadow price
//   shadow: true                a planning price, not an invoice; every number made from it says so
//   usd_per_hour: 0.20
//   source: "where the number comes from"
// Unknown or missing keys, wrong types, negative or zero prices are errors that name the key.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "analysis/economics.h"
#include "core/json.h"
#include "core/result.h"

namespace phasegate::policy {

struct Pricing {
  analysis::Pricing price;
  std::string sha256;  // of the document's bytes
};

[[nodiscard]] core::Result<Pricing> load_pricing(const std::filesystem::path& path);
// The same from text; `where` is what errors name.
[[nodiscard]] core::Result<Pricing> parse_pricing(std::string_view text, const std::string& where);
[[nodiscard]] core::Json to_json(const Pricing& pricing);

}  // namespace phasegate::policy
