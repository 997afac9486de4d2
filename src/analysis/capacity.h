// How many workers keep a promise on latency. The lower bound of economics.h assumes that work waits for no one; here
// requests arrive at random, wait for a free slot, first come first served.
//
//   offered load   a = lambda * E[S]; utilisation rho = a / c; c slots = workers * slots of a worker
//   P(wait)        C = Erlang C of (c, a)
//   M/M/c          W_M = C * E[S] / (c (1 - rho))
//   M/D/c          W_D = W_M / 2 * (1 + (1 - rho)(c - 1)(sqrt(4 + 5c) - 2) / (16 rho c))      (Cosmetatos 1975)
//   mean wait      W = (Ca2 - 1) / 2 * W_M + Cs2 * W_M + (1 - Cs2) * W_D
//                  the two-moment formula of Allen and Cunneen, (Ca2 + Cs2) / 2 * W_M, with W_D in place of W_M / 2:
//                  without it the wait for constant service on 8 slots is 25 % low at rho 0.5, for variable service
//                  high. Exact for M/M/c and M/G/1.
//   response       R = wait + service; those who wait do so for an exponential time with mean W / C:
//                  P(R > t) = sum over shapes i of w_i * (t < s_i ? 1 : C * exp(-(t - s_i) C / W))
//                  exact for M/M/c; the quantile is found by bisection.
// Two allowances: utilisation stays at or below a cap (0.70), for near 1 every formula explodes and every real burst
// breaks it; and cold starts: a worker that starts `starts_per_hour` times for `cold_start_s` is absent for that share
// of the hour, and the same share of requests is counted as late.
// The tests hold all of it against a discrete-event simulation: within 10 % up to Cs2 = 2, above that 0 to 25 % high.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace phasegate::analysis {

// One kind of request on an otherwise idle worker.
struct ServiceShape {
  double weight = 1;   // relative number of requests
  double first_s = 0;  // until the first token (prefill)
  double total_s = 0;  // until the last
};

struct Queue {
  double utilisation = 0;
  double p_wait = 0;
  double mean_wait_s = 0;  // over all requests
};

// Arrivals per second, mean and squared coefficient of variation of service, of the gaps between arrivals. Null when
// the queue has no steady state (utilisation >= 1). Preconditions: all finite, lambda > 0, mean_s > 0, slots >= 1.
[[nodiscard]] std::optional<Queue> steady_queue(double lambda, double mean_s, double service_cv2, double arrival_cv2,
                                                std::int64_t slots);

[[nodiscard]] double erlang_c(std::int64_t slots, double offered_load);  // offered_load < slots

enum class LatencyMetric { ttft, e2e };
[[nodiscard]] std::string_view to_string(LatencyMetric metric);

struct Slo {
  LatencyMetric metric = LatencyMetric::ttft;
  double quantile = 0.95;  // (0, 1)
  double limit_s = 0;
};
// "ttft_ms_p95=500", "e2e_ms_p99=8000", "ttft_ms_p99.9=…". Fails with invalid_input.
[[nodiscard]] core::Result<Slo> parse_slo(std::string_view text);

// The quantile of wait + service. `shapes` is not empty, 0 < quantile < 1.
[[nodiscard]] double response_quantile(const Queue& queue, std::span<const ServiceShape> shapes, LatencyMetric metric,
                                       double quantile);

// What one worker does with `concurrency` requests at a time, measured.
struct ConcurrencyPoint {
  std::int64_t concurrency = 1;
  double requests_per_s = 0;
};

struct CapacityQuestion {
  double requests_per_s = 0;  // mean
  double burst = 1;           // busy load / mean load, >= 1
  double arrival_cv2 = 1;     // 1 = Poisson
  std::vector<ServiceShape> shapes;
  // Empty: one request at a time. Else a worker has as many slots as the point's concurrency, each slower by
  // concurrency * X(1) / X(concurrency); needs the point of concurrency 1.
  std::vector<ConcurrencyPoint> curve;
  std::optional<Slo> slo;  // absent: the cap alone decides
  double utilisation_cap = 0.70;
  double cold_start_s = 0;
  double starts_per_hour = 0;  // of one worker
};

struct CapacityAnswer {
  std::optional<std::int64_t> workers;  // null with the reason
  std::string reason;                   // "service_alone_exceeds_slo", "cold_starts_exceed_slo", "beyond_any_fleet"
  std::string limited_by;               // "slo", "utilisation_cap", "minimum"
  std::int64_t warm_workers = 0;        // before the cold-start allowance
  std::int64_t slots_per_worker = 1;
  double slowdown = 1;    // of one request at that concurrency
  double peak_per_s = 0;  // burst * mean
  double cold_share = 0;
  Queue queue;                       // at the peak, with warm_workers
  std::optional<double> response_s;  // the SLO's quantile
  double service_mean_s = 0;         // at that concurrency
  double service_cv2 = 0;
};

// The smallest number of workers; over the points of the curve, the point that needs the fewest. Fails with
// invalid_input for numbers out of range, evidence for a curve without the point of concurrency 1.
[[nodiscard]] core::Result<CapacityAnswer> plan_capacity(const CapacityQuestion& question);

}  // namespace phasegate::analysis
