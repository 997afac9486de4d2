// What `capacity` prints: one JSON document, or lines for people.
#include <fmt/format.h>

#include "cli/capacity_plan.h"
#include "cli/observed_text.h"

namespace phasegate::cli {
namespace {

using core::Json;

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

Json traffic_json(const analysis::Traffic& traffic) {
  return {{"unit", traffic.unit == analysis::LoadUnit::tokens ? "tokens" : "requests"},
          {"bin_s", traffic.bin_s},
          {"bins", traffic.bins},
          {"requests", traffic.requests},
          {"seconds", traffic.seconds},
          {"requests_per_s", traffic.requests_per_s},
          {"tokens_per_s", number(traffic.tokens_per_s)},
          {"mean_prompt_tokens", number(traffic.mean_prompt)},
          {"mean_gen_tokens", number(traffic.mean_gen)},
          {"p95_over_mean", number(traffic.p95_over_mean)},
          {"p99_over_mean", number(traffic.p99_over_mean)},
          {"peak_over_mean", traffic.peak_over_mean},
          {"p95_reason", traffic.p95_reason.empty() ? Json(nullptr) : Json(traffic.p95_reason)},
          {"p99_reason", traffic.p99_reason.empty() ? Json(nullptr) : Json(traffic.p99_reason)},
          {"arrival_cv2", number(traffic.arrival_cv2)}};
}

Json answer_json(const analysis::CapacityAnswer& answer) {
  return {{"workers", answer.workers ? Json(*answer.workers) : Json(nullptr)},
          {"reason", answer.reason.empty() ? Json(nullptr) : Json(answer.reason)},
          {"limited_by", answer.limited_by.empty() ? Json(nullptr) : Json(answer.limited_by)},
          {"warm_workers", answer.warm_workers},
          {"slots_per_worker", answer.slots_per_worker},
          {"slowdown", answer.slowdown},
          {"peak_requests_per_s", answer.peak_per_s},
          {"cold_share", answer.cold_share},
          {"utilisation", answer.queue.utilisation},
          {"p_wait", answer.queue.p_wait},
          {"mean_wait_s", answer.queue.mean_wait_s},
          {"response_s", number(answer.response_s)},
          {"service_mean_s", answer.service_mean_s},
          {"service_cv2", answer.service_cv2}};
}

Json replay_json(const analysis::Replay& replay) {
  return {{"workers", replay.workers},
          {"utilisation", replay.utilisation},
          {"p_wait", replay.p_wait},
          {"mean_wait_s", replay.mean_wait_s},
          {"response_s", replay.response_s}};
}

std::string amount(double value) { return amount_text(core::finite_or_null(value)); }

std::string line(const char* name, const std::string& text) { return fmt::format("{:<12} {}\n", name, text); }

std::string demand_lines(const CapacityPlan& plan) {
  std::string text = line("demand", fmt::format("{} tokens a month = {} tok/s on average",
                                                amount(plan.tokens_per_month), amount(plan.lower_bound.avg_tok_s)));
  if (plan.traffic) {
    const analysis::Traffic& t = *plan.traffic;
    text += line("trace", fmt::format("{} requests in {} s = {} a second; busiest bin {}x the mean", t.requests,
                                      amount(t.seconds), amount(t.requests_per_s), amount(t.peak_over_mean)));
    if (t.mean_prompt)
      text += line(
          "", fmt::format("{} prompt and {} generated tokens a request", amount(*t.mean_prompt), amount(*t.mean_gen)));
  } else if (plan.requests_per_s) {
    text += line("", fmt::format("{} requests a second", amount(*plan.requests_per_s)));
  }
  text += line("burst", fmt::format("{}  ({})", amount(plan.burst), plan.burst_from));
  return text;
}

std::string slo_text(const analysis::Slo& slo) {
  return fmt::format("{} p{}", to_string(slo.metric), amount(slo.quantile * 100));
}

std::string formula_lines(const CapacityPlan& plan) {
  const analysis::CapacityAnswer& answer = *plan.answer;
  std::string text =
      line("by formula", fmt::format("{}, at {} requests a second: utilisation {}, {} % wait, {} ms on average",
                                     *answer.workers, amount(answer.peak_per_s), amount(answer.queue.utilisation),
                                     amount(answer.queue.p_wait * 100), amount(answer.queue.mean_wait_s * 1000)));
  if (answer.response_s)
    text += line("", fmt::format("{} = {} ms", slo_text(*plan.slo), amount(*answer.response_s * 1000)));
  text += line("", fmt::format("arrivals Ca2 {} ({}), service {} s, Cs2 {}", amount(plan.arrival_cv2),
                               plan.arrival_from, amount(answer.service_mean_s), amount(answer.service_cv2)));
  return text;
}

std::string replay_lines(const CapacityPlan& plan) {
  const analysis::Replay& replay = *plan.replay;
  return line("by replay",
              fmt::format("{}, the trace itself: utilisation {}, {} % wait, {} ms on average", replay.workers,
                          amount(replay.utilisation), amount(replay.p_wait * 100), amount(replay.mean_wait_s * 1000))) +
         line("", fmt::format("{} = {} ms", slo_text(*plan.slo), amount(replay.response_s * 1000)));
}

std::string answer_lines(const CapacityPlan& plan) {
  const analysis::CapacityAnswer& answer = *plan.answer;
  const std::string promise = plan.slo
                                  ? fmt::format("{} <= {} ms", slo_text(*plan.slo), amount(plan.slo->limit_s * 1000))
                                  : "none: the utilisation cap alone decides";
  std::string text = "\n" + line("promise", promise);
  if (!plan.workers) {
    text += line("workers", "none: " + plan.reason);
    if (plan.reason == "service_alone_exceeds_slo")
      text += line("", "requests are too slow even when nobody waits; no fleet makes one of them faster");
    return text;
  }
  text += line("workers", fmt::format("{}  (limited by {})", *plan.workers, plan.limited_by));
  if (answer.cold_share > 0)
    text += line("", fmt::format("each of them {} % of the time in cold starts", amount(answer.cold_share * 100)));
  if (answer.slots_per_worker > 1)
    text += line("", fmt::format("{} requests at a time on each, each {}x slower", answer.slots_per_worker,
                                 amount(answer.slowdown)));
  text += formula_lines(plan);
  if (plan.replay) text += replay_lines(plan);
  return text;
}

}  // namespace

Json capacity_json(const CapacityPlan& plan) {
  Json json = {{"tokens_per_month", plan.tokens_per_month},
               {"requests_per_s", number(plan.requests_per_s)},
               {"traffic", plan.traffic ? traffic_json(*plan.traffic) : Json(nullptr)},
               {"burst", {{"value", plan.burst}, {"from", plan.burst_from}}},
               {"worker",
                {{"name", plan.worker},
                 {"run", plan.worker_run.empty() ? Json(nullptr) : Json(plan.worker_run)},
                 {"tok_s", plan.worker_tok_s}}},
               {"lower_bound",
                {{"avg_tok_s", plan.lower_bound.avg_tok_s},
                 {"workers_exact", plan.lower_bound.workers_exact},
                 {"workers", plan.lower_bound.workers}}},
               {"arrivals", {{"cv2", plan.arrival_cv2}, {"from", plan.arrival_from}}},
               {"slo", nullptr},
               {"plan", plan.answer ? answer_json(*plan.answer) : Json(nullptr)},
               {"workers", plan.workers ? Json(*plan.workers) : Json(nullptr)},
               {"limited_by", plan.limited_by.empty() ? Json(nullptr) : Json(plan.limited_by)},
               {"reason", plan.reason.empty() ? Json(nullptr) : Json(plan.reason)},
               {"replay", plan.replay ? replay_json(*plan.replay) : Json(nullptr)},
               {"plan_reason", plan.answer_reason.empty() ? Json(nullptr) : Json(plan.answer_reason)},
               {"usd_per_month", number(plan.usd_per_month)},
               {"pricing", plan.pricing ? policy::to_json(*plan.pricing) : Json(nullptr)},
               {"warnings", plan.warnings}};
  if (plan.slo)
    json["slo"] = {{"metric", to_string(plan.slo->metric)},
                   {"quantile", plan.slo->quantile},
                   {"limit_ms", plan.slo->limit_s * 1000}};
  return json;
}

std::string capacity_text(const CapacityPlan& plan) {
  std::string text = demand_lines(plan);
  text += line("worker", fmt::format("{} tok/s, {}{}", amount(plan.worker_tok_s), plan.worker,
                                     plan.worker_run.empty() ? "" : " of run " + plan.worker_run));
  for (const std::string& warning : plan.warnings) text += line("warning", warning);
  text += line("lower bound", fmt::format("{} workers that never idle; {} with the burst. Nobody waits in this bound.",
                                          amount(plan.lower_bound.workers_exact), plan.lower_bound.workers));
  text += plan.answer ? answer_lines(plan) : "\n" + line("queueing", "not planned: " + plan.answer_reason);
  if (plan.usd_per_month) {
    text += line("cost",
                 fmt::format("{} USD a month at {} USD an hour ({}, {}){}", amount(*plan.usd_per_month),
                             amount(plan.pricing->price.usd_per_hour), plan.pricing->price.id, plan.pricing->price.date,
                             plan.pricing->price.shadow ? "  SHADOW: a planning price, not an invoice" : ""));
  }
  return text;
}

}  // namespace phasegate::cli
