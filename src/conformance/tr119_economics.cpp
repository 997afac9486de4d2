// TR119's tables of costs. Every figure of a backend is the arithmetic mean over scenarios of the scenarios' costs, as
// published (not the cost of the mean throughput).
#include <algorithm>

#include "analysis/moments.h"
#include "conformance/tr119_cells.h"

namespace phasegate::conformance {
namespace {

constexpr double kJoulesPerKwh = 3.6e6;

template <class Value>
double mean_over(const std::vector<const Tr119Cell*>& cells, Value value) {
  std::vector<double> values;
  for (const auto* cell : cells) values.push_back(value(*cell));
  return analysis::mean(values);
}

double mean_total(const std::vector<const Tr119Cell*>& cells, const std::string& tier) {
  return mean_over(cells, [&](const Tr119Cell& cell) { return cell.total.at(tier); });
}

void mode_means(const RunData& run, const std::vector<Tr119Cell>& cells, const Prices& prices, DerivedSet& out) {
  for (const char* mode : {"prefill", "generate"}) {
    for (const auto& [backend, group] : by_backend(cells, mode)) {
      const auto put = [&, name = name_of("mean", mode, backend)](const char* field, double value) {
        out.number(run.id, name_of(name, field), value);
      };
      put("latency_ms", mean_over(group, [](const Tr119Cell& c) { return c.latency_ms; }));
      put("tok_s", mean_over(group, [](const Tr119Cell& c) { return c.tok_s; }));
      put("power_w", mean_over(group, [](const Tr119Cell& c) { return c.power_w; }));
      put("total_usd_per_1m", mean_total(group, "on_demand"));
      put("energy_usd_per_1m", mean_over(group, [](const Tr119Cell& c) { return c.energy_usd; }));
      put("kwh_per_1m", mean_over(group, [](const Tr119Cell& c) { return c.kwh; }));
      put("carbon_g_per_1m", mean_over(group, [](const Tr119Cell& c) { return c.carbon_g; }));
      put("tokens_per_kwh", mean_over(group, [](const Tr119Cell& c) { return 1e6 / c.kwh; }));
      put("energy_share",
          mean_over(group, [](const Tr119Cell& c) { return c.energy_usd; }) / mean_total(group, "on_demand"));
      for (const auto& [provider, usd] : prices.providers) {
        out.number(run.id, name_of("provider", provider, mode, backend, "usd_per_1m"),
                   mean_over(group, [price_h = usd](const Tr119Cell& c) {
                     return 1e6 / c.tok_s / 3600 * price_h + c.energy_usd;
                   }));
      }
    }
  }
}

void winners(const RunData& run, const std::vector<Tr119Cell>& cells, DerivedSet& out) {
  std::map<std::string, const Tr119Cell*> best;
  for (const auto& cell : cells) {
    auto& holder = best[name_of(cell.mode, cell.scenario)];
    if (holder == nullptr || cell.total.at("on_demand") < holder->total.at("on_demand")) holder = &cell;
  }
  for (const auto& [key, cell] : best) out.text(run.id, name_of("winner", key), cell->backend);
}

struct Assumptions {
  double tokens_per_month = 1e9, months = 12, upfront = 0, prompt = 256, generate = 128;
};

Assumptions assumptions_of(const core::Json& analysis) {
  Assumptions a;
  a.tokens_per_month = number_at(analysis, {"assumptions", "tokens_per_month"}).value_or(a.tokens_per_month);
  a.months = number_at(analysis, {"assumptions", "months"}).value_or(a.months);
  a.upfront = number_at(analysis, {"assumptions", "upfront_cost_usd"}).value_or(a.upfront);
  a.prompt = number_at(analysis, {"assumptions", "prompt_tokens"}).value_or(a.prompt);
  a.generate = number_at(analysis, {"assumptions", "generate_tokens"}).value_or(a.generate);
  return a;
}

void breakdown(const RunData& run, const std::string& backend, const std::vector<const Tr119Cell*>& group,
               const Assumptions& a, DerivedSet& out) {
  const double infra = mean_over(group, [](const Tr119Cell& c) { return c.infra.at("on_demand"); });
  const double energy = mean_over(group, [](const Tr119Cell& c) { return c.energy_usd; });
  const double total = infra + energy;
  const auto put = [&](const char* section, const char* field, double value) {
    out.number(run.id, name_of("analysis", section, backend, field), value);
  };
  put("cost_breakdown", "infra_cost_usd_per_1m", infra);
  put("cost_breakdown", "energy_cost_usd_per_1m", energy);
  put("cost_breakdown", "total_cost_usd_per_1m", total);
  put("cost_breakdown", "infra_pct", infra / total * 100);
  put("cost_breakdown", "energy_pct", energy / total * 100);
  const double spot = mean_total(group, "spot");
  const double reserved = mean_total(group, "reserved");
  const double millions = a.tokens_per_month * a.months / 1e6;
  put("roi_by_tier", "on_demand_cost", total);
  put("roi_by_tier", "spot_cost", spot);
  put("roi_by_tier", "reserved_cost", reserved);
  put("roi_by_tier", "spot_savings_pct", (total - spot) / total * 100);
  put("roi_by_tier", "spot_savings_usd", (total - spot) * millions);
  put("roi_by_tier", "reserved_savings_pct", (total - reserved) / total * 100);
  put("roi_by_tier", "reserved_savings_usd", (total - reserved) * millions);
  const double best = std::min({total, spot, reserved});
  put("roi_by_tier", "best_cost", best);
  out.text(run.id, name_of("analysis/roi_by_tier", backend, "best_tier"),
           best == spot       ? "spot"
           : best == reserved ? "reserved"
                              : "on_demand");
  const double month = total * a.tokens_per_month / 1e6;
  put("cost_amortization", "cost_per_1m_tokens", total);
  put("cost_amortization", "cost_per_month", month);
  put("cost_amortization", "upfront_cost", a.upfront);
  for (const int months : {1, 3, 6, 12, 24})
    put("cost_amortization", ("total_cost_month_" + std::to_string(months)).c_str(), a.upfront + months * month);
  put("tco_by_backend", "total_cost_usd", a.upfront + total * millions);
  put("tco_by_backend", "infra_cost_usd", infra * millions);
  put("tco_by_backend", "energy_cost_usd", energy * millions);
  put("tco_by_backend", "upfront_cost_usd", a.upfront);
  put("tco_by_backend", "cost_per_month_usd", month);
  put("tco_by_backend", "cost_per_1m_tokens_usd", total);
}

void request_cost(const RunData& run, const std::string& backend, const std::vector<Tr119Cell>& cells,
                  const Prices& prices, const Assumptions& a, DerivedSet& out) {
  const auto in_mode = [&](const char* mode) {
    const auto groups = by_backend(cells, mode);
    const auto found = groups.find(backend);
    return found == groups.end() ? std::vector<const Tr119Cell*>() : found->second;
  };
  const auto prefill = in_mode("prefill");
  const auto generate = in_mode("generate");
  if (prefill.empty() || generate.empty()) return;
  const auto rate = [](const Tr119Cell& c) { return c.tok_s; };
  const auto watts = [](const Tr119Cell& c) { return c.power_w; };
  const double t_p = a.prompt / mean_over(prefill, rate);
  const double t_g = a.generate / mean_over(generate, rate);
  const double kwh = (mean_over(prefill, watts) * t_p + mean_over(generate, watts) * t_g) / kJoulesPerKwh;
  const double infra = (t_p + t_g) / 3600 * prices.tiers.front().usd_per_hour;
  const auto put = [&](const char* field, double value) {
    out.number(run.id, name_of("analysis/request_costs", backend, field), value);
  };
  put("prompt_tokens", a.prompt);
  put("generate_tokens", a.generate);
  put("time_prefill_s", t_p);
  put("time_generate_s", t_g);
  put("energy_kwh_per_request", kwh);
  put("infra_cost_usd_per_request", infra);
  put("energy_cost_usd_per_request", kwh * prices.usd_per_kwh);
  put("total_cost_usd_per_request", infra + kwh * prices.usd_per_kwh);
}

void carbon(const RunData& run, const Tr119Groups& groups, DerivedSet& out) {
  std::string low, high;
  double low_g = 0, high_g = 0;
  for (const auto& [backend, group] : groups) {
    const double grams = mean_over(group, [](const Tr119Cell& c) { return c.carbon_g; });
    out.number(run.id, name_of("analysis/carbon_comparison/by_backend", backend), grams);
    if (low.empty() || grams < low_g) low = backend, low_g = grams;
    if (high.empty() || grams > high_g) high = backend, high_g = grams;
  }
  out.text(run.id, "analysis/carbon_comparison/lowest_carbon_backend", low);
  out.text(run.id, "analysis/carbon_comparison/highest_carbon_backend", high);
  out.number(run.id, "analysis/carbon_comparison/lowest_carbon_gco2e", low_g);
  out.number(run.id, "analysis/carbon_comparison/highest_carbon_gco2e", high_g);
  out.number(run.id, "analysis/carbon_comparison/carbon_range_gco2e", high_g - low_g);
}

}  // namespace

void write_economics(const RunData& run, const std::vector<Tr119Cell>& cells, const Prices& prices, DerivedSet& out) {
  mode_means(run, cells, prices, out);
  winners(run, cells, out);
  const auto* published = document(run, "cost_energy_analysis.json");
  const auto a = published != nullptr ? assumptions_of(*published) : Assumptions{};
  const auto groups = by_backend(cells, {});
  for (const auto& [backend, group] : groups) {
    breakdown(run, backend, group, a, out);
    request_cost(run, backend, cells, prices, a, out);
    out.number(run.id, name_of("analysis/energy_efficiency_ranking", backend),
               mean_over(group, [](const Tr119Cell& c) { return 1e6 / c.kwh; }));
  }
  carbon(run, groups, out);
}

}  // namespace phasegate::conformance
