// The cells of a TR119 run, measured and priced, and the tables of costs that follow from them. Internal to this
// module.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/derived.h"
#include "conformance/run_data.h"

namespace phasegate::conformance {

struct Tier {
  std::string name;
  double usd_per_hour = 0;
};

struct Prices {
  std::vector<Tier> tiers;  // on_demand first
  double usd_per_kwh = 0;
  double carbon_g_per_kwh = 0;
  std::map<std::string, double> providers;  // on demand, $/h
};

// One backend, scenario and mode.
struct Tr119Cell {
  std::string backend, scenario, mode;
  double tok_s = 0;
  double latency_ms = 0;
  std::optional<double> gpu_w, cpu_w, gpu_memory_mb;
  double power_w = 0;  // by the report's choice of power
  std::string power_source;
  double energy_usd = 0, kwh = 0, carbon_g = 0;  // per 1e6 tokens, as all that follows
  std::map<std::string, double> infra, total;    // usd by tier
};

using Tr119Groups = std::map<std::string, std::vector<const Tr119Cell*>>;  // by backend

[[nodiscard]] std::string tr119_mode(const evidence::Observation& row);
[[nodiscard]] bool on_cpu(const std::string& backend);

// The run's own configuration; without an on-demand price nothing is priced.
[[nodiscard]] std::optional<Prices> prices_of(const core::Json& config);

// The cells of the usable rows, described under latency/…; priced, and written under cost/…, when there are prices.
[[nodiscard]] std::vector<Tr119Cell> tr119_cells(const RunData& run, const std::optional<Prices>& prices,
                                                 DerivedSet& out);
[[nodiscard]] Tr119Groups by_backend(const std::vector<Tr119Cell>& cells, const std::string& mode);  // "" = both modes

// Means by mode, winners, breakdown, tiers, totals of ownership, requests, carbon: cost_energy_analysis.json.
void write_economics(const RunData& run, const std::vector<Tr119Cell>& cells, const Prices& prices, DerivedSet& out);

}  // namespace phasegate::conformance
