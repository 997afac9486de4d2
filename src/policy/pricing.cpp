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

core::Error wrong(const std::string& where, const std::string& key, const std::string& what) {
  return {ErrorKind::invalid_input, what, fmt::format("{}: {}", where, key), kExample};
}

core::Status check_keys(const YAML::Node& root, const std::string& where) {
  if (!root.IsMap()) return core::fail(wrong(where, "document", "is not a map of keys"));
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) return core::fail(wrong(where, key, "unknown key"));
    if (!seen.insert(key).second) return core::fail(wrong(where, key, "key is there twice"));
    if (!entry.second.IsScalar()) return core::fail(wrong(where, key, "is not a single value"));
  }
  for (const std::string_view key : kKeys) {
    if (!seen.contains(std::string(key))) return core::fail(wrong(where, std::string(key), "key is missing"));
  }
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
  return {{"id", pricing.price.id},
          {"date", pricing.price.date},
          {"currency", pricing.price.currency},
          {"hardware_id", pricing.price.hardware_id},
          {"shadow", pricing.price.shadow},
          {"usd_per_hour", core::finite_or_null(pricing.price.usd_per_hour)},
          {"source", pricing.price.source},
          {"sha256", pricing.sha256}};
}

}  // namespace phasegate::policy
