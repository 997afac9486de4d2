#include "analysis/capacity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/check.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

constexpr std::int64_t kMaxSlots = 1'000'000;
constexpr double kMillisPerSecond = 1000;

bool positive(double x) { return std::isfinite(x) && x > 0; }

core::Error wrong(std::string what, const char* field) {
  return {ErrorKind::invalid_input, std::move(what), field, "see `phasegate capacity --help`"};
}

double total_weight(std::span<const ServiceShape> shapes) {
  double total = 0;
  for (const ServiceShape& shape : shapes) total += shape.weight;
  return total;
}

double service_of(const ServiceShape& shape, LatencyMetric metric) {
  return metric == LatencyMetric::ttft ? shape.first_s : shape.total_s;
}

struct Moments {
  double mean = 0;
  double cv2 = 0;
};

Moments moments_of(std::span<const ServiceShape> shapes) {
  const double weight = total_weight(shapes);
  Moments moments;
  for (const ServiceShape& shape : shapes) moments.mean += shape.weight / weight * shape.total_s;
  double squares = 0;
  for (const ServiceShape& shape : shapes) {
    const double d = shape.total_s - moments.mean;
    squares += shape.weight / weight * d * d;
  }
  moments.cv2 = squares / (moments.mean * moments.mean);
  return moments;
}

// P(R > t)
double late_share(const Queue& queue, std::span<const ServiceShape> shapes, LatencyMetric metric, double t) {
  const double rate = queue.mean_wait_s > 0 ? queue.p_wait / queue.mean_wait_s : 0;
  double late = 0;
  for (const ServiceShape& shape : shapes) {
    const double slack = t - service_of(shape, metric);
    const double share = slack < 0 ? 1 : rate > 0 ? queue.p_wait * std::exp(-slack * rate) : 0;
    late += shape.weight * share;
  }
  return late / total_weight(shapes);
}

core::Status check_shapes(std::span<const ServiceShape> shapes) {
  if (shapes.empty()) return core::fail(wrong("no kind of request is given", "shapes"));
  for (const ServiceShape& shape : shapes) {
    if (!positive(shape.weight)) return core::fail(wrong("a weight is not above 0", "shapes"));
    if (!positive(shape.total_s)) return core::fail(wrong("a service time is not above 0", "shapes"));
    if (!std::isfinite(shape.first_s) || shape.first_s < 0 || shape.first_s > shape.total_s)
      return core::fail(wrong("a first token is not within its request", "shapes"));
  }
  return {};
}

core::Status check(const CapacityQuestion& q) {
  if (!positive(q.requests_per_s)) return core::fail(wrong("is not above 0", "requests_per_s"));
  if (!std::isfinite(q.burst) || q.burst < 1) return core::fail(wrong("is not at least 1", "burst"));
  if (!std::isfinite(q.arrival_cv2) || q.arrival_cv2 < 0) return core::fail(wrong("is negative", "arrival_cv2"));
  if (!positive(q.utilisation_cap) || q.utilisation_cap >= 1)
    return core::fail(wrong("is not within (0, 1)", "utilisation_cap"));
  if (!std::isfinite(q.cold_start_s) || q.cold_start_s < 0) return core::fail(wrong("is not a time", "cold_start_s"));
  if (!std::isfinite(q.starts_per_hour) || q.starts_per_hour < 0)
    return core::fail(wrong("is not a rate", "starts_per_hour"));
  PHASEGATE_CHECK_OK(check_shapes(q.shapes));
  for (const ConcurrencyPoint& point : q.curve) {
    if (point.concurrency < 1 || !positive(point.requests_per_s))
      return core::fail(wrong("a point is not a concurrency with a rate above 0", "curve"));
  }
  if (q.slo && !(positive(q.slo->limit_s) && q.slo->quantile > 0 && q.slo->quantile < 1))
    return core::fail(wrong("is not a latency above 0 at a quantile within (0, 1)", "slo"));
  return {};
}

// The question at one point of the curve: everything but the number of workers.
struct Point {
  std::int64_t slots = 1;
  double slowdown = 1;
  std::vector<ServiceShape> shapes;  // slowed down
  Moments service;
  double peak = 0;
  double quantile = 0;  // of warm requests: cold ones are late already
};

