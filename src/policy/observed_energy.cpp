#include "policy/observed_energy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>

namespace phasegate::policy {
namespace {

core::Json number(const std::optional<double>& value) {
  return value ? core::finite_or_null(*value) : core::Json(nullptr);
}

core::Json text_or_null(const std::string& text) { return text.empty() ? core::Json(nullptr) : core::Json(text); }

}  // namespace

core::Json phase_energy_json(const ObservedSensor& sensor, const std::vector<ObservedPrices::Event>& events,
                             const analysis::Electricity& electricity) {
  std::map<std::string, std::int64_t> by_status;
  std::vector<analysis::EnergyStatus> statuses;
  analysis::EventEnergy sum;
  double joules = 0;
  double tokens = 0;
  auto worst = analysis::EnergyStatus::billable;
  for (const ObservedPrices::Event& event : events) {
    const auto energy = analysis::event_energy(sensor.train, event.window, sensor.context);
    statuses.push_back(energy.status);
    ++by_status[std::string(to_string(energy.status))];
    worst = std::min(worst, energy.status);
    if (!energy.energy_j || !(event.tokens > 0)) continue;
    sum.status = sum.energy_j ? std::min(sum.status, energy.status) : energy.status;
    joules += *energy.energy_j;
    tokens += event.tokens;
    sum.energy_j = joules;
  }
  if (!sum.energy_j) sum.status = worst;
  const auto cost = analysis::energy_cost(sum, std::llround(tokens), electricity);
  return {{"events", events.size()},
          {"by_status", by_status},
          {"status", to_string(sum.status)},
          {"coverage", analysis::energy_coverage(statuses)},
          {"scope", to_string(sensor.context.scope)},
          {"j_per_token", number(cost.j_per_token)},
          {"kwh_per_1M", number(cost.kwh_per_1m)},
          {"usd_per_1M", number(cost.usd_per_1m)},
          {"carbon_g_per_1M", number(cost.carbon_g_per_1m)},
          {"reason", text_or_null(cost.reason)},
          {"usd_reason", text_or_null(cost.usd_reason)},
          {"carbon_reason", text_or_null(cost.carbon_reason)}};
}

}  // namespace phasegate::policy
