// Energy of an imported run that kept its sensor's readings and the instants of its rows. Internal to the prices of
// imported runs; energy.h has the rules.
#pragma once

#include <vector>

#include "analysis/energy.h"
#include "analysis/energy_use.h"
#include "analysis/power_baseline.h"
#include "core/json.h"
#include "policy/observed_prices.h"

namespace phasegate::policy {

// The sensor's train and what the source says about it, prepared once for all arms.
struct ObservedSensor {
  analysis::PowerTrain train;
  analysis::Baseline baseline;
  analysis::ResponseTest response;
  analysis::EnergyContext context;

  explicit ObservedSensor(const ObservedPriceInputs& inputs) : train(inputs.power) {
    baseline.fake_idle = inputs.fake_idle;
    context.scope = analysis::EnergyScope::gpu;
    context.baseline = &baseline;  // without states: nothing is subtracted, for the source kept no idle readings
    response.pass = !inputs.response_failed;
    context.response = &response;
  }
  ObservedSensor(const ObservedSensor&) = delete;
  ObservedSensor& operator=(const ObservedSensor&) = delete;
};

// Joules of the events that have an energy over their tokens, as one event with the worst status among them; null with
// the worst status of all when none has one. `coverage` is the share that has.
[[nodiscard]] core::Json phase_energy_json(const ObservedSensor& sensor,
                                           const std::vector<ObservedPrices::Event>& events,
                                           const analysis::Electricity& electricity);

}  // namespace phasegate::policy
