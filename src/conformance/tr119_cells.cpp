// TR119's cells: measured, priced at the run's own prices, and the 42 fields of each row of cost_energy_summary.json.
#include <algorithm>

#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "conformance/series.h"
#include "conformance/tr119_cells.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

constexpr double kJoulesPerKwh = 3.6e6;

std::optional<double> mean_or_nothing(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return analysis::mean(values);
}

void choose_power(Tr119Cell& cell) {
  if (on_cpu(cell.backend)) {
    cell.power_w = cell.cpu_w.value_or(0);
    cell.power_source = cell.cpu_w ? "cpu" : "unknown";
  } else if (cell.gpu_w && *cell.gpu_w > 0) {
    cell.power_w = *cell.gpu_w;
    cell.power_source = "gpu";
  } else {
    cell.power_w = cell.cpu_w.value_or(0);
    cell.power_source = cell.cpu_w ? "cpu" : "unknown";
  }
}

void price(Tr119Cell& cell, const Prices& prices) {
  const double seconds = 1e6 / cell.tok_s;
  cell.kwh = cell.power_w * seconds / kJoulesPerKwh;
  cell.energy_usd = cell.kwh * prices.usd_per_kwh;
  cell.carbon_g = cell.kwh * prices.carbon_g_per_kwh;
  for (const auto& tier : prices.tiers) {
    cell.infra[tier.name] = seconds / 3600 * tier.usd_per_hour;
    cell.total[tier.name] = cell.infra[tier.name] + cell.energy_usd;
  }
}

void describe_measured(const RunData& run, const Tr119Cell& cell, const Rows& rows, const Rows& good, DerivedSet& out) {
  const auto name = name_of("latency", cell.backend, cell.scenario, cell.mode);
  const auto total = static_cast<double>(rows.size());
  const auto failed = total - static_cast<double>(good.size());
  out.number(run.id, name_of(name, "n_total"), total);
  out.number(run.id, name_of(name, "n_degraded"), failed);
  out.number(run.id, name_of(name, "degraded_rate"), failed / total);
  const auto rates = values_of(good, tok_s_of);
  out.number(run.id, name_of(name, "throughput_mean_tok_s"), analysis::mean(rates));
  out.number(run.id, name_of(name, "throughput_median_tok_s"), analysis::median(rates));
  out.number(run.id, name_of(name, "gpu_power_mean_watts"), cell.gpu_w, "no gpu power in the rows");
  out.number(run.id, name_of(name, "cpu_power_mean_watts"), cell.cpu_w, "no cpu power in the rows");
  for (const char* key : {"gpu_memory_mean_mb", "gpu_temperature_mean_c", "cpu_utilization_mean_pct"}) {
    const auto values = values_of(good, [key](const Observation& row) { return number_of(row, key); });
    out.number(run.id, name_of(name, key), mean_or_nothing(values), "not in the rows");
  }
  describe(out, run.id, name, values_of(good, latency_of));
}

std::optional<Tr119Cell> measure(const RunData& run, const std::string& key, const Rows& rows, DerivedSet& out) {
  Tr119Cell cell;
  cell.backend = rows.front()->backend;
  cell.scenario = rows.front()->scenario;
  cell.mode = tr119_mode(*rows.front());
  Rows good;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(good), [](const auto* row) { return row->usable(); });
  const auto rates = values_of(good, tok_s_of);
  if (rates.empty()) {
    out.absent(run.id, name_of("latency", key, "throughput_mean_tok_s"), "every row is degraded");
    return std::nullopt;
  }
  cell.tok_s = analysis::mean(rates);
  cell.latency_ms = analysis::mean(values_of(good, latency_of));
  const auto power = [](std::optional<double> evidence::PowerAggregate::* field) {
    return [field](const Observation& row) { return row.power ? (*row.power).*field : std::nullopt; };
  };
  cell.gpu_w = mean_or_nothing(values_of(good, power(&evidence::PowerAggregate::gpu_mean_w)));
  cell.cpu_w = mean_or_nothing(values_of(good, power(&evidence::PowerAggregate::cpu_mean_w)));
  cell.gpu_memory_mb =
      mean_or_nothing(values_of(good, [](const Observation& row) { return number_of(row, "gpu_memory_mean_mb"); }));
  choose_power(cell);
  describe_measured(run, cell, rows, good, out);
  return cell;
}

