#include "analysis/cost_energy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>

#include "analysis/energy_use.h"
#include "analysis/moments.h"

namespace phasegate::analysis {
namespace {

constexpr double kMillion = 1e6;
constexpr double kSecondsPerHour = 3600;
constexpr double kJoulesPerKwh = 3.6e6;

using Optional = std::optional<double>;

bool positive(double x) { return std::isfinite(x) && x > 0; }

// Mean of the values that are there; null when none is.
template <class Items, class Get>
Optional mean_present(const Items& items, Get get) {
  std::vector<double> values;
  for (const auto& item : items) {
    if (const Optional value = get(item)) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return mean(values);
}

// Mean that is null as soon as one value is.
template <class Items, class Get>
Optional mean_all(const Items& items, Get get) {
  std::vector<double> values;
  for (const auto& item : items) {
    const Optional value = get(item);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return mean(values);
}

void choose_power(CostRow& row) {
  const bool cpu = is_cpu_backend(row.backend);
  row.scope = cpu ? EnergyScope::cpu_package : EnergyScope::gpu;
  if (!cpu && row.gpu_power_w && *row.gpu_power_w > 0) {
    row.power_w = row.gpu_power_w;
    row.power_source = "gpu";
    return;
  }
  if (row.cpu_power_w || row.cpu_estimated_w) {
    row.power_source = row.cpu_power_w ? "cpu" : "cpu_estimated";
    row.power_w = row.cpu_power_w ? row.cpu_power_w : row.cpu_estimated_w;
    row.scope = EnergyScope::cpu_package;
    return;
  }
  row.power_source = "unknown";
}

// Why the cell's energy may not be used under the gate; empty = it may.
std::string gate_reason(const CostRow& row, EnergyGate gate) {
  if (!row.power_w) return "no_power";
  if (gate == EnergyGate::published) return "";
  if (!has_energy(row.published_rule)) return std::string(to_string(row.published_rule));
  return gate == EnergyGate::ours ? std::string(to_string(EnergyReason::updates_unknown)) : std::string();
}

void add_energy(CostRow& row, const CostAssumptions& assumptions, EnergyGate gate) {
  row.energy_reason = gate_reason(row, gate);
  if (!row.energy_reason.empty()) return;
  const double joules = *row.power_w * (kMillion / row.tok_s);
  row.energy_j_per_token = joules / kMillion;
  row.energy_kwh_per_1m = joules / kJoulesPerKwh;
  if (assumptions.usd_per_kwh) row.energy_usd_per_1m = *row.energy_kwh_per_1m * *assumptions.usd_per_kwh;
  if (assumptions.carbon_g_per_kwh) row.carbon_g_per_1m = *row.energy_kwh_per_1m * *assumptions.carbon_g_per_kwh;
}

void add_tiers(CostRow& row, const CostAssumptions& assumptions) {
  for (const Tier tier : kTiers) {
    TierCost& cost = row.tiers[tier];
    if (!assumptions.usd_per_hour[tier]) continue;
    cost.infra_usd_per_1m = row.gpu_hours_per_1m * *assumptions.usd_per_hour[tier];
    if (!row.energy_usd_per_1m) continue;
    cost.total_usd_per_1m = *cost.infra_usd_per_1m + *row.energy_usd_per_1m;
    cost.usd_per_hour = *cost.total_usd_per_1m / kMillion * row.tokens_per_hour();
    if (*cost.usd_per_hour > 0) cost.tokens_per_dollar = row.tokens_per_hour() / *cost.usd_per_hour;
  }
}

CostRow cell_of(std::span<const CostRun* const> runs, const CostAssumptions& assumptions, EnergyGate gate) {
  CostRow row;
  row.backend = runs.front()->backend;
  row.scenario = runs.front()->scenario;
  row.mode = runs.front()->mode;
  row.tok_s = *mean_present(runs, [](const CostRun* r) { return Optional(r->tok_s); });
  row.latency_ms = *mean_present(runs, [](const CostRun* r) { return Optional(r->latency_ms); });
  row.gpu_power_w = mean_present(runs, [](const CostRun* r) { return r->gpu_power_w; });
  row.cpu_power_w = mean_present(runs, [](const CostRun* r) { return r->cpu_power_w; });
  row.cpu_estimated_w = mean_present(runs, [](const CostRun* r) { return r->cpu_estimated_w; });
  row.gpu_memory_mb = mean_present(runs, [](const CostRun* r) { return r->gpu_memory_mb; });
  row.published_rule = EnergyStatus::good;
  for (const CostRun* run : runs) {
    const EnergyStatus status = judge_aggregate(run->power_samples, std::nullopt, std::nullopt).published_rule;
    row.published_rule = std::min(row.published_rule, status);
    row.runs_no_data += status == EnergyStatus::no_data ? 1 : 0;
    ++row.runs;
  }
  row.gpu_hours_per_1m = kMillion / row.tokens_per_hour();
  if (row.gpu_memory_mb && *row.gpu_memory_mb > 0) row.memory_efficiency = row.tok_s / *row.gpu_memory_mb;
  row.compute_efficiency = row.tok_s / row.latency_ms;
  choose_power(row);
  add_energy(row, assumptions, gate);
  add_tiers(row, assumptions);
  return row;
}

using Cells = std::vector<const CostRow*>;

std::map<std::string, Cells> by_backend(std::span<const CostRow> rows, std::string_view mode) {
  std::map<std::string, Cells> groups;
  for (const CostRow& row : rows) {
    if (mode.empty() || row.mode == mode) groups[row.backend].push_back(&row);
  }
  return groups;
}

}  // namespace

std::string_view to_string(Tier tier) {
  constexpr std::array<std::string_view, 6> kNames = {"on_demand",    "spot",         "reserved",
                                                      "reserved_1yr", "reserved_3yr", "on_prem"};
  return kNames[static_cast<std::size_t>(tier)];
}

std::optional<Tier> parse_tier(std::string_view text) {
  for (const Tier tier : kTiers) {
    if (to_string(tier) == text) return tier;
  }
  return std::nullopt;
}

bool is_cpu_backend(std::string_view backend) {
  return backend.find("cpu") != std::string_view::npos && backend.find("gpu") == std::string_view::npos;
}

std::vector<CostRow> cost_rows(std::span<const CostRun> runs, const CostAssumptions& assumptions, EnergyGate gate) {
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<const CostRun*>> cells;
  for (const CostRun& run : runs) {
    if (positive(run.tok_s) && positive(run.latency_ms)) {
      cells[{run.backend, run.scenario, run.mode}].push_back(&run);
    }
  }
  std::vector<CostRow> rows;
  rows.reserve(cells.size());
  for (const auto& [key, members] : cells) rows.push_back(cell_of(members, assumptions, gate));
  return rows;
}

std::vector<BackendCost> backend_costs(std::span<const CostRow> rows, std::string_view mode) {
  std::vector<BackendCost> costs;
  for (const auto& [backend, cells] : by_backend(rows, mode)) {
    BackendCost cost;
    cost.backend = backend;
    cost.mode = mode;
    cost.tok_s = mean_all(cells, [](const CostRow* r) { return Optional(r->tok_s); });
    cost.latency_ms = mean_all(cells, [](const CostRow* r) { return Optional(r->latency_ms); });
    cost.power_w = mean_all(cells, [](const CostRow* r) { return r->power_w; });
    for (const Tier tier : kTiers) {
      cost.infra_usd_per_1m[tier] = mean_all(cells, [&](const CostRow* r) { return r->tiers[tier].infra_usd_per_1m; });
      cost.total_usd_per_1m[tier] = mean_all(cells, [&](const CostRow* r) { return r->tiers[tier].total_usd_per_1m; });
    }
    cost.energy_usd_per_1m = mean_all(cells, [](const CostRow* r) { return r->energy_usd_per_1m; });
    cost.kwh_per_1m = mean_all(cells, [](const CostRow* r) { return r->energy_kwh_per_1m; });
    cost.carbon_g_per_1m = mean_all(cells, [](const CostRow* r) { return r->carbon_g_per_1m; });
    cost.tokens_per_kwh = mean_all(cells, [](const CostRow* r) {
      const bool known = r->energy_kwh_per_1m && *r->energy_kwh_per_1m > 0;
      return known ? Optional(kMillion / *r->energy_kwh_per_1m) : std::nullopt;
    });
    costs.push_back(std::move(cost));
  }
  return costs;
}

std::vector<RequestCost> request_costs(std::span<const CostRow> rows, const CostAssumptions& assumptions) {
  const auto generate = by_backend(rows, "generate");
  std::vector<RequestCost> costs;
  for (const auto& [backend, prefill_cells] : by_backend(rows, "prefill")) {
    const auto found = generate.find(backend);
    if (found == generate.end()) continue;
    const auto tok_s = [](const CostRow* r) { return Optional(r->tok_s); };
    // Power that the gate did not let through is no power.
    const auto power = [](const CostRow* r) { return r->energy_reason.empty() ? r->power_w : std::nullopt; };
    RequestCost cost;
    cost.backend = backend;
    cost.prefill_s = assumptions.prompt_tokens / *mean_all(prefill_cells, tok_s);
    cost.generate_s = assumptions.generate_tokens / *mean_all(found->second, tok_s);
    const Optional prefill_w = mean_all(prefill_cells, power);
    const Optional generate_w = mean_all(found->second, power);
    if (prefill_w && generate_w)
      cost.kwh = (*prefill_w * cost.prefill_s + *generate_w * cost.generate_s) / kJoulesPerKwh;
    if (const auto& price = assumptions.usd_per_hour[Tier::on_demand])
      cost.infra_usd = (cost.prefill_s + cost.generate_s) / kSecondsPerHour * *price;
    if (cost.kwh && assumptions.usd_per_kwh) cost.energy_usd = *cost.kwh * *assumptions.usd_per_kwh;
    if (cost.infra_usd && cost.energy_usd) cost.total_usd = *cost.infra_usd + *cost.energy_usd;
    costs.push_back(std::move(cost));
  }
  return costs;
}

}  // namespace phasegate::analysis
