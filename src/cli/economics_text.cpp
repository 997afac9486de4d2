// policy.economics for people.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/observed_text.h"

namespace phasegate::cli {
namespace {

using core::Json;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The tiers beside on_demand that any cell is priced in.
std::vector<std::string> tiers_of(const Json& cells) {
  std::vector<std::string> tiers;
  for (const char* tier : {"spot", "reserved", "reserved_1yr", "reserved_3yr", "on_prem"}) {
    const bool priced = std::any_of(cells.begin(), cells.end(), [&](const Json& cell) {
      return cell.at("request").contains("tiers") && cell.at("request").at("tiers").contains(tier);
    });
    if (priced) tiers.emplace_back(tier);
  }
  return tiers;
}

std::string thousandfold(const Json& usd) {
  return amount_text(usd.is_number() ? Json(usd.get<double>() * 1000) : Json(nullptr));
}

std::string cells_table(const Json& cells) {
  const auto tiers = tiers_of(cells);
  std::vector<std::vector<std::string>> rows = {
      {"candidate", "shape", "prompt USD/1M", "gen USD/1M", "request s", "requests/s", "USD per 1k requests"}};
  rows[0].insert(rows[0].end(), tiers.begin(), tiers.end());
  rows[0].emplace_back("why null");
  for (const Json& cell : cells) {
    const Json& request = cell.at("request");
    std::vector<std::string> row = {text_at(cell, "candidate"),
                                    text_at(cell, "scenario"),
                                    amount_text(cell.at("prefill").at("usd_per_1M")),
                                    amount_text(cell.at("decode").at("usd_per_1M")),
                                    amount_text(request.at("seconds")),
                                    amount_text(cell.at("capacity").at("requests_per_s")),
                                    thousandfold(request.at("usd"))};
    for (const std::string& tier : tiers)
      row.push_back(request.contains("tiers") ? thousandfold(request.at("tiers").value(tier, Json())) : "-");
    row.push_back(text_at(request, "reason"));
    rows.push_back(std::move(row));
  }
  return columns_text(rows);
}

std::string workload_table(const Json& workload) {
  if (workload.empty()) return "";
  std::vector<std::vector<std::string>> rows = {
      {"candidate", "request s", "USD per 1k requests", "USD/1M tokens", "mean of scenarios", "why null"}};
  for (const Json& line : workload) {
    const Json& request = line.at("request");
    rows.push_back({text_at(line, "candidate"), amount_text(request.at("seconds")), thousandfold(request.at("usd")),
                    amount_text(line.at("mix").at("usd_per_1M")),
                    amount_text(line.at("mean_of_scenarios").at("usd_per_1M")), text_at(request, "reason")});
  }
  return "\nThe workload, expected over its mix:\n" + columns_text(rows);
}

}  // namespace

std::string economics_text(const Json& economics) {
  const Json& pricing = economics.at("pricing");
  std::string text = "no price: money is null; give --pricing FILE (docs/economics.md)\n";
  if (!pricing.is_null()) {
    text =
        fmt::format("price {}: {} USD an hour, {}, hardware {}{}\n", text_at(pricing, "id"),
                    amount_text(pricing.at("usd_per_hour")), text_at(pricing, "date"), text_at(pricing, "hardware_id"),
                    pricing.value("shadow", false) ? "  SHADOW: a planning price, not an invoice" : "");
  }
  return text + "\n" + cells_table(economics.at("cells")) + workload_table(economics.at("workload"));
}

}  // namespace phasegate::cli
