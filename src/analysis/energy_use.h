// What may be done with an energy once it has a status: verdicts on aggregates without a train, money and carbon, and
// ranking. A window without energy has no cost, no carbon and no place in a ranking; it never becomes 0.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/energy.h"
#include "core/result.h"

namespace phasegate::analysis {

// A mean of `samples` polls is all that was kept: nobody can tell how often the sensor moved.
struct AggregateVerdict {
  EnergyStatus published_rule = EnergyStatus::no_data;  // TR122's count alone: < 2 no_data, 2 estimate, else good
  EnergyStatus ours = EnergyStatus::no_data;            // always
  EnergyReason reason = EnergyReason::updates_unknown;  // of ours
  bool below_idle = false;  // mean power below the idle power that was given: it cannot be the power of work
};

// `mean_w` and `idle_w` absent: not recorded, not judged. A negative count is a count of 0.
[[nodiscard]] AggregateVerdict judge_aggregate(std::int64_t samples, std::optional<double> mean_w,
                                               std::optional<double> idle_w);

struct Electricity {
  std::optional<double> usd_per_kwh;
  std::optional<double> carbon_g_per_kwh;
  std::string region;  // of the carbon intensity; without region and date it is nobody's
  std::string date;    // ISO 8601
};

// Per 1e6 tokens. Null with the reason: the status of the energy, "token_count_missing", "no_energy_price",
// "no_carbon_intensity".
struct EnergyCost {
  std::optional<double> j_per_token;
  std::optional<double> kwh_per_1m;
  std::optional<double> usd_per_1m;
  std::optional<double> carbon_g_per_1m;
  std::string reason;         // of j_per_token and kwh_per_1m
  std::string usd_reason;     // of usd_per_1m
  std::string carbon_reason;  // of carbon_g_per_1m
};
[[nodiscard]] EnergyCost energy_cost(const EventEnergy& event, std::int64_t tokens, const Electricity& electricity);

struct EnergyCandidate {
  std::string id;
  EnergyStatus status = EnergyStatus::no_data;
  EnergyScope scope = EnergyScope::gpu;
  std::optional<double> j_per_token;
  bool below_idle = false;
};

// Indices from least to most energy per token. Refused with `evidence` unless every candidate is good or billable, has
// a value, is not below idle, and all are of one scope: leaving the unknown ones out would rank by who was not
// measured. Fails with invalid_input for fewer than two candidates.
[[nodiscard]] core::Result<std::vector<std::size_t>> rank_by_energy(std::span<const EnergyCandidate> candidates);

// The ratio a / b of two energies per token, refused with `evidence` across scopes or without values.
[[nodiscard]] core::Result<double> energy_ratio(const EnergyCandidate& a, const EnergyCandidate& b);

// Share of the windows that have an energy; 0 for none.
[[nodiscard]] double energy_coverage(std::span<const EnergyStatus> statuses);

}  // namespace phasegate::analysis