Point point_of(const CapacityQuestion& q, const ConcurrencyPoint& measured, double alone, double cold_share) {
  Point point;
  point.slots = measured.concurrency;
  point.slowdown = static_cast<double>(measured.concurrency) * alone / measured.requests_per_s;
  point.shapes = q.shapes;
  for (ServiceShape& shape : point.shapes) {
    shape.first_s *= point.slowdown;
    shape.total_s *= point.slowdown;
  }
  point.service = moments_of(point.shapes);
  point.peak = q.burst * q.requests_per_s;
  if (q.slo) point.quantile = 1 - (1 - q.slo->quantile - cold_share) / (1 - cold_share);
  return point;
}

std::optional<Queue> queue_of(const CapacityQuestion& q, const Point& point, std::int64_t workers) {
  return steady_queue(point.peak, point.service.mean, point.service.cv2, q.arrival_cv2, workers * point.slots);
}

bool keeps_slo(const CapacityQuestion& q, const Point& point, std::int64_t workers) {
  if (!q.slo) return true;
  const auto queue = queue_of(q, point, workers);
  return queue && late_share(*queue, point.shapes, q.slo->metric, q.slo->limit_s) <= 1 - point.quantile;
}

// Share of requests that are late although nobody waits.
double late_alone(const CapacityQuestion& q, const Point& point) {
  return late_share(Queue{}, point.shapes, q.slo->metric, q.slo->limit_s);
}

