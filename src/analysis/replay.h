// A trace through a fleet: each request takes the slot that is free first, in the order of arrival. No formula and no
// chance: what this traffic would have met. Real traffic comes in clumps that no two moments describe (the trace in
// data/traces: gaps with Ca2 of 20 within their minutes, and a p95 ten times what the formula of capacity.h says), so
// where there is a trace, this decides. Pure; O(n log slots).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/capacity.h"
#include "analysis/traffic.h"
#include "core/result.h"

namespace phasegate::analysis {

struct ReplayRequest {
  double t_s = 0;
  double first_s = 0;  // on an idle worker, until the first token
  double total_s = 0;
};

// Ascending by arrival. Fails as service_shapes (traffic.h).
[[nodiscard]] core::Result<std::vector<ReplayRequest>> replay_requests(std::span<const TraceRequest> requests,
                                                                       double prefill_tok_s, double decode_tok_s);

struct Replay {
  std::int64_t workers = 0;
  double utilisation = 0;  // from the first arrival to the last end
  double p_wait = 0;
  double mean_wait_s = 0;
  double response_s = 0;  // the quantile that was asked for
};

// `requests` is ascending and not empty; slots >= 1; 0 < quantile < 1. Every request is `slowdown` times as long.
[[nodiscard]] Replay replay(std::span<const ReplayRequest> requests, std::int64_t slots, double slowdown,
                            LatencyMetric metric, double quantile);

// The smallest number of workers with `slots_per_worker` slots each that keeps limit_s at the quantile; null when no
// number does. More slots never make a request later, so the search is by halving.
[[nodiscard]] std::optional<Replay> plan_by_replay(std::span<const ReplayRequest> requests,
                                                   std::int64_t slots_per_worker, double slowdown, const Slo& slo);

}  // namespace phasegate::analysis
