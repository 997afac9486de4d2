#include "policy/pricing.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"

namespace phasegate::policy {
namespace {

using core::ErrorKind;

constexpr const char* kExample = "data/pricing/example.yaml shows a complete document";
constexpr std::array<std::string_view, 8> kKeys = {"version",     "id",     "date",         "currency",
                                                   "hardware_id", "shadow", "usd_per_hour", "source"};
constexpr std::array<std::string_view, 3> kGroups = {"tiers", "on_prem", "electricity"};

core::Error wrong(const std::string& where, const std::string& key, const std::string& what) {
  return {ErrorKind::invalid_input, what, fmt::format("{}: {}", where, key), kExample};
}

template <class Names>
bool contains(const Names& names, const std::string& key) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

core::Status check_keys(const YAML::Node& root, const std::string& where) {
  if (!root.IsMap()) return core::fail(wrong(where, "document", "is not a map of keys"));
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    const bool group = contains(kGroups, key);
    if (!group && !contains(kKeys, key)) return core::fail(wrong(where, key, "unknown key"));
    if (!seen.insert(key).second) return core::fail(wrong(where, key, "key is there twice"));
    if (group ? !entry.second.IsMap() : !entry.second.IsScalar())
      return core::fail(wrong(where, key, group ? "is not a map of keys" : "is not a single value"));
  }
  for (const std::string_view key : kKeys) {
    if (!seen.contains(std::string(key))) return core::fail(wrong(where, std::string(key), "key is missing"));
  }
  return {};
}

// A group's keys: each known, once, a single value.
template <class Names>
core::Status check_group(const YAML::Node& group, const std::string& where, const std::string& name,
                         const Names& known) {
  std::set<std::string> seen;
  for (const auto& entry : group) {
    const std::string key = name + "." + entry.first.Scalar();
    if (!contains(known, entry.first.Scalar())) return core::fail(wrong(where, key, "unknown key"));
    if (!seen.insert(key).second) return core::fail(wrong(where, key, "key is there twice"));
    if (!entry.second.IsScalar()) return core::fail(wrong(where, key, "is not a single value"));
  }
  return {};
}

core::Result<double> number_at(const YAML::Node& group, const std::string& where, const std::string& name,
                               const char* key) {
  const YAML::Node node = group[key];
  if (!node) return core::fail(wrong(where, name + "." + key, "key is missing"));
  double value = 0;
  if (!YAML::convert<double>::decode(node, value) || !std::isfinite(value) || value < 0)
    return core::fail(wrong(where, name + "." + key, "is not a number of at least 0"));
  return value;
}

core::Status read_tiers(const YAML::Node& group, const std::string& where, Pricing& pricing) {
  constexpr std::array<std::string_view, 5> kTierKeys = {"spot", "reserved", "reserved_1yr", "reserved_3yr", "on_prem"};
  PHASEGATE_CHECK_OK(check_group(group, where, "tiers", kTierKeys));
  for (const auto& entry : group) {
    const std::string name = entry.first.Scalar();
    PHASEGATE_TRY(value, number_at(group, where, "tiers", name.c_str()));
    if (name == "on_prem") {
      pricing.warnings.push_back(fmt::format(
          "tiers.on_prem: {} USD an hour counts no capex; the tier stays null, give `on_prem: {{capex_usd, life_years, "
          "utilisation, watts, usd_per_kwh}}`",
          value));
      continue;
    }
    if (value == 0) return core::fail(wrong(where, "tiers." + name, "is not above 0"));
    pricing.usd_per_hour[*analysis::parse_tier(name)] = value;
  }
  return {};
}

core::Status read_on_prem(const YAML::Node& group, const std::string& where, Pricing& pricing) {
  constexpr std::array<std::string_view, 5> kOnPremKeys = {"capex_usd", "life_years", "utilisation", "watts",
                                                           "usd_per_kwh"};
  PHASEGATE_CHECK_OK(check_group(group, where, "on_prem", kOnPremKeys));
  PHASEGATE_TRY(capex, number_at(group, where, "on_prem", "capex_usd"));
  PHASEGATE_TRY(life, number_at(group, where, "on_prem", "life_years"));
  PHASEGATE_TRY(utilisation, number_at(group, where, "on_prem", "utilisation"));
  PHASEGATE_TRY(watts, number_at(group, where, "on_prem", "watts"));
  PHASEGATE_TRY(power_price, number_at(group, where, "on_prem", "usd_per_kwh"));
  pricing.on_prem = analysis::OnPrem{capex, life, utilisation, watts, power_price};
  const auto hour = analysis::on_prem_usd_per_hour(*pricing.on_prem);
  if (!hour) return core::fail(wrong(where, "on_prem." + hour.error().where, hour.error().what));
  pricing.usd_per_hour[analysis::Tier::on_prem] = *hour;
  return {};
}

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) {
    if (!digit(text[i])) return false;
  }
  const int month = (text[5] - '0') * 10 + (text[6] - '0');
  const int day = (text[8] - '0') * 10 + (text[9] - '0');
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

