#include "cli/capacity_plan.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "cli/trace_file.h"

namespace phasegate::cli {
namespace {

using analysis::ServiceShape;
using core::ErrorKind;

constexpr double kHoursPerMonth = analysis::kSecondsPerMonth / 3600;

core::Error usage(std::string what, std::string next) {
  return {ErrorKind::invalid_input, std::move(what), "capacity", std::move(next)};
}

core::Result<double> seconds_per_unit(const std::string& unit) {
  if (unit == "s") return 1.0;
  if (unit == "ms") return 1e-3;
  if (unit == "us") return 1e-6;
  if (unit == "ns") return 1e-9;
  return core::fail(usage("--time-unit is none of s, ms, us, ns", {}));
}

core::Result<std::vector<analysis::ConcurrencyPoint>> parse_curve(std::string_view text) {
  std::vector<analysis::ConcurrencyPoint> curve;
  const auto fault = [&] {
    return core::fail(usage("--curve is no list of REQUESTS_AT_A_TIME:REQUESTS_A_SECOND", "for example 1:1.0,4:3.2"));
  };
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const auto colon = part.find(':');
    analysis::ConcurrencyPoint point;
    if (colon == std::string_view::npos) return fault();
    const auto [a, e1] = std::from_chars(part.data(), part.data() + colon, point.concurrency);
    const auto [b, e2] = std::from_chars(part.data() + colon + 1, part.data() + part.size(), point.requests_per_s);
    if (e1 != std::errc() || e2 != std::errc() || a != part.data() + colon || b != part.data() + part.size())
      return fault();
    curve.push_back(point);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return curve;
}

// What a worker does, from a cell or from the options; each may be unknown.
struct Worker {
  std::optional<double> prefill_tok_s;
  std::optional<double> decode_tok_s;
  std::optional<double> tok_s;
  std::optional<double> prompt;
  std::optional<double> gen;
  double measured_prompt = 0;  // of the cell; 0 without one
  double measured_gen = 0;
};

core::Result<Worker> worker_of(Context& context, const CapacityOptions& options, CapacityPlan& plan) {
  Worker worker{options.prefill_tok_s, options.decode_tok_s, options.worker_tok_s, options.prompt, options.gen, 0, 0};
  plan.worker = "given by hand";
  if (options.cell.empty()) return worker;
  PHASEGATE_TRY(shape, find_measured_shape(context, options.cell, ""));
  plan.worker = shape.name;
  plan.worker_run = shape.run;
  if (shape.uncached) plan.warnings.emplace_back("the cell's generation is uncached; no server works like that");
  worker.measured_prompt = shape.prompt_tokens;
  worker.measured_gen = shape.gen_tokens;
  if (!worker.prefill_tok_s) worker.prefill_tok_s = shape.prefill_tok_s;
  if (!worker.decode_tok_s) worker.decode_tok_s = shape.decode_tok_s;
  // A trace has its own requests.
  if (options.trace.empty() && !worker.prompt && shape.prompt_tokens > 0) worker.prompt = shape.prompt_tokens;
  if (options.trace.empty() && !worker.gen && shape.gen_tokens > 0) worker.gen = shape.gen_tokens;
  if (!worker.tok_s && shape.s_per_1m) worker.tok_s = 1e6 / *shape.s_per_1m;
  if (!worker.tok_s && !worker.prefill_tok_s) {
    return core::fail({ErrorKind::evidence, "the cell has no rate: " + shape.reason, shape.name,
                       "choose another cell, or give --worker-tok-s"});
  }
  return worker;
}

core::Status add_trace(const CapacityOptions& options, CapacityPlan& plan,
                       std::vector<analysis::TraceRequest>& requests) {
  PHASEGATE_TRY(unit, seconds_per_unit(options.time_unit));
  PHASEGATE_TRY(trace, load_trace(options.trace, unit));
  if (trace.bad_rows > 0)
    plan.warnings.push_back(
        fmt::format("{} rows could not be read and are left out; the first: {}", trace.bad_rows, trace.first_bad));
  PHASEGATE_TRY(traffic, analysis::traffic_of(trace.requests, options.bin_s));
  plan.traffic = traffic;
  requests = std::move(trace.requests);
  return {};
}

core::Status add_burst(const CapacityOptions& options, CapacityPlan& plan) {
  if (options.burst) {
    plan.burst = *options.burst;
    plan.burst_from = "given by hand, not measured";
    return {};
  }
  if (!plan.traffic) {
    plan.burst_from = "none given: a flat month, which no traffic is";
    return {};
  }
  const analysis::Traffic& traffic = *plan.traffic;
  const auto& ratio = options.burst_p99 ? traffic.p99_over_mean : traffic.p95_over_mean;
  const char* name = options.burst_p99 ? "p99" : "p95";
  if (!ratio) {
    return core::fail({ErrorKind::evidence,
                       fmt::format("{} of {} bins is no evidence ({})", name, traffic.bins,
                                   options.burst_p99 ? traffic.p99_reason : traffic.p95_reason),
                       options.trace, "give a shorter --bin, a longer trace, or --burst by hand"});
  }
  plan.burst = std::max(1.0, *ratio);
  plan.burst_from = fmt::format("{} of {} bins of {} s over their mean", name, traffic.bins, options.bin_s);
  return {};
}

// The kinds of requests on an idle worker; empty with plan.answer_reason where nobody can say.
core::Result<std::vector<ServiceShape>> shapes_of(const Worker& worker, const CapacityOptions& options,
                                                  const std::vector<analysis::TraceRequest>& requests,
                                                  CapacityPlan& plan) {
  const bool phases = worker.prefill_tok_s && worker.decode_tok_s;
  const bool traced = plan.traffic && plan.traffic->mean_prompt && !options.prompt && !options.gen;
  if (phases && traced) return analysis::service_shapes(requests, *worker.prefill_tok_s, *worker.decode_tok_s);
  const auto prompt = traced ? plan.traffic->mean_prompt : worker.prompt;
  const auto gen = traced ? plan.traffic->mean_gen : worker.gen;
  if (!prompt || !gen) {
    plan.answer_reason = "the tokens of a request are unknown: give --prompt and --gen";
    return std::vector<ServiceShape>{};
  }
  if (phases) {
    const analysis::TraceRequest request{0, prompt, gen};
    return analysis::service_shapes(std::span(&request, 1), *worker.prefill_tok_s, *worker.decode_tok_s);
  }
  plan.answer_reason = "the time to a first token needs both rates: give --prefill-tok-s and --decode-tok-s, or a cell";
  return std::vector<ServiceShape>{};
}

// One rate for all tokens says when a request ends, not when it begins to answer.
void use_one_rate(const CapacityPlan& plan, Worker& worker) {
  const bool needs_first = plan.slo && plan.slo->metric == analysis::LatencyMetric::ttft;
  if (needs_first || !worker.tok_s || (worker.prefill_tok_s && worker.decode_tok_s)) return;
  worker.prefill_tok_s = worker.decode_tok_s = worker.tok_s;
}

// A rate of short prompts is no evidence for long ones.
void warn_of_other_shapes(const Worker& worker, CapacityPlan& plan) {
  const auto far = [](double used, double measured) {
    return used > 0 && measured > 0 && std::abs(used / measured - 1) > 0.25;
  };
  const bool traced = plan.traffic && plan.traffic->mean_prompt;
  const double prompt = worker.prompt.value_or(traced ? *plan.traffic->mean_prompt : 0);
  const double gen = worker.gen.value_or(traced ? *plan.traffic->mean_gen : 0);
  if (!far(prompt, worker.measured_prompt) && !far(gen, worker.measured_gen)) return;
  plan.warnings.push_back(
      fmt::format("requests of {:.4g} + {:.4g} tokens, but the cell was measured at {:.4g} + {:.4g}: its rates are no "
                  "evidence there",
                  prompt, gen, worker.measured_prompt, worker.measured_gen));
}

double mean_seconds(const std::vector<ServiceShape>& shapes) {
  double seconds = 0;
  double weight = 0;
  for (const ServiceShape& shape : shapes) {
    seconds += shape.weight * shape.total_s;
    weight += shape.weight;
  }
  return seconds / weight;
}

double tokens_of_a_request(const Worker& worker, const CapacityOptions& options, const CapacityPlan& plan) {
  const bool traced = plan.traffic && plan.traffic->mean_prompt && !options.prompt && !options.gen;
  if (traced) return *plan.traffic->mean_prompt + *plan.traffic->mean_gen;
  return worker.prompt.value_or(0) + worker.gen.value_or(0);
}

core::Status add_demand(const CapacityOptions& options, double tokens_per_request, CapacityPlan& plan) {
  if (plan.traffic) {
    plan.requests_per_s = plan.traffic->requests_per_s;
    if (!(tokens_per_request > 0)) {
      return core::fail(usage("the trace has no token counts", "give --prompt and --gen for all requests"));
    }
    plan.tokens_per_month = *plan.requests_per_s * tokens_per_request * analysis::kSecondsPerMonth;
    return {};
  }
  plan.tokens_per_month = *options.tokens_per_month;
  if (tokens_per_request > 0)
    plan.requests_per_s = plan.tokens_per_month / analysis::kSecondsPerMonth / tokens_per_request;
  return {};
}

void add_arrivals(const CapacityOptions& options, CapacityPlan& plan) {
  plan.arrival_from = "assumed: Poisson";
  if (options.arrival_cv2) {
    plan.arrival_cv2 = *options.arrival_cv2;
    plan.arrival_from = "given by hand";
  } else if (plan.traffic && plan.traffic->arrival_cv2) {
    plan.arrival_cv2 = *plan.traffic->arrival_cv2;
    plan.arrival_from = "measured in the trace";
  }
}

core::Status add_answer(const CapacityOptions& options, std::vector<ServiceShape> shapes, CapacityPlan& plan) {
  if (shapes.empty() || !plan.requests_per_s) return {};
  analysis::CapacityQuestion question;
  question.requests_per_s = *plan.requests_per_s;
  question.burst = plan.burst;
  question.arrival_cv2 = plan.arrival_cv2;
  question.shapes = std::move(shapes);
  PHASEGATE_TRY(curve, parse_curve(options.curve));
  question.curve = curve;
  question.slo = plan.slo;
  question.utilisation_cap = options.utilisation_cap;
  question.cold_start_s = options.cold_start_s;
  question.starts_per_hour = options.starts_per_hour;
  PHASEGATE_TRY(answer, analysis::plan_capacity(question));
  plan.answer = answer;
  return {};
}

// The trace with the tokens that --prompt and --gen give every request, where they do.
std::vector<analysis::TraceRequest> with_tokens(std::vector<analysis::TraceRequest> requests,
                                                const CapacityOptions& options) {
  for (analysis::TraceRequest& request : requests) {
    if (options.prompt) request.prompt_tokens = options.prompt;
    if (options.gen) request.gen_tokens = options.gen;
  }
  return requests;
}

core::Status add_replay(const Worker& worker, const std::vector<analysis::TraceRequest>& requests, CapacityPlan& plan) {
  const bool possible = plan.slo && plan.answer && plan.answer->workers && worker.prefill_tok_s && worker.decode_tok_s;
  if (requests.empty() || !possible) return {};
  PHASEGATE_TRY(replayed, analysis::replay_requests(requests, *worker.prefill_tok_s, *worker.decode_tok_s));
  const analysis::CapacityAnswer& answer = *plan.answer;
  analysis::Slo slo = *plan.slo;
  slo.quantile =
      1 - (1 - slo.quantile - answer.cold_share) / (1 - answer.cold_share);  // cold requests are late already
  plan.replay = analysis::plan_by_replay(replayed, answer.slots_per_worker, answer.slowdown, slo);
  if (!plan.replay) plan.reason = "service_alone_exceeds_slo";
  return {};
}

void settle(CapacityPlan& plan) {
  if (!plan.answer) return;
  if (!plan.answer->workers) plan.reason = plan.answer->reason;
  if (!plan.reason.empty()) return;
  plan.workers = plan.answer->workers;
  plan.limited_by = plan.answer->limited_by;
  if (!plan.replay) return;
  const double warm = static_cast<double>(plan.replay->workers);
  const auto needed = static_cast<std::int64_t>(std::ceil(warm / (1 - plan.answer->cold_share) - 1e-9));
  if (needed <= *plan.workers) return;
  plan.workers = needed;
  plan.limited_by = "replay";
}

core::Status add_price(const CapacityOptions& options, CapacityPlan& plan) {
  if (options.pricing.empty()) return {};
  PHASEGATE_TRY(pricing, policy::load_pricing(options.pricing));
  plan.pricing = pricing;
  const std::optional<std::int64_t> workers = plan.answer ? plan.workers : plan.lower_bound.workers;
  if (workers && pricing.price.currency == "USD")
    plan.usd_per_month = static_cast<double>(*workers) * pricing.price.usd_per_hour * kHoursPerMonth;
  return {};
}

core::Status check(const CapacityOptions& options) {
  if (options.tokens_per_month.has_value() == !options.trace.empty())
    return core::fail(usage("give either --tokens-per-month or --trace", "phasegate capacity --help has examples"));
  const bool any = !options.cell.empty() || options.worker_tok_s || (options.prefill_tok_s && options.decode_tok_s);
  if (!any) {
    return core::fail(
        usage("no worker is given", "give --run RUN:CELL, --worker-tok-s, or --prefill-tok-s and --decode-tok-s"));
  }
  return {};
}

}  // namespace

core::Result<CapacityPlan> make_capacity_plan(Context& context, const CapacityOptions& options) {
  PHASEGATE_CHECK_OK(check(options));
  CapacityPlan plan;
  if (!options.slo.empty()) {
    PHASEGATE_TRY(slo, analysis::parse_slo(options.slo));
    plan.slo = slo;
  }
  PHASEGATE_TRY(worker, worker_of(context, options, plan));
  std::vector<analysis::TraceRequest> requests;
  if (!options.trace.empty()) PHASEGATE_CHECK_OK(add_trace(options, plan, requests));
  PHASEGATE_CHECK_OK(add_burst(options, plan));
  use_one_rate(plan, worker);
  warn_of_other_shapes(worker, plan);
  PHASEGATE_TRY(shapes, shapes_of(worker, options, requests, plan));
  const double tokens = tokens_of_a_request(worker, options, plan);
  PHASEGATE_CHECK_OK(add_demand(options, tokens, plan));
  // Where a request's shape is known, its own time says more than a rate over other shapes.
  const bool by_shape = !shapes.empty() && worker.prefill_tok_s && worker.decode_tok_s && tokens > 0;
  if (!by_shape && !worker.tok_s)
    return core::fail(usage("the worker's rate over whole requests is unknown: " + plan.answer_reason,
                            "give --prompt and --gen, or --worker-tok-s"));
  plan.worker_tok_s = by_shape ? tokens / mean_seconds(shapes) : *worker.tok_s;
  PHASEGATE_TRY(bound, analysis::capacity_lower_bound(plan.tokens_per_month,
                                                      {plan.worker_tok_s, "", plan.worker_run, ""}, plan.burst));
  plan.lower_bound = bound;
  add_arrivals(options, plan);
  if (plan.slo && shapes.empty()) return core::fail(usage(plan.answer_reason, "or leave out --slo"));
  PHASEGATE_CHECK_OK(add_answer(options, std::move(shapes), plan));
  PHASEGATE_CHECK_OK(add_replay(worker, with_tokens(std::move(requests), options), plan));
  settle(plan);
  PHASEGATE_CHECK_OK(add_price(options, plan));
  return plan;
}

}  // namespace phasegate::cli
