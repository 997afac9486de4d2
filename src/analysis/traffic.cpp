#include "analysis/traffic.h"

#include <algorithm>
#include <cmath>

#include "analysis/estimate.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

core::Error wrong(std::string what, std::string next) {
  return {ErrorKind::invalid_input, std::move(what), "trace", std::move(next)};
}

bool count_ok(const std::optional<double>& tokens) { return !tokens || (std::isfinite(*tokens) && *tokens >= 0); }

core::Status check(std::span<const TraceRequest> requests, double bin_s) {
  if (requests.size() < 2) return core::fail(wrong("has fewer than two requests", "give a longer trace"));
  if (!std::isfinite(bin_s) || bin_s <= 0) return core::fail(wrong("the bin is not a time above 0", "give --bin 60"));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!std::isfinite(requests[i].t_s))
      return core::fail(wrong(fmt::format("request {} has no finite time", i + 1), "mend the trace"));
    if (!count_ok(requests[i].prompt_tokens) || !count_ok(requests[i].gen_tokens))
      return core::fail(wrong(fmt::format("request {} has a token count that is none", i + 1), "mend the trace"));
  }
  return {};
}

double tokens_of(const TraceRequest& request) { return *request.prompt_tokens + *request.gen_tokens; }

// Variation of the gaps between neighbours. The slow rise and fall of the rate over a day must not look like jitter of
// arrivals (the burst factor has it already), so each gap is taken relative to the mean gap of its own bin.
std::optional<double> arrival_cv2(const std::vector<double>& times, double bin_s) {
  std::vector<double> relative;
  std::size_t begin = 0;
  while (begin < times.size()) {
    const double bin = std::floor((times[begin] - times.front()) / bin_s);
    std::size_t end = begin;
    while (end < times.size() && std::floor((times[end] - times.front()) / bin_s) <= bin) ++end;
    const std::size_t gaps = end - begin - 1;
    const double mean_gap = gaps > 0 ? (times[end - 1] - times[begin]) / static_cast<double>(gaps) : 0;
    // Few gaps share their mean too closely to say how they vary.
    if (gaps >= 10 && mean_gap > 0) {
      for (std::size_t i = begin + 1; i < end; ++i) relative.push_back((times[i] - times[i - 1]) / mean_gap);
    }
    begin = end;
  }
  if (relative.size() < 20) return std::nullopt;
  const double centre = mean(relative);
  return variance(relative) / (centre * centre);
}

void add_ratios(std::vector<double> loads, Traffic& traffic) {
  traffic.mean_load = mean(loads);
  if (!(traffic.mean_load > 0)) {
    traffic.p95_reason = traffic.p99_reason = "no_load";
    return;
  }
  std::sort(loads.begin(), loads.end());
  traffic.peak_over_mean = loads.back() / traffic.mean_load;
  constexpr MinimumN kMinimum;
  if (loads.size() >= kMinimum.p95) {
    traffic.p95_over_mean = percentile(loads, 0.95) / traffic.mean_load;
  } else {
    traffic.p95_reason = n_below(kMinimum.p95);
  }
  if (loads.size() >= kMinimum.p99) {
    traffic.p99_over_mean = percentile(loads, 0.99) / traffic.mean_load;
  } else {
    traffic.p99_reason = n_below(kMinimum.p99);
  }
}

void add_means(std::span<const TraceRequest> requests, Traffic& traffic) {
  std::vector<double> prompt;
  std::vector<double> gen;
  for (const TraceRequest& request : requests) {
    if (request.prompt_tokens) prompt.push_back(*request.prompt_tokens);
    if (request.gen_tokens) gen.push_back(*request.gen_tokens);
  }
  if (prompt.size() != requests.size() || gen.size() != requests.size()) return;
  traffic.unit = LoadUnit::tokens;
  traffic.mean_prompt = mean(prompt);
  traffic.mean_gen = mean(gen);
}

}  // namespace

core::Result<Traffic> traffic_of(std::span<const TraceRequest> requests, double bin_s) {
  PHASEGATE_CHECK_OK(check(requests, bin_s));
  Traffic traffic;
  traffic.bin_s = bin_s;
  traffic.requests = static_cast<std::int64_t>(requests.size());
  std::vector<double> times;
  times.reserve(requests.size());
  for (const TraceRequest& request : requests) times.push_back(request.t_s);
  std::sort(times.begin(), times.end());
  traffic.seconds = times.back() - times.front();
  const double bins = std::floor(traffic.seconds / bin_s);
  if (!(bins <= static_cast<double>(kMaxTrafficBins)))
    return core::fail(
        wrong(fmt::format("{:.3g} s make more than {} bins of {} s", traffic.seconds, kMaxTrafficBins, bin_s),
              "give a longer --bin, or check the unit of the times"));
  if (bins < 2)
    return core::fail({ErrorKind::evidence,
                       fmt::format("{:.3g} s are fewer than two bins of {} s", traffic.seconds, bin_s), "trace",
                       "give a longer trace or a shorter --bin"});
  traffic.bins = static_cast<std::int64_t>(bins);
  add_means(requests, traffic);
  std::vector<double> loads(static_cast<std::size_t>(traffic.bins), 0.0);
  for (const TraceRequest& request : requests) {
    const double bin = std::floor((request.t_s - times.front()) / bin_s);
    if (bin >= bins) continue;
    loads[static_cast<std::size_t>(bin)] += (traffic.unit == LoadUnit::tokens ? tokens_of(request) : 1) / bin_s;
  }
  add_ratios(std::move(loads), traffic);
  traffic.requests_per_s = static_cast<double>(requests.size() - 1) / traffic.seconds;
  if (traffic.mean_prompt) traffic.tokens_per_s = traffic.requests_per_s * (*traffic.mean_prompt + *traffic.mean_gen);
  traffic.arrival_cv2 = arrival_cv2(times, bin_s);
  return traffic;
}

core::Result<std::vector<ServiceShape>> service_shapes(std::span<const TraceRequest> requests, double prefill_tok_s,
                                                       double decode_tok_s, std::size_t most) {
  for (const double rate : {prefill_tok_s, decode_tok_s}) {
    if (!std::isfinite(rate) || rate <= 0) return core::fail(wrong("a rate is not above 0", "give tokens a second"));
  }
  std::vector<ServiceShape> shapes;
  shapes.reserve(requests.size());
  for (const TraceRequest& request : requests) {
    if (!request.prompt_tokens || !request.gen_tokens)
      return core::fail(
          {ErrorKind::evidence, "a request has no token counts", "trace", "give --prompt and --gen for all requests"});
    const double first = *request.prompt_tokens / prefill_tok_s;
    const double total = first + *request.gen_tokens / decode_tok_s;
    if (total > 0) shapes.push_back({1, first, total});
  }
  std::sort(shapes.begin(), shapes.end(), [](const auto& a, const auto& b) { return a.total_s < b.total_s; });
  if (shapes.size() <= most) return shapes;
  std::vector<ServiceShape> groups;
  for (std::size_t g = 0; g < most; ++g) {
    const std::size_t begin = g * shapes.size() / most;
    const std::size_t end = (g + 1) * shapes.size() / most;
    ServiceShape group{static_cast<double>(end - begin), 0, 0};
    for (std::size_t i = begin; i < end; ++i) {
      group.first_s += shapes[i].first_s / group.weight;
      group.total_s += shapes[i].total_s / group.weight;
    }
    groups.push_back(group);
  }
  return groups;
}

}  // namespace phasegate::analysis
