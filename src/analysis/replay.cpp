#include "analysis/replay.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "analysis/percentile.h"
#include "core/check.h"

namespace phasegate::analysis {

core::Result<std::vector<ReplayRequest>> replay_requests(std::span<const TraceRequest> requests, double prefill_tok_s,
                                                         double decode_tok_s) {
  // Checks rates and counts in one place.
  PHASEGATE_TRY(shapes, service_shapes(requests, prefill_tok_s, decode_tok_s, 1));
  (void)shapes;
  std::vector<ReplayRequest> result;
  result.reserve(requests.size());
  for (const TraceRequest& request : requests) {
    const double first = *request.prompt_tokens / prefill_tok_s;
    result.push_back({request.t_s, first, first + *request.gen_tokens / decode_tok_s});
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.t_s < b.t_s; });
  return result;
}

Replay replay(std::span<const ReplayRequest> requests, std::int64_t slots, double slowdown, LatencyMetric metric,
              double quantile) {
  PHASEGATE_CHECK(!requests.empty() && slots >= 1 && quantile > 0 && quantile < 1);
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  std::vector<double> responses;
  responses.reserve(requests.size());
  const double begin = requests.front().t_s;
  double busy = 0;
  double waited = 0;
  double end = begin;
  std::int64_t waiting = 0;
  for (const ReplayRequest& request : requests) {
    double start = request.t_s;
    if (static_cast<std::int64_t>(free_at.size()) == slots) {
      start = std::max(start, free_at.top());
      free_at.pop();
    }
    const double total = request.total_s * slowdown;
    free_at.push(start + total);
    busy += total;
    waited += start - request.t_s;
    waiting += start > request.t_s ? 1 : 0;
    end = std::max(end, start + total);
    responses.push_back(start - request.t_s + (metric == LatencyMetric::ttft ? request.first_s * slowdown : total));
  }
  const auto n = static_cast<double>(requests.size());
  Replay result;
  result.utilisation = end > begin ? busy / (static_cast<double>(slots) * (end - begin)) : 0;
  result.p_wait = static_cast<double>(waiting) / n;
  result.mean_wait_s = waited / n;
  std::sort(responses.begin(), responses.end());
  result.response_s = percentile(responses, quantile);
  return result;
}

std::optional<Replay> plan_by_replay(std::span<const ReplayRequest> requests, std::int64_t slots_per_worker,
                                     double slowdown, const Slo& slo) {
  const auto at = [&](std::int64_t workers) {
    Replay result = replay(requests, workers * slots_per_worker, slowdown, slo.metric, slo.quantile);
    result.workers = workers;
    return result;
  };
  // With a slot for each request nobody waits.
  std::int64_t high = (static_cast<std::int64_t>(requests.size()) + slots_per_worker - 1) / slots_per_worker;
  if (at(high).response_s > slo.limit_s) return std::nullopt;
  std::int64_t low = 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (at(middle).response_s <= slo.limit_s) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return at(high);
}

}  // namespace phasegate::analysis