// The smallest number above `low - 1` that keeps the SLO: doubling, then halving. Null past kMaxSlots.
std::optional<std::int64_t> search(const CapacityQuestion& q, const Point& point, std::int64_t low) {
  const std::int64_t most = std::max<std::int64_t>(1, kMaxSlots / point.slots);
  std::int64_t high = low;
  while (!keeps_slo(q, point, high)) {
    if (high >= most) return std::nullopt;
    low = high + 1;
    high = std::min(most, high * 2);
  }
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (keeps_slo(q, point, middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return high;
}

CapacityAnswer answer_at(const CapacityQuestion& q, const Point& point, double cold_share) {
  CapacityAnswer answer;
  answer.slots_per_worker = point.slots;
  answer.slowdown = point.slowdown;
  answer.peak_per_s = point.peak;
  answer.cold_share = cold_share;
  answer.service_mean_s = point.service.mean;
  answer.service_cv2 = point.service.cv2;
  if (q.slo && late_alone(q, point) > 1 - point.quantile) {
    answer.reason = "service_alone_exceeds_slo";
    return answer;
  }
  const double by_cap =
      std::ceil(point.peak * point.service.mean / (q.utilisation_cap * static_cast<double>(point.slots)) - 1e-9);
  if (!(by_cap * static_cast<double>(point.slots) <= static_cast<double>(kMaxSlots))) {
    answer.reason = "beyond_any_fleet";
    return answer;
  }
  const std::int64_t capped = std::max<std::int64_t>(1, static_cast<std::int64_t>(by_cap));
  const auto warm = search(q, point, capped);
  if (!warm) {
    answer.reason = "beyond_any_fleet";
    return answer;
  }
  answer.limited_by = *warm > capped ? "slo" : by_cap > 1 ? "utilisation_cap" : "minimum";
  answer.warm_workers = *warm;
  answer.workers = static_cast<std::int64_t>(std::ceil(static_cast<double>(*warm) / (1 - cold_share) - 1e-9));
  answer.queue = *queue_of(q, point, *warm);
  if (q.slo) answer.response_s = response_quantile(answer.queue, point.shapes, q.slo->metric, point.quantile);
  return answer;
}

}  // namespace

double erlang_c(std::int64_t slots, double offered_load) {
  PHASEGATE_CHECK(slots >= 1 && offered_load < static_cast<double>(slots));
  double blocked = 1;  // Erlang B, by its recursion over the slots: no factorials, no overflow
  for (std::int64_t k = 1; k <= slots; ++k)
    blocked = offered_load * blocked / (static_cast<double>(k) + offered_load * blocked);
  const double rho = offered_load / static_cast<double>(slots);
  return blocked / (1 - rho * (1 - blocked));
}

std::optional<Queue> steady_queue(double lambda, double mean_s, double service_cv2, double arrival_cv2,
                                  std::int64_t slots) {
  const double load = lambda * mean_s;
  const auto c = static_cast<double>(slots);
  const double rho = load / c;
  if (!(rho < 1)) return std::nullopt;
  Queue queue;
  queue.utilisation = rho;
  queue.p_wait = erlang_c(slots, load);
  const double exponential = queue.p_wait * mean_s / (c * (1 - rho));
  const double correction = (1 - rho) * (c - 1) * (std::sqrt(4 + 5 * c) - 2) / (16 * rho * c);
  // Past twice, at low load and many slots, nobody waits and the correction has left its range.
  const double constant = exponential / 2 * std::min(2.0, 1 + correction);
  const double poisson = service_cv2 * exponential + (1 - service_cv2) * constant;
  queue.mean_wait_s = std::max(0.0, (arrival_cv2 - 1) / 2 * exponential + poisson);
  return queue;
}

std::string_view to_string(LatencyMetric metric) { return metric == LatencyMetric::ttft ? "ttft" : "e2e"; }

core::Result<Slo> parse_slo(std::string_view text) {
  const auto fault = [&] {
    return core::fail({ErrorKind::invalid_input, fmt::format("`{}` is no promise on latency", text), "--slo",
                       "write ttft_ms_p95=500 or e2e_ms_p99=8000"});
  };
  Slo slo;
  if (text.starts_with("e2e_ms_p")) {
    slo.metric = LatencyMetric::e2e;
    text.remove_prefix(8);
  } else if (text.starts_with("ttft_ms_p")) {
    text.remove_prefix(9);
  } else {
    return fault();
  }
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return fault();
  const auto number = [](std::string_view part, double& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size();
  };
  double percent = 0;
  double ms = 0;
  if (!number(text.substr(0, equals), percent) || !number(text.substr(equals + 1), ms)) return fault();
  if (!(percent > 0 && percent < 100) || !positive(ms)) return fault();
  slo.quantile = percent / 100;
  slo.limit_s = ms / kMillisPerSecond;
  return slo;
}

double response_quantile(const Queue& queue, std::span<const ServiceShape> shapes, LatencyMetric metric,
                         double quantile) {
  PHASEGATE_CHECK(!shapes.empty() && quantile > 0 && quantile < 1);
  const double allowed = 1 - quantile;
  double high = 0;
  for (const ServiceShape& shape : shapes) high = std::max(high, service_of(shape, metric));
  // At the longest service plus this wait everybody's share is below the allowed one.
  if (queue.p_wait > 0) high += queue.mean_wait_s / queue.p_wait * std::max(0.0, std::log(queue.p_wait / allowed));
  double low = 0;
  for (int i = 0; i < 200 && high - low > 1e-12 * high; ++i) {
    const double middle = low + (high - low) / 2;
    (late_share(queue, shapes, metric, middle) <= allowed ? high : low) = middle;
  }
  return high;
}

core::Result<CapacityAnswer> plan_capacity(const CapacityQuestion& question) {
  PHASEGATE_CHECK_OK(check(question));
  std::vector<ConcurrencyPoint> curve = question.curve;
  if (curve.empty()) curve.push_back({1, 1 / moments_of(question.shapes).mean});
  const auto alone = std::find_if(curve.begin(), curve.end(), [](const auto& p) { return p.concurrency == 1; });
  if (alone == curve.end()) {
    return core::fail({ErrorKind::evidence,
                       "the curve has no point of concurrency 1, so nobody knows what a slot costs", "curve",
                       "measure one request at a time as well"});
  }
  const double cold_share = question.cold_start_s * question.starts_per_hour / 3600;
  if (cold_share >= 1) return core::fail(wrong("a worker that only starts never works", "cold_start_s"));
  if (question.slo && cold_share >= 1 - question.slo->quantile - 1e-12) {
    CapacityAnswer answer;
    answer.reason = "cold_starts_exceed_slo";
    answer.cold_share = cold_share;
    return answer;
  }
  std::optional<CapacityAnswer> best;
  for (const ConcurrencyPoint& measured : curve) {
    CapacityAnswer answer =
        answer_at(question, point_of(question, measured, alone->requests_per_s, cold_share), cold_share);
    const bool better = !best || (answer.workers && (!best->workers || *answer.workers < *best->workers));
    if (better) best = std::move(answer);
  }
  return *best;
}

}  // namespace phasegate::analysis