core::Status read_electricity(const YAML::Node& group, const std::string& where, Pricing& pricing) {
  constexpr std::array<std::string_view, 4> kElectricityKeys = {"usd_per_kwh", "carbon_g_per_kwh", "region", "date"};
  PHASEGATE_CHECK_OK(check_group(group, where, "electricity", kElectricityKeys));
  analysis::Electricity& electricity = pricing.electricity;
  if (group["usd_per_kwh"]) {
    PHASEGATE_TRY(value, number_at(group, where, "electricity", "usd_per_kwh"));
    electricity.usd_per_kwh = value;
  }
  if (!group["carbon_g_per_kwh"]) return {};
  PHASEGATE_TRY(carbon, number_at(group, where, "electricity", "carbon_g_per_kwh"));
  electricity.carbon_g_per_kwh = carbon;
  for (const char* key : {"region", "date"}) {
    if (!group[key] || group[key].Scalar().empty())
      return core::fail(
          wrong(where, fmt::format("electricity.{}", key), "a carbon intensity belongs to a region and a day"));
  }
  electricity.region = group["region"].Scalar();
  electricity.date = group["date"].Scalar();
  if (!is_date(electricity.date)) return core::fail(wrong(where, "electricity.date", "is not a day like 2026-01-15"));
  return {};
}

core::Status read_groups(const YAML::Node& root, const std::string& where, Pricing& pricing) {
  pricing.usd_per_hour[analysis::Tier::on_demand] = pricing.price.usd_per_hour;
  if (root["tiers"]) PHASEGATE_CHECK_OK(read_tiers(root["tiers"], where, pricing));
  if (root["on_prem"]) PHASEGATE_CHECK_OK(read_on_prem(root["on_prem"], where, pricing));
  if (root["electricity"]) PHASEGATE_CHECK_OK(read_electricity(root["electricity"], where, pricing));
  return {};
}

core::Result<Pricing> checked(Pricing pricing, const std::string& where) {
  const analysis::Pricing& price = pricing.price;
  if (price.id.empty()) return core::fail(wrong(where, "id", "is empty"));
  if (!is_date(price.date)) return core::fail(wrong(where, "date", "is not a day like 2026-01-15"));
  if (price.currency.size() != 3) return core::fail(wrong(where, "currency", "is not a code of three letters"));
  if (price.hardware_id.empty()) return core::fail(wrong(where, "hardware_id", "is empty"));
  if (price.hardware_id == "any" && !price.shadow) {
    return core::fail(
        wrong(where, "hardware_id", "a price that is paid belongs to hardware; 'any' needs shadow: true"));
  }
  if (!std::isfinite(price.usd_per_hour) || price.usd_per_hour <= 0) {
    return core::fail(wrong(where, "usd_per_hour", "is not above 0"));
  }
  return pricing;
}

}  // namespace

core::Result<Pricing> parse_pricing(std::string_view text, const std::string& where) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    PHASEGATE_CHECK_OK(check_keys(root, where));
    if (root["version"].Scalar() != "1") {
      return core::fail(wrong(where, "version", fmt::format("is {}; this program reads 1", root["version"].Scalar())));
    }
    Pricing pricing;
    pricing.price.id = root["id"].Scalar();
    pricing.price.date = root["date"].Scalar();
    pricing.price.currency = root["currency"].Scalar();
    pricing.price.hardware_id = root["hardware_id"].Scalar();
    pricing.price.source = root["source"].Scalar();
    if (!YAML::convert<bool>::decode(root["shadow"], pricing.price.shadow)) {
      return core::fail(wrong(where, "shadow", "is neither true nor false"));
    }
    if (!YAML::convert<double>::decode(root["usd_per_hour"], pricing.price.usd_per_hour)) {
      return core::fail(wrong(where, "usd_per_hour", "is not a number"));
    }
    PHASEGATE_CHECK_OK(read_groups(root, where, pricing));
    pricing.sha256 = core::sha256_hex(text);
    return checked(std::move(pricing), where);
  } catch (const YAML::Exception& error) {
    return core::fail(
        core::Error{ErrorKind::invalid_input, error.msg, fmt::format("{}:{}", where, error.mark.line + 1), kExample});
  }
}

core::Result<Pricing> load_pricing(const std::filesystem::path& path) {
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxMatrixBytes));
  return parse_pricing(text, path.string());
}

core::Json to_json(const Pricing& pricing) {
  core::Json json = {{"id", pricing.price.id},
                     {"date", pricing.price.date},
                     {"currency", pricing.price.currency},
                     {"hardware_id", pricing.price.hardware_id},
                     {"shadow", pricing.price.shadow},
                     {"usd_per_hour", core::finite_or_null(pricing.price.usd_per_hour)},
                     {"source", pricing.price.source},
                     {"sha256", pricing.sha256}};
  for (const analysis::Tier tier : analysis::kTiers) {
    if (tier != analysis::Tier::on_demand && pricing.usd_per_hour[tier])
      json["tiers"][std::string(to_string(tier))] = *pricing.usd_per_hour[tier];
  }
  const analysis::Electricity& electricity = pricing.electricity;
  if (electricity.usd_per_kwh) json["electricity"]["usd_per_kwh"] = *electricity.usd_per_kwh;
  if (electricity.carbon_g_per_kwh) {
    json["electricity"]["carbon_g_per_kwh"] = *electricity.carbon_g_per_kwh;
    json["electricity"]["region"] = electricity.region;
    json["electricity"]["date"] = electricity.date;
  }
  if (!pricing.warnings.empty()) json["warnings"] = pricing.warnings;
  return json;
}

std::optional<analysis::Pricing> price_of_tier(const Pricing& pricing, analysis::Tier tier) {
  if (!pricing.usd_per_hour[tier]) return std::nullopt;
  analysis::Pricing price = pricing.price;
  price.usd_per_hour = *pricing.usd_per_hour[tier];
  return price;
}

}  // namespace phasegate::policy
