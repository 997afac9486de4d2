// What an imported run costs: seconds and money per 1M prompt tokens, per 1M generated tokens and per request, for
// every arm (backend, model, precision, batch) of somebody else's measurement, in every tier that the price document
// gives.
//
//   cell       one scenario in one window: medians over its usable rows of the seconds and tokens of a call; the rate
//   is
//              the source's own tok/s where it gives one, else its token counts over the latency
//   phase      the scenarios as one workload, each as often as the others: expected seconds / expected tokens, and
//              beside it the mean of the scenarios' own costs, which is another quantity (analysis/economics.h)
//   request    scenarios that have both a prefill and a decode; with a mix, its shapes priced at the nearest measured
//              shape of the arm, null ("outside_measured_shapes") where the arm has measured nothing that large or
//              small
//   requests   (window "request") the tokens of all requests over the duration of the run: a client saw requests that
//   overlapped, so the
//              latency of one is not the machine time that it used
// Energy: where the run kept its sensor's readings and the instants of its rows, each row is an event of energy.h; a
// phase costs the joules of its events that have an energy over their tokens, and says how many had none. A mean of
// polls gets both verdicts and no money (energy_use.h). Labels are the source's own; nothing here is evidence for a
// policy.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/energy.h"
#include "core/json.h"
#include "core/result.h"
#include "evidence/observation.h"
#include "policy/decide.h"
#include "policy/pricing.h"

namespace phasegate::policy {

struct ObservedPriceInputs {
  std::string run;
  std::optional<Pricing> pricing;
  std::vector<Weight> weights;               // of the mix; empty = every measured scenario once
  std::vector<std::string> hardware;         // names of the CPU, GPU or machine that the source states
  std::optional<double> duration_s;          // of the whole run, as the source states it
  std::vector<analysis::PowerSample> power;  // readings of the GPU's sensor over the run; empty = none were kept
  bool response_failed = false;              // the source's own test says that the sensor does not follow a load
  bool fake_idle = false;                    // the source's own baseline was not idle
};

// Takes rows one by one; one thread. Memory grows with cells and with 16 bytes for each usable row.
class ObservedPrices {
 public:
  // Fails with invalid_input beyond 100,000 cells.
  [[nodiscard]] core::Status add(const evidence::Observation& row);

  // {"run", "pricing": {…}|null, "reason", "warnings": […], "arms": [{backend, model, precision, batch,
  //   "phases": {window: {tok_s, seconds_per_1M, usd_per_1M: {tier: x},
  //              mean_of_scenarios_usd_per_1M: {tier: x}, shadow, reason, scenarios, rows}},
  //   "request": {prompt_tokens, gen_tokens, seconds, usd: {tier: x}, usd_per_1M_tokens: {tier: x}, uncached, reason},
  //   "energy": {status, reason, published_rule: {status: rows}, published_rule_coverage, usd_per_1M, carbon_g_per_1M,
  //              "phases": {window: {events, by_status, coverage, scope, j_per_token, kwh_per_1M, usd_per_1M,
  //                         carbon_g_per_1M, reason, usd_reason, carbon_reason}}}}]}
  [[nodiscard]] core::Json price(const ObservedPriceInputs& inputs) const;

  struct Arm {
    std::string backend, model, precision;
    std::int64_t batch = 1;
    friend auto operator<=>(const Arm&, const Arm&) = default;
  };
  struct Cell {
    std::vector<double> seconds;  // of each usable row, mean over its calls
    std::vector<double> tokens;
  };
  struct Event {
    analysis::EnergyWindow window;
    double tokens = 0;
  };
  struct Service {  // requests seen by a client
    std::int64_t requests = 0;
    double prompt_tokens = 0;
    double generated_tokens = 0;
    bool counted = true;  // every request had its generated tokens
    std::optional<double> first_start;
    std::optional<double> last_end;
  };
  struct Rows {
    std::map<evidence::Window, std::map<std::string, Cell>> cells;  // by scenario
    Service service;
    std::map<evidence::Window, std::vector<Event>> events;  // rows whose instants the source gives
    std::map<std::string, std::int64_t> published_rule;     // energy status -> rows with an aggregate
    std::int64_t usable = 0;
  };

 private:
  std::map<Arm, Rows> arms_;
  std::size_t cells_ = 0;
};

}  // namespace phasegate::policy
