// Rates, failures and token counts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "claims/rules.h"

namespace phasegate::claims {
namespace {

using readers::Format;

const Published* rate_of(const Inputs& in, std::string_view metric) {
  for (const auto& value : in.published) {
    if (value.metric == metric && value.statistic == "mean") return &value;
  }
  return nullptr;
}

std::optional<std::int64_t> completed(const Inputs& in) {
  if (in.samples.ok > 0) return in.samples.ok;
  return in.totals.size() == 1 ? in.totals.front().completed : std::nullopt;
}

// Requests a second: does the published rate follow from the published duration?
void judge_rate(const Inputs& in, std::vector<Claim>& out) {
  const std::string words = "requests a second over the run";
  const auto done = completed(in);
  const auto duration = in.source.facts.duration_s;
  const Published* published = rate_of(in, "requests_s");
  if (!done || !duration || *duration <= 0) {
    if (published == nullptr) return;
    out.push_back(refused(Verdict::no_data, Group::load, "throughput.requests", words, "duration_unknown",
                          in.totals.size() > 1 ? "several results, each with a duration of its own"
                                               : "a rate is published without a duration that it follows from",
                          "duration and number of completed requests"));
    return;
  }
  const double rate = static_cast<double>(*done) / *duration;
  Claim claim = supported(Group::load, "throughput.requests", words,
                          fmt::format("{} in {} s", plural(*done, "completed request"), figure(*duration)));
  claim.value = rate;
  claim.evidence.n = *done;
  if (published != nullptr) {
    claim.published = published->value;
    claim.evidence.file = published->file;
    claim.evidence.key = published->key;
    const double apart = std::abs(published->value / rate - 1);
    const double slack = 1e-3 + published->rounding / rate;
    if (apart > slack && published->value > 0) {
      claim.verdict = apart > 0.1 ? Verdict::invalid : Verdict::not_supported;
      claim.reason = "rate_and_duration_disagree";
      claim.because = fmt::format("published {}/s, but {} in the published {} s are {}/s ({} s would fit)",
                                  figure(published->value), *done, figure(*duration), figure(rate),
                                  figure(static_cast<double>(*done) / published->value));
      claim.needs = "one duration, stated with what it includes";
    }
  }
  out.push_back(std::move(claim));
}

// How much of the run was start and end, with fewer requests in flight than in the middle.
std::optional<double> edge_share(const Inputs& in) {
  if (!in.samples.first_start_s || !in.samples.last_end_s) return std::nullopt;
  const double span = *in.samples.last_end_s - *in.samples.first_start_s;
  double last_start = *in.samples.first_start_s;
  for (const auto& cell : in.samples.cells) {
    for (const double start : cell.start_s) last_start = std::max(last_start, start);
  }
  return span > 0 ? std::optional((*in.samples.last_end_s - last_start) / span) : std::nullopt;
}

std::size_t load_points(const Inputs& in) { return std::max<std::size_t>(in.samples.cells.size(), in.totals.size()); }

void judge_capacity(const Inputs& in, std::vector<Claim>& out) {
  const auto& facts = in.source.facts;
  if (in.source.format < Format::aiperf) return;
  const std::string id = "throughput.capacity";
  const std::string words = "the most that this server can do";
  const auto no = [&](std::string reason, std::string because, std::string needs) {
    out.push_back(refused(Verdict::not_supported, Group::load, id, words, std::move(reason), std::move(because),
                          std::move(needs)));
  };
  if (in.source.format == Format::llama_bench) {
    no("single_stream", "one sequence at a time: no server, no queue, no batching of users", "a load test of a server");
  } else if (load_points(in) >= 3) {
    out.push_back(supported(Group::load, id, words, fmt::format("{} load points", load_points(in))));
  } else if (facts.request_rate) {
    no("offered_load", fmt::format("the rate was set to {:g}/s: the result is what was offered", *facts.request_rate),
       "a ladder of rates up to saturation");
  } else {
    const auto edges = edge_share(in);
    no("one_load_point",
       edges && *edges > 0.05
           ? fmt::format("one load point, and {:.0f} % of the run is its end with ever fewer requests", *edges * 100)
           : "one load point",
       "several concurrencies, long enough that start and end do not count");
  }
}

// Did the arrivals that happened have the rate that was asked for?
void judge_schedule(const Inputs& in, std::vector<Claim>& out) {
  const auto& facts = in.source.facts;
  if (!facts.request_rate || !facts.arrival || *facts.arrival == "ramp" || in.samples.cells.size() != 1) return;
  const auto& starts = in.samples.cells.front().start_s;
  if (starts.size() < 2) return;
  const auto [first, last] = std::minmax_element(starts.begin(), starts.end());
  if (*last <= *first) return;
  const auto n = static_cast<double>(starts.size());
  const double rate = (n - 1) / (*last - *first);
  const double apart = rate / *facts.request_rate - 1;
  // A random schedule of n arrivals misses its own rate by about 1/sqrt(n).
  const bool random = *facts.arrival == "poisson" || *facts.arrival == "gamma";
  const double slack = random ? std::max(0.01, 3 / std::sqrt(n)) : 0.01;
  const auto because =
      fmt::format("{}/s sent, {:g}/s asked for ({:+.1f} %)", figure(rate), *facts.request_rate, apart * 100);
  const std::string words = "the requested rate was sent";
  if (std::abs(apart) > slack) {
    out.push_back(refused(Verdict::not_supported, Group::load, "load.rate", words, "rate_not_reached", because,
                          "a client that reaches the rate, or the rate that was reached"));
  } else {
    out.push_back(supported(Group::load, "load.rate", words, because));
  }
  out.back().value = rate;
  out.back().evidence.n = static_cast<std::int64_t>(starts.size());
}

void judge_failures(const Inputs& in, std::vector<Claim>& out) {
  const auto& facts = in.source.facts;
  const auto failed = std::max(in.samples.failed, facts.failed.value_or(0));
  const auto left_out = failed + in.samples.degraded;
  const std::string words = "every request that was sent is in the figures";
  if (left_out > 0) {
    out.push_back(refused(Verdict::not_supported, Group::load, "load.failures", words, "failures_left_out",
                          fmt::format("{} failed, {} degraded, {} good: latencies speak of the good ones alone", failed,
                                      in.samples.degraded, in.samples.ok),
                          "the failure rate beside each latency"));
  } else if (facts.rows_expected && in.source.rows + in.source.bad_rows < *facts.rows_expected) {
    out.push_back(refused(
        Verdict::not_supported, Group::load, "load.failures", words, "rows_missing",
        fmt::format("{} were made, {} are in the file", *facts.rows_expected, in.source.rows + in.source.bad_rows),
        "a run that waits for its last request, or the reason for each that is missing"));
  } else if (in.source.rows == 0 || (!facts.failed && !facts.rows_expected)) {
    out.push_back(refused(Verdict::no_data, Group::load, "load.failures", words, "failures_not_counted",
                          "the file does not say how many were sent or failed",
                          "the number of requests sent and failed"));
  } else {
    out.push_back(supported(Group::load, "load.failures", words,
                            fmt::format("{}, none failed", plural(in.source.rows, sample_word(in)))));
  }
}

void judge_tokens(const Inputs& in, std::vector<Claim>& out) {
  const std::string words = "tokens a second, comparable with another tool's";
  const auto& by = in.source.facts.tokens_counted_by;
  if (in.samples.counts_disagree.count > 0) {
    out.push_back(
        refused(Verdict::not_supported, Group::load, "tokens.counted", words, "token_counts_disagree",
                fmt::format("{} ({}; {} of {} requests)", in.samples.counts_disagree.detail,
                            in.samples.counts_disagree.where, in.samples.counts_disagree.count, in.samples.ok),
                "the server's own count, and the chat template that it adds"));
  } else if (!by) {
    out.push_back(refused(Verdict::no_data, Group::load, "tokens.counted", words, "counter_not_stated",
                          "the file does not say who counted the tokens", "the server's usage counts"));
  } else if (*by == "server") {
    out.push_back(supported(Group::load, "tokens.counted", words, "counted by the server"));
  } else {
    out.push_back(refused(Verdict::not_supported, Group::load, "tokens.counted", words, "counted_by_client",
                          fmt::format("counted by the client ({}), not by the server", *by),
                          "the server's usage counts"));
  }
}

}  // namespace

void judge_load(const Inputs& in, std::vector<Claim>& out) {
  judge_rate(in, out);
  judge_schedule(in, out);
  judge_capacity(in, out);
  // llama-bench stops at a failure: what it wrote is what it did.
  if (in.source.format != Format::llama_bench) judge_failures(in, out);
  if (in.source.format >= Format::aiperf) judge_tokens(in, out);
}

}  // namespace phasegate::claims
