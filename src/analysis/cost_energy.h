// The cost and energy method of TR119 on rows of a run: per (backend, scenario, mode) means, priced in six tiers.
//   tok_per_hour = tok_s * 3600                   gpu_hours_per_1m = 1e6 / tok_per_hour
//   energy_j_per_1m = power_w * 1e6 / tok_s       kwh = J / 3.6e6
//   infra[tier] = gpu_hours_per_1m * usd_per_hour[tier]      energy_usd = kwh * usd_per_kwh      total = infra + energy
//   carbon_g = kwh * g_per_kwh        cost_per_hour[tier] = total / 1e6 * tok_per_hour
//   tokens_per_dollar = tok_per_hour / cost_per_hour
// Aggregates are means of the cells' own costs (not the cost of a mean throughput), both modes weighing the same:
// that is what was published, and mix_cost (economics.h) is what a workload costs.
// Power of a CPU backend ("cpu" and not "gpu" in its name) is the package's, of others the GPU's: two scopes. Where the
// power is absent the published code used 0 W; here energy, carbon and totals are null and the cell says "no_power".
// Units: tok/s, ms, W, MB, USD, g. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/energy.h"
#include "core/json.h"

namespace phasegate::analysis {

enum class Tier { on_demand, spot, reserved, reserved_1yr, reserved_3yr, on_prem };
inline constexpr std::array<Tier, 6> kTiers = {Tier::on_demand,    Tier::spot,         Tier::reserved,
                                               Tier::reserved_1yr, Tier::reserved_3yr, Tier::on_prem};
[[nodiscard]] std::string_view to_string(Tier tier);
[[nodiscard]] std::optional<Tier> parse_tier(std::string_view text);

template <class T>
struct PerTier {
  std::array<T, kTiers.size()> values{};
  T& operator[](Tier tier) { return values[static_cast<std::size_t>(tier)]; }
  const T& operator[](Tier tier) const { return values[static_cast<std::size_t>(tier)]; }
};

struct CostAssumptions {
  PerTier<std::optional<double>> usd_per_hour;
  std::optional<double> usd_per_kwh;
  std::optional<double> carbon_g_per_kwh;
  double tokens_per_month = 1e9;
  int months = 12;
  double upfront_usd = 0;
  double prompt_tokens = 256;  // of one request
  double generate_tokens = 128;
  bool require_cpu_power = true;
};

// One row of the run. tok_s and latency_ms are the means over its calls.
struct CostRun {
  std::string backend;
  std::string scenario;
  std::string mode;  // "prefill" or "generate"
  double tok_s = 0;
  double latency_ms = 0;
  std::optional<double> gpu_power_w;
  std::optional<double> cpu_power_w;
  std::optional<double> cpu_estimated_w;  // from a model of the CPU; never measured
  std::optional<double> gpu_memory_mb;
  std::int64_t power_samples = 0;
};

// Which cells keep their energy. `published` is the formulas as they were, for re-deriving published numbers;
// `published_rule` needs two polls in every row of the cell; `ours` needs trains, so that no aggregate passes.
enum class EnergyGate { published, published_rule, ours };

struct TierCost {
  std::optional<double> infra_usd_per_1m;
  std::optional<double> total_usd_per_1m;
  std::optional<double> usd_per_hour;
  std::optional<double> tokens_per_dollar;
};

struct CostRow {
  std::string backend;
  std::string scenario;
  std::string mode;
  double tok_s = 0;
  double latency_ms = 0;
  std::optional<double> gpu_power_w;
  std::optional<double> cpu_power_w;
  std::optional<double> cpu_estimated_w;
  std::optional<double> power_w;
  std::string power_source;  // "gpu", "cpu", "cpu_estimated", "unknown"
  EnergyScope scope = EnergyScope::gpu;
  std::optional<double> gpu_memory_mb;
  double gpu_hours_per_1m = 0;
  std::optional<double> energy_j_per_token;
  std::optional<double> energy_kwh_per_1m;
  std::optional<double> energy_usd_per_1m;
  std::optional<double> memory_efficiency;  // tok/s per MB
  std::optional<double> compute_efficiency;
  std::optional<double> carbon_g_per_1m;
  PerTier<TierCost> tiers;
  std::int64_t runs = 0;
  std::int64_t runs_no_data = 0;                        // fewer than two polls
  EnergyStatus published_rule = EnergyStatus::no_data;  // the worst of its rows
  std::string energy_reason;                            // why energy is null; empty = it is not

  [[nodiscard]] double tokens_per_hour() const { return tok_s * 3600; }
};

[[nodiscard]] bool is_cpu_backend(std::string_view backend);

// Cells in the order of backend, scenario, mode. Rows whose tok_s or latency is not positive are left out.
[[nodiscard]] std::vector<CostRow> cost_rows(std::span<const CostRun> runs, const CostAssumptions& assumptions,
                                             EnergyGate gate);

// Means over a backend's cells; `mode` empty = both modes. Null where a cell of it is null.
struct BackendCost {
  std::string backend;
  std::string mode;
  std::optional<double> tok_s;
  std::optional<double> latency_ms;
  std::optional<double> power_w;
  PerTier<std::optional<double>> infra_usd_per_1m;
  PerTier<std::optional<double>> total_usd_per_1m;
  std::optional<double> energy_usd_per_1m;
  std::optional<double> kwh_per_1m;
  std::optional<double> tokens_per_kwh;
  std::optional<double> carbon_g_per_1m;
};
[[nodiscard]] std::vector<BackendCost> backend_costs(std::span<const CostRow> rows, std::string_view mode = {});

// One request of the assumptions at a backend's mean prefill and generate throughput and power.
struct RequestCost {
  std::string backend;
  double prefill_s = 0;
  double generate_s = 0;
  std::optional<double> kwh;
  std::optional<double> infra_usd;
  std::optional<double> energy_usd;
  std::optional<double> total_usd;
};
[[nodiscard]] std::vector<RequestCost> request_costs(std::span<const CostRow> rows, const CostAssumptions& assumptions);

// Rules of TR119, with one of ours: an on_prem price of 0 is capex that nobody counted.
struct CostValidation {
  std::vector<std::string> issues;
  std::vector<std::string> warnings;
  [[nodiscard]] bool valid() const { return issues.empty(); }
};
[[nodiscard]] CostValidation validate_costs(std::span<const CostRow> rows, const CostAssumptions& assumptions);

// Documents with the published keys: the 42 of a row of cost_energy_summary.json, and cost_energy_analysis.json.
[[nodiscard]] core::Json to_json(const CostRow& row);
[[nodiscard]] core::Json cost_analysis_json(std::span<const CostRow> rows, const CostAssumptions& assumptions);

}  // namespace phasegate::analysis
