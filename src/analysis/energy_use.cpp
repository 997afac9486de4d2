#include "analysis/energy_use.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

constexpr double kMillion = 1e6;
constexpr double kJoulesPerKwh = 3.6e6;

core::Error refused(std::string what, std::string where, EnergyReason reason) {
  return {ErrorKind::evidence, std::move(what), std::move(where),
          "not ranked (" + std::string(to_string(reason)) + "); measure longer or repeated windows of one scope"};
}

bool rankable(const EnergyCandidate& candidate) {
  return candidate.status >= EnergyStatus::good && candidate.j_per_token && std::isfinite(*candidate.j_per_token);
}

core::Status check_candidate(const EnergyCandidate& candidate) {
  if (!rankable(candidate)) {
    return core::fail(refused(fmt::format("energy is {}, a ranking needs good", to_string(candidate.status)),
                              candidate.id, EnergyReason::status_below_good));
  }
  if (candidate.below_idle || *candidate.j_per_token < 0) {
    return core::fail(refused("energy is below what the idle machine uses", candidate.id, EnergyReason::below_idle));
  }
  return {};
}

core::Status check_scopes(const EnergyCandidate& a, const EnergyCandidate& b) {
  if (a.scope == b.scope) return {};
  return core::fail(
      refused(fmt::format("{} measured {}, {} measured {}", a.id, to_string(a.scope), b.id, to_string(b.scope)), b.id,
              EnergyReason::mixed_scope));
}

}  // namespace

AggregateVerdict judge_aggregate(std::int64_t samples, std::optional<double> mean_w, std::optional<double> idle_w) {
  AggregateVerdict verdict;
  if (samples >= 2) verdict.published_rule = samples == 2 ? EnergyStatus::estimate : EnergyStatus::good;
  verdict.below_idle = mean_w && idle_w && *mean_w < *idle_w;
  return verdict;
}

EnergyCost energy_cost(const EventEnergy& event, std::int64_t tokens, const Electricity& electricity) {
  EnergyCost cost;
  if (!event.energy_j || !has_energy(event.status)) {
    cost.reason = to_string(event.status);
  } else if (tokens <= 0) {
    cost.reason = to_string(EnergyReason::token_count_missing);
  }
  if (!cost.reason.empty()) {
    cost.usd_reason = cost.carbon_reason = cost.reason;
    return cost;
  }
  cost.j_per_token = *event.energy_j / static_cast<double>(tokens);
  cost.kwh_per_1m = *cost.j_per_token * kMillion / kJoulesPerKwh;
  if (electricity.usd_per_kwh) {
    cost.usd_per_1m = *cost.kwh_per_1m * *electricity.usd_per_kwh;
  } else {
    cost.usd_reason = "no_energy_price";
  }
  if (electricity.carbon_g_per_kwh && !electricity.region.empty() && !electricity.date.empty()) {
    cost.carbon_g_per_1m = *cost.kwh_per_1m * *electricity.carbon_g_per_kwh;
  } else {
    cost.carbon_reason = to_string(EnergyReason::no_carbon_intensity);
  }
  return cost;
}

core::Result<std::vector<std::size_t>> rank_by_energy(std::span<const EnergyCandidate> candidates) {
  if (candidates.size() < 2) {
    return core::fail({ErrorKind::invalid_input, "a ranking needs two candidates", "energy", {}});
  }
  for (const EnergyCandidate& candidate : candidates) {
    PHASEGATE_CHECK_OK(check_candidate(candidate));
    PHASEGATE_CHECK_OK(check_scopes(candidates.front(), candidate));
  }
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return *candidates[a].j_per_token < *candidates[b].j_per_token;
  });
  return order;
}

core::Result<double> energy_ratio(const EnergyCandidate& a, const EnergyCandidate& b) {
  for (const EnergyCandidate* candidate : {&a, &b}) PHASEGATE_CHECK_OK(check_candidate(*candidate));
  PHASEGATE_CHECK_OK(check_scopes(a, b));
  if (!(*b.j_per_token > 0)) {
    return core::fail({ErrorKind::evidence, "no ratio to an energy of 0", b.id, {}});
  }
  return *a.j_per_token / *b.j_per_token;
}

double energy_coverage(std::span<const EnergyStatus> statuses) {
  if (statuses.empty()) return 0;
  const auto with = std::count_if(statuses.begin(), statuses.end(), has_energy);
  return static_cast<double>(with) / static_cast<double>(statuses.size());
}

}  // namespace phasegate::analysis
