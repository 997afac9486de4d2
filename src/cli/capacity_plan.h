// From the options of `capacity` to its answer: traffic from a month's tokens or a trace, a worker from a measured cell
// or from plain rates, the lower bound, and the plan that keeps a promise on latency.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/capacity.h"
#include "analysis/economics.h"
#include "analysis/replay.h"
#include "analysis/traffic.h"
#include "cli/context.h"
#include "cli/measured_shape.h"
#include "core/json.h"
#include "core/result.h"
#include "policy/pricing.h"

namespace phasegate::cli {

struct CapacityOptions {
  std::optional<double> tokens_per_month;
  std::string trace;
  double bin_s = 60;
  std::string time_unit = "s";  // of numeric timestamps: s, ms, us, ns
  std::optional<double> burst;  // by hand
  bool burst_p99 = false;       // p99 instead of p95 of the trace's bins

  std::string cell;  // RUN:CELL
  std::optional<double> worker_tok_s;
  std::optional<double> prefill_tok_s;
  std::optional<double> decode_tok_s;
  std::optional<double> prompt;  // tokens of a request
  std::optional<double> gen;
  std::string curve;  // "1:1.0,4:3.2": requests at a time : requests a second

  std::string slo;
  double utilisation_cap = 0.70;
  double cold_start_s = 0;
  double starts_per_hour = 0;
  std::optional<double> arrival_cv2;
  std::string pricing;
};

struct CapacityPlan {
  double tokens_per_month = 0;
  std::optional<double> requests_per_s;
  std::optional<analysis::Traffic> traffic;
  std::vector<std::string> warnings;
  double burst = 1;
  std::string
      burst_from;      // "given by hand, not measured", "none given: a flat month", "p95 of 60 s bins over their mean"
  std::string worker;  // name
  double worker_tok_s = 0;  // prompt and generated tokens together
  std::string worker_run;
  double arrival_cv2 = 1;
  std::string arrival_from;  // "assumed: Poisson", "trace", "given by hand"
  analysis::Capacity lower_bound;
  std::optional<analysis::Slo> slo;
  std::optional<analysis::CapacityAnswer> answer;  // absent without request shapes
  std::string answer_reason;                       // why it is absent
  std::optional<analysis::Replay> replay;          // the trace itself through the fleet; with a trace and a promise
  std::optional<std::int64_t> workers;             // the larger of both, cold starts included; null with `reason`
  std::string reason;
  std::string limited_by;  // "slo", "utilisation_cap", "minimum", "replay"
  std::optional<policy::Pricing> pricing;
  std::optional<double> usd_per_month;  // of the workers above, all month
};

[[nodiscard]] core::Result<CapacityPlan> make_capacity_plan(Context& context, const CapacityOptions& options);
[[nodiscard]] core::Json capacity_json(const CapacityPlan& plan);
[[nodiscard]] std::string capacity_text(const CapacityPlan& plan);

}  // namespace phasegate::cli