// The 42 fields of a row of cost_energy_summary.json.
void write_cost_row(const RunData& run, const Tr119Cell& cell, const Prices& prices, DerivedSet& out) {
  const auto name = [&](const std::string& field) {
    return name_of("cost", cell.backend, cell.scenario, cell.mode, field);
  };
  const double tok_per_hour = cell.tok_s * 3600;
  out.number(run.id, name("throughput_mean_tok_s"), cell.tok_s);
  out.number(run.id, name("gpu_power_mean_watts"), cell.gpu_w, "no gpu power in the rows");
  out.number(run.id, name("cpu_power_mean_watts"), cell.cpu_w, "no cpu power in the rows");
  out.number(run.id, name("power_mean_watts"), cell.power_w);
  out.text(run.id, name("power_source"), cell.power_source);
  out.number(run.id, name("latency_mean_ms"), cell.latency_ms);
  out.number(run.id, name("gpu_memory_mean_mb"), cell.gpu_memory_mb, "no gpu memory in the rows");
  out.number(run.id, name("gpu_hours_per_1m_tokens"), 1e6 / tok_per_hour);
  out.number(run.id, name("energy_j_per_token"), cell.power_w / cell.tok_s);
  out.number(run.id, name("energy_kwh_per_1m_tokens"), cell.kwh);
  out.number(run.id, name("energy_cost_usd_per_1m_tokens"), cell.energy_usd);
  out.number(run.id, name("carbon_gco2e_per_1m_tokens"), cell.carbon_g);
  if (cell.gpu_memory_mb) out.number(run.id, name("memory_efficiency_tokens_per_mb"), cell.tok_s / *cell.gpu_memory_mb);
  out.number(run.id, name("compute_efficiency_tokens_per_ms"), cell.tok_s / cell.latency_ms);
  for (const auto& tier : prices.tiers) {
    const double total = cell.total.at(tier.name);
    const double per_hour = total / 1e6 * tok_per_hour;
    out.number(run.id, name("infra_cost_usd_per_1m_tokens_" + tier.name), cell.infra.at(tier.name));
    out.number(run.id, name("total_cost_usd_per_1m_tokens_" + tier.name), total);
    out.number(run.id, name("cost_per_hour_usd_" + tier.name), per_hour);
    out.number(run.id, name("tokens_per_dollar_" + tier.name), tok_per_hour / per_hour);
  }
}

}  // namespace

std::string tr119_mode(const Observation& row) { return std::string(mode_name(row.window)); }

bool on_cpu(const std::string& backend) {
  return backend.find("cpu") != std::string::npos && backend.find("gpu") == std::string::npos;
}

std::optional<Prices> prices_of(const core::Json& config) {
  const auto* cloud = at(config, {"cloud_pricing"});
  if (cloud == nullptr) return std::nullopt;
  const auto on_demand = number_at(*cloud, {"on_demand_usd_per_hour"});
  const auto kwh = number_at(config, {"energy", "usd_per_kwh"});
  const auto carbon = number_at(config, {"energy", "carbon_intensity_gco2e_per_kwh"});
  if (!on_demand || !kwh || !carbon) return std::nullopt;
  const auto price = [&](const char* key) { return number_at(*cloud, {key}); };
  Prices prices;
  const double spot = price("spot_usd_per_hour").value_or(0.3 * *on_demand);
  const auto one_year = price("reserved_1yr_usd_per_hour");
  const double reserved = price("reserved_usd_per_hour").value_or(one_year.value_or(0.6 * *on_demand));
  prices.tiers = {{"on_demand", *on_demand}, {"spot", spot}, {"reserved", reserved}};
  prices.tiers.push_back({"reserved_1yr", one_year.value_or(reserved)});
  prices.tiers.push_back({"reserved_3yr", price("reserved_3yr_usd_per_hour").value_or(reserved)});
  prices.tiers.push_back({"on_prem", price("on_prem_usd_per_hour").value_or(0)});
  prices.usd_per_kwh = *kwh;
  prices.carbon_g_per_kwh = *carbon;
  if (const auto* providers = at(*cloud, {"providers"}); providers != nullptr && providers->is_object()) {
    for (const auto& [name, value] : providers->items())
      if (const auto usd = number_at(value, {"on_demand_usd_per_hour"})) prices.providers[name] = *usd;
  }
  return prices;
}

std::vector<Tr119Cell> tr119_cells(const RunData& run, const std::optional<Prices>& prices, DerivedSet& out) {
  Rows all;
  for (const auto& row : run.rows) all.push_back(&row);
  std::vector<Tr119Cell> cells;
  for (const auto& [key, rows] :
       cells_of(all, [](const Observation& row) { return name_of(row.backend, row.scenario, tr119_mode(row)); })) {
    auto cell = measure(run, key, rows, out);
    if (!cell || !prices) continue;
    price(*cell, *prices);
    write_cost_row(run, *cell, *prices, out);
    cells.push_back(std::move(*cell));
  }
  return cells;
}

Tr119Groups by_backend(const std::vector<Tr119Cell>& cells, const std::string& mode) {
  Tr119Groups groups;
  for (const auto& cell : cells)
    if (mode.empty() || cell.mode == mode) groups[cell.backend].push_back(&cell);
  return groups;
}

}  // namespace phasegate::conformance
