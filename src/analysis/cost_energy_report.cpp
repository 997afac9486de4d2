// Validation rules and the published document shapes of cost_energy.h.
#include <algorithm>
#include <array>

#include "analysis/cost_energy.h"
#include "analysis/investment.h"

namespace phasegate::analysis {
namespace {

using core::Json;

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

std::string place(const CostRow& row) { return row.backend + "/" + row.scenario + "/" + row.mode; }

void check_row(const CostRow& row, const CostAssumptions& assumptions, CostValidation& result) {
  const auto issue = [&](const char* what) { result.issues.push_back(place(row) + ": " + what); };
  const auto warning = [&](const char* what) { result.warnings.push_back(place(row) + ": " + what); };
  const bool cpu = is_cpu_backend(row.backend);
  for (const Tier tier : kTiers) {
    const TierCost& cost = row.tiers[tier];
    if (cost.infra_usd_per_1m && *cost.infra_usd_per_1m < 0) issue("negative infrastructure cost");
    if (cost.total_usd_per_1m && *cost.total_usd_per_1m < 0) issue("negative total cost");
    if (cost.infra_usd_per_1m && *cost.infra_usd_per_1m > 1000) warning("infrastructure above 1000 USD per 1M tokens");
    if (cost.total_usd_per_1m && *cost.total_usd_per_1m > 2000) warning("total above 2000 USD per 1M tokens");
  }
  if (row.energy_usd_per_1m && *row.energy_usd_per_1m < 0) issue("negative energy cost");
  if (cpu && assumptions.require_cpu_power && row.power_source != "cpu") issue("no measured CPU power");
  if (!row.power_w && !cpu) issue("no measured power");
  if (row.power_w && *row.power_w < 0) issue("negative power");
  const auto& on_demand = row.tiers[Tier::on_demand].infra_usd_per_1m;
  if (row.energy_usd_per_1m && on_demand && *row.energy_usd_per_1m > 2 * *on_demand)
    warning("energy costs more than twice the infrastructure");
  if (row.power_w && *row.power_w > 500) warning("power above 500 W");
  if (row.power_w && !cpu && *row.power_w < 5) warning("power of a GPU backend below 5 W");
  if (row.energy_j_per_token && *row.energy_j_per_token > 1) warning("more than 1 J a token");
}

Json breakdown_json(const BackendCost& cost) {
  Json json = {{"infra_cost_usd_per_1m", number(cost.infra_usd_per_1m[Tier::on_demand])},
               {"energy_cost_usd_per_1m", number(cost.energy_usd_per_1m)},
               {"total_cost_usd_per_1m", number(cost.total_usd_per_1m[Tier::on_demand])},
               {"infra_pct", nullptr},
               {"energy_pct", nullptr}};
  const auto& total = cost.total_usd_per_1m[Tier::on_demand];
  if (total && *total > 0) {
    json["infra_pct"] = *cost.infra_usd_per_1m[Tier::on_demand] / *total * 100;
    json["energy_pct"] = *cost.energy_usd_per_1m / *total * 100;
  }
  return json;
}

Json roi_json(const BackendCost& cost, const CostAssumptions& assumptions) {
  Json json;
  const auto& base = cost.total_usd_per_1m[Tier::on_demand];
  json["on_demand_cost"] = number(base);
  const double millions = assumptions.tokens_per_month / 1e6 * assumptions.months;
  std::optional<Tier> best;
  for (const Tier tier : {Tier::on_demand, Tier::spot, Tier::reserved}) {
    const auto& total = cost.total_usd_per_1m[tier];
    const std::string name(to_string(tier));
    json[name + "_cost"] = number(total);
    if (total && (!best || *total < *cost.total_usd_per_1m[*best])) best = tier;
    if (tier == Tier::on_demand) continue;
    const bool known = base && total;
    json[name + "_savings_pct"] = known ? number(savings_percent(*base, *total)) : Json(nullptr);
    json[name + "_savings_usd"] = known ? Json((*base - *total) * millions) : Json(nullptr);
  }
  json["best_tier"] = best ? Json(to_string(*best)) : Json(nullptr);
  json["best_cost"] = best ? number(cost.total_usd_per_1m[*best]) : Json(nullptr);
  return json;
}

Json tco_json(const BackendCost& cost, const CostAssumptions& assumptions) {
  const double millions = assumptions.tokens_per_month / 1e6;
  const auto over = [&](const std::optional<double>& per_1m, double factor) {
    return per_1m ? Json(*per_1m * factor) : Json(nullptr);
  };
  const auto& total = cost.total_usd_per_1m[Tier::on_demand];
  const double months = assumptions.months;
  Json json = {{"infra_cost_usd", over(cost.infra_usd_per_1m[Tier::on_demand], millions * months)},
               {"energy_cost_usd", over(cost.energy_usd_per_1m, millions * months)},
               {"upfront_cost_usd", assumptions.upfront_usd},
               {"cost_per_month_usd", over(total, millions)},
               {"cost_per_1m_tokens_usd", number(total)},
               {"total_cost_usd", nullptr}};
  if (total) json["total_cost_usd"] = assumptions.upfront_usd + *total * millions * months;
  return json;
}

Json amortisation_json(const BackendCost& cost, const CostAssumptions& assumptions) {
  const auto& total = cost.total_usd_per_1m[Tier::on_demand];
  Json json = {{"cost_per_1m_tokens", number(total)},
               {"cost_per_month", nullptr},
               {"upfront_cost", assumptions.upfront_usd},
               {"break_even_months", nullptr}};
  if (!total) return json;
  const double month = *total * assumptions.tokens_per_month / 1e6;
  json["cost_per_month"] = month;
  if (assumptions.upfront_usd > 0)
    json["break_even_months"] = number(legacy_break_even_months(assumptions.upfront_usd, month, kConformanceOnly));
  for (const int months : {1, 3, 6, 12, 24})
    json["total_cost_month_" + std::to_string(months)] = assumptions.upfront_usd + month * months;
  return json;
}

Json carbon_json(std::span<const BackendCost> costs) {
  Json by_backend = Json::object();
  const BackendCost* lowest = nullptr;
  const BackendCost* highest = nullptr;
  bool complete = !costs.empty();
  for (const BackendCost& cost : costs) {
    by_backend[cost.backend] = number(cost.carbon_g_per_1m);
    complete = complete && cost.carbon_g_per_1m.has_value();
    if (!complete) continue;
    if (lowest == nullptr || *cost.carbon_g_per_1m < *lowest->carbon_g_per_1m) lowest = &cost;
    if (highest == nullptr || *cost.carbon_g_per_1m > *highest->carbon_g_per_1m) highest = &cost;
  }
  Json json = {{"by_backend", std::move(by_backend)}, {"lowest_carbon_backend", nullptr},
               {"lowest_carbon_gco2e", nullptr},      {"highest_carbon_backend", nullptr},
               {"highest_carbon_gco2e", nullptr},     {"carbon_range_gco2e", nullptr}};
  if (!complete) return json;  // a ranking of those that happen to be known is none
  json["lowest_carbon_backend"] = lowest->backend;
  json["lowest_carbon_gco2e"] = *lowest->carbon_g_per_1m;
  json["highest_carbon_backend"] = highest->backend;
  json["highest_carbon_gco2e"] = *highest->carbon_g_per_1m;
  json["carbon_range_gco2e"] = *highest->carbon_g_per_1m - *lowest->carbon_g_per_1m;
  return json;
}

Json request_json(const RequestCost& cost, const CostAssumptions& assumptions) {
  return {{"prompt_tokens", assumptions.prompt_tokens},
          {"generate_tokens", assumptions.generate_tokens},
          {"time_prefill_s", cost.prefill_s},
          {"time_generate_s", cost.generate_s},
          {"energy_kwh_per_request", number(cost.kwh)},
          {"infra_cost_usd_per_request", number(cost.infra_usd)},
          {"energy_cost_usd_per_request", number(cost.energy_usd)},
          {"total_cost_usd_per_request", number(cost.total_usd)}};
}

}  // namespace

CostValidation validate_costs(std::span<const CostRow> rows, const CostAssumptions& assumptions) {
  CostValidation result;
  if (rows.empty()) result.issues.emplace_back("no rows");
  if (assumptions.usd_per_hour[Tier::on_prem] && *assumptions.usd_per_hour[Tier::on_prem] == 0)
    result.warnings.emplace_back("on_prem costs 0 USD an hour: give capex, life and utilisation");
  for (const CostRow& row : rows) check_row(row, assumptions, result);
  return result;
}

core::Json to_json(const CostRow& row) {
  Json json = {{"backend", row.backend},
               {"scenario", row.scenario},
               {"mode", row.mode},
               {"throughput_mean_tok_s", row.tok_s},
               {"gpu_power_mean_watts", number(row.gpu_power_w)},
               {"cpu_power_mean_watts", number(row.cpu_power_w)},
               {"cpu_power_estimated_watts", number(row.cpu_estimated_w)},
               {"power_mean_watts", number(row.power_w)},
               {"power_source", row.power_source},
               {"latency_mean_ms", row.latency_ms},
               {"gpu_memory_mean_mb", number(row.gpu_memory_mb)},
               {"gpu_hours_per_1m_tokens", row.gpu_hours_per_1m},
               {"energy_j_per_token", number(row.energy_j_per_token)},
               {"energy_kwh_per_1m_tokens", number(row.energy_kwh_per_1m)},
               {"energy_cost_usd_per_1m_tokens", number(row.energy_usd_per_1m)},
               {"memory_efficiency_tokens_per_mb", number(row.memory_efficiency)},
               {"compute_efficiency_tokens_per_ms", number(row.compute_efficiency)},
               {"carbon_gco2e_per_1m_tokens", number(row.carbon_g_per_1m)}};
  for (const Tier tier : kTiers) {
    const std::string name(to_string(tier));
    const TierCost& cost = row.tiers[tier];
    json["infra_cost_usd_per_1m_tokens_" + name] = number(cost.infra_usd_per_1m);
    json["total_cost_usd_per_1m_tokens_" + name] = number(cost.total_usd_per_1m);
    json["cost_per_hour_usd_" + name] = number(cost.usd_per_hour);
    json["tokens_per_dollar_" + name] = number(cost.tokens_per_dollar);
  }
  return json;
}

core::Json cost_analysis_json(std::span<const CostRow> rows, const CostAssumptions& assumptions) {
  const auto costs = backend_costs(rows);
  Json json = {{"cost_breakdown", Json::object()},    {"roi_by_tier", Json::object()},
               {"tco_by_backend", Json::object()},    {"energy_efficiency_ranking", Json::object()},
               {"cost_amortization", Json::object()}, {"carbon_comparison", carbon_json(costs)},
               {"request_costs", Json::object()}};
  for (const BackendCost& cost : costs) {
    json["cost_breakdown"][cost.backend] = breakdown_json(cost);
    json["roi_by_tier"][cost.backend] = roi_json(cost, assumptions);
    json["tco_by_backend"][cost.backend] = tco_json(cost, assumptions);
    json["energy_efficiency_ranking"][cost.backend] = number(cost.tokens_per_kwh);
    json["cost_amortization"][cost.backend] = amortisation_json(cost, assumptions);
  }
  for (const RequestCost& cost : request_costs(rows, assumptions))
    json["request_costs"][cost.backend] = request_json(cost, assumptions);
  json["assumptions"] = {{"tokens_per_month", assumptions.tokens_per_month},
                         {"months", assumptions.months},
                         {"upfront_cost_usd", assumptions.upfront_usd},
                         {"prompt_tokens", assumptions.prompt_tokens},
                         {"generate_tokens", assumptions.generate_tokens}};
  return json;
}

}  // namespace phasegate::analysis
