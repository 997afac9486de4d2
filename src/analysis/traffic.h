// Bursts of real traffic. A burst factor is the load of a busy bin over the mean load: p95/mean, p99/mean over bins of
// a stated length. Without the length it means nothing, for short bins always look burstier.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/capacity.h"
#include "core/result.h"

namespace phasegate::analysis {

struct TraceRequest {
  double t_s = 0;  // arrival, any epoch
  std::optional<double> prompt_tokens;
  std::optional<double> gen_tokens;
};

enum class LoadUnit { tokens, requests };

struct Traffic {
  LoadUnit unit = LoadUnit::requests;  // tokens when every request has both counts
  double bin_s = 0;
  std::int64_t bins = 0;  // whole bins from the first arrival on; the rest of the trace is left out
  std::int64_t requests = 0;
  double seconds = 0;  // first to last arrival
  double requests_per_s = 0;
  std::optional<double> tokens_per_s;  // prompt + generated
  std::optional<double> mean_prompt;
  std::optional<double> mean_gen;
  double mean_load = 0;                 // per second, over the bins
  std::optional<double> p95_over_mean;  // null below 20 bins
  std::optional<double> p99_over_mean;  // null below 100 bins
  double peak_over_mean = 0;
  std::string p95_reason;  // "n_below_20"
  std::string p99_reason;
  // Squared coefficient of variation of the gaps between arrivals, each gap relative to the mean gap of its bin, for
  // the rise and fall over a day is the burst factor's: 1 is Poisson. Bins with fewer than 10 gaps are left out; null
  // when fewer than 20 gaps remain.
  std::optional<double> arrival_cv2;
};

inline constexpr std::int64_t kMaxTrafficBins = 10'000'000;

// `requests` in any order. Fails with invalid_input for fewer than 2 requests, times that are not finite, counts that
// are negative, a bin that is not positive or gives more than kMaxTrafficBins, with evidence when the trace is shorter
// than two bins.
[[nodiscard]] core::Result<Traffic> traffic_of(std::span<const TraceRequest> requests, double bin_s);

// What the trace's requests would take on a worker that prefills at one rate and decodes at another: at most `most`
// groups of like length (neighbours by total time), each with its mean times, so that the mean load stays what it is.
// Fails with evidence unless every request has both counts, invalid_input for rates that are not above 0.
[[nodiscard]] core::Result<std::vector<ServiceShape>> service_shapes(std::span<const TraceRequest> requests,
                                                                     double prefill_tok_s, double decode_tok_s,
                                                                     std::size_t most = 200);

}  // namespace phasegate::analysis
