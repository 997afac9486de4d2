#include "cli/observed_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace phasegate::cli {
namespace {

using core::Json;
using Rows = std::vector<std::vector<std::string>>;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string arm_name(const Json& arm) {
  std::string name;
  for (const char* key : {"backend", "model", "precision"}) {
    const std::string part = text_at(arm, key);
    if (!part.empty()) name += (name.empty() ? "" : "/") + part;
  }
  const auto batch = arm.at("batch").get<std::int64_t>();
  return batch == 1 ? name : name + fmt::format("/b{}", batch);
}

// The tiers that the document prices, in its own order.
std::vector<std::string> tiers_of(const Json& prices) {
  std::vector<std::string> tiers;
  for (const char* tier : {"on_demand", "spot", "reserved", "reserved_1yr", "reserved_3yr", "on_prem"}) {
    const bool priced = std::any_of(prices.at("arms").begin(), prices.at("arms").end(), [&](const Json& arm) {
      const Json& phases = arm.at("phases");
      return std::any_of(phases.begin(), phases.end(),
                         [&](const Json& phase) { return phase.at("usd_per_1M").contains(tier); });
    });
    if (priced) tiers.emplace_back(tier);
  }
  return tiers;
}

std::string price_line(const Json& prices) {
  const Json& pricing = prices.at("pricing");
  if (pricing.is_null()) return "no price: money is null; give --pricing FILE (docs/economics.md)\n";
  return fmt::format("price {}: {} USD an hour, {}, hardware {}{}\n", text_at(pricing, "id"),
                     amount_text(pricing.at("usd_per_hour")), text_at(pricing, "date"), text_at(pricing, "hardware_id"),
                     pricing.at("shadow").get<bool>() ? "  SHADOW: a planning price, not an invoice" : "");
}

std::string phases_table(const Json& prices, const std::vector<std::string>& tiers) {
  Rows rows = {{"arm", "phase", "tok/s", "s per 1M"}};
  rows[0].insert(rows[0].end(), tiers.begin(), tiers.end());
  rows[0].insert(rows[0].end(), {"rows", "why null"});
  for (const Json& arm : prices.at("arms")) {
    for (const auto& [name, phase] : arm.at("phases").items()) {
      std::vector<std::string> row = {arm_name(arm), name, amount_text(phase.at("tok_s")),
                                      amount_text(phase.at("seconds_per_1M"))};
      for (const std::string& tier : tiers) row.push_back(amount_text(phase.at("usd_per_1M").value(tier, Json())));
      row.push_back(amount_text(phase.at("rows")));
      row.push_back(text_at(phase, "reason"));
      rows.push_back(std::move(row));
    }
  }
  return "Prompt or generated tokens; USD per 1M of them in each tier:\n" + columns_text(rows);
}

std::string requests_table(const Json& prices, const std::vector<std::string>& tiers) {
  Rows rows = {{"arm", "prompt", "gen", "s"}};
  rows[0].insert(rows[0].end(), tiers.begin(), tiers.end());
  const std::string first = tiers.empty() ? "on_demand" : tiers.front();
  rows[0].insert(rows[0].end(), {"per 1M tokens", "mean of scenarios", "why null"});
  std::string of;
  bool uncached = false;
  for (const Json& arm : prices.at("arms")) {
    const Json& request = arm.at("request");
    if (request.is_null()) continue;
    of = text_at(request, "of");
    uncached = uncached || request.at("uncached").get<bool>();
    std::vector<std::string> row = {arm_name(arm), amount_text(request.at("prompt_tokens")),
                                    amount_text(request.at("gen_tokens")), amount_text(request.at("seconds"))};
    for (const std::string& tier : tiers) {
      const Json usd = request.at("usd").value(tier, Json());
      row.push_back(amount_text(usd.is_number() ? Json(usd.get<double>() * 1000) : usd));
    }
    row.push_back(amount_text(request.at("usd_per_1M_tokens").value(first, Json())));
    row.push_back(amount_text(request.at("mean_of_scenarios_usd_per_1M_tokens").value(first, Json())));
    row.push_back(text_at(request, "reason"));
    rows.push_back(std::move(row));
  }
  if (rows.size() == 1) return "";
  std::string text =
      fmt::format("\nRequests, expected over the {}; USD per 1,000 of them in each tier:\n{}", of, columns_text(rows));
  if (uncached)
    text += "Generation was uncached: every token computed the whole sequence again, which no server does.\n";
  return text;
}

// Energy of the phases of runs that kept their sensor's readings.
std::string energy_table(const Json& prices) {
  Rows rows = {{"arm", "phase", "events", "with energy", "J per token", "kWh per 1M", "USD per 1M", "gCO2e per 1M",
                "scope", "why null"}};
  for (const Json& arm : prices.at("arms")) {
    const Json phases = arm.at("energy").value("phases", Json::object());  // named: items() refers to it
    for (const auto& [name, phase] : phases.items()) {
      rows.push_back({arm_name(arm), name, amount_text(phase.at("events")),
                      fmt::format("{:.0f} %", phase.at("coverage").get<double>() * 100),
                      amount_text(phase.at("j_per_token")), amount_text(phase.at("kwh_per_1M")),
                      amount_text(phase.at("usd_per_1M")), amount_text(phase.at("carbon_g_per_1M")),
                      text_at(phase, "scope"), text_at(phase, "reason")});
    }
  }
  return rows.size() == 1 ? std::string()
                          : "\nEnergy from the sensor's readings, idle included:\n" + columns_text(rows);
}

std::string energy_lines(const Json& prices) {
  if (std::string table = energy_table(prices); !table.empty()) return table;
  std::int64_t recorded = 0;
  std::int64_t no_data = 0;
  for (const Json& arm : prices.at("arms")) {
    for (const auto& [status, n] : arm.at("energy").at("published_rule").items()) {
      recorded += n.get<std::int64_t>();
      if (status == "no_data") no_data += n.get<std::int64_t>();
    }
  }
  if (recorded == 0) return "\nEnergy: not recorded; energy cost and carbon are null.\n";
  return fmt::format(
      "\nEnergy: null. {} rows have a mean power and no readings: nobody can tell how often the sensor moved\n"
      "(updates_unknown). By the published rule, which counts polls, {} of {} rows are no_data.\n",
      recorded, no_data, recorded);
}

bool numeric(const std::string& cell) {
  return !cell.empty() && std::all_of(cell.begin(), cell.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-' || c == 'e' || c == '+';
  });
}

}  // namespace

std::string amount_text(const Json& value) {
  if (!value.is_number()) return "-";
  const double x = value.get<double>();
  if (!std::isfinite(x)) return "-";
  const double size = std::abs(x);
  if (size != 0 && (size < 1e-6 || size >= 1e15)) return fmt::format("{:.3e}", x);
  if (size >= 1000) {
    std::string digits = fmt::format("{:.0f}", size);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
      digits.insert(static_cast<std::size_t>(at), ",");
    return x < 0 ? "-" + digits : digits;
  }
  const int whole = size > 0 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 1;
  std::string text = fmt::format("{:.{}f}", x, std::max(0, 4 - whole));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

std::string columns_text(const Rows& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  std::vector<bool> shown;  // a column with a heading alone says nothing
  for (std::size_t r = 0; r < rows.size(); ++r) {
    widths.resize(std::max(widths.size(), rows[r].size()));
    right.resize(widths.size(), true);
    shown.resize(widths.size(), false);
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      widths[i] = std::max(widths[i], rows[r][i].size());
      if (r == 0) continue;
      right[i] = right[i] && numeric(rows[r][i]);
      shown[i] = shown[i] || !rows[r][i].empty();
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!shown[i]) continue;
      if (!line.empty()) line += "  ";
      line += right[i] ? fmt::format("{:>{}}", row[i], widths[i]) : fmt::format("{:<{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string observed_prices_text(const Json& prices) {
  const auto tiers = tiers_of(prices);
  std::string text = fmt::format("{}: imported; {} arms\n", text_at(prices, "run"), prices.at("arms").size());
  text += price_line(prices);
  for (const Json& warning : prices.at("warnings")) text += "warning: " + warning.get<std::string>() + "\n";
  text += "\n" + phases_table(prices, tiers) + requests_table(prices, tiers) + energy_lines(prices);
  return text;
}

}  // namespace phasegate::cli
