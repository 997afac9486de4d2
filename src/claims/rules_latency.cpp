// What a latency is the time of: the first token, the gaps, and the instant from which it counts.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/percentile.h"
#include "claims/rules.h"

namespace phasegate::claims {
namespace {

using readers::Format;

bool served(const Inputs& in) {
  return std::any_of(in.samples.cells.begin(), in.samples.cells.end(),
                     [](const Cell& cell) { return cell.window == evidence::Window::request; }) ||
         (in.samples.cells.empty() && in.source.format >= Format::aiperf && in.source.format != Format::llama_bench);
}

std::vector<double> pooled(const Inputs& in, std::vector<double> Cell::* values) {
  std::vector<double> all;
  for (const auto& cell : in.samples.cells) all.insert(all.end(), (cell.*values).begin(), (cell.*values).end());
  return all;
}

// What the tool stamps as the first token.
std::string stamp_of(Format format) {
  switch (format) {
    case Format::vllm: return "stamped at the first chunk that has a choice";
    case Format::aiperf: return "stamped at the first response with content";
    case Format::guidellm: return "stamped at the first chunk with a token";
    case Format::mlperf_loadgen: return "stamped when the system under test reported it";
    default: return {};
  }
}

// In a chat stream the first chunk names the role and holds no text.
bool may_be_role_chunk(const Inputs& in) {
  if (in.source.format != Format::vllm) return false;
  return std::any_of(in.samples.cells.begin(), in.samples.cells.end(),
                     [](const Cell& cell) { return cell.backend.find("chat") != std::string::npos; });
}

void judge_first_token(const Inputs& in, std::vector<Claim>& out) {
  const auto ttft = pooled(in, &Cell::ttft_ms);
  const auto n = static_cast<std::int64_t>(ttft.size());
  const std::string words = "the time to first token is that of a token";
  Claim claim = supported(Group::latency, "ttft.measured", words, stamp_of(in.source.format));
  if (!ttft.empty() && in.samples.ttft_is_latency.count * 2 > n) {
    claim = refused(Verdict::not_supported, Group::latency, "ttft.measured", words, "ttft_is_latency",
                    fmt::format("{} of {} are equal to the whole latency ({})", in.samples.ttft_is_latency.count, n,
                                in.samples.ttft_is_latency.where),
                    "a streaming request, timed at its first token");
  } else if (may_be_role_chunk(in)) {
    claim = refused(Verdict::not_supported, Group::latency, "ttft.measured", words, "first_chunk_not_token",
                    "stamped at the first chunk of a chat stream, which names the role and holds no text",
                    "the completions endpoint, or a client that waits for content");
  } else if (ttft.empty() && !in.source.facts.ttft_measured.value_or(false)) {
    const bool published = std::any_of(in.published.begin(), in.published.end(),
                                       [](const Published& value) { return value.metric == "ttft_ms"; });
    claim = published ? refused(Verdict::no_data, Group::latency, "ttft.measured", words, "rows_absent",
                                "published, without the single requests", rows_hint(in.source.format))
                      : refused(Verdict::no_data, Group::latency, "ttft.measured", words, "not_measured",
                                "no first token was timed", served(in) ? "a streaming run" : "an end-to-end run");
  }
  claim.evidence.n = n;
  out.push_back(std::move(claim));
}

void judge_gaps(const Inputs& in, std::vector<Claim>& out) {
  const std::string words = "inter-token latency, and its tail";
  const auto& samples = in.samples;
  if (!served(in)) return;
  if (!samples.gap_lists) {
    const auto tpot = static_cast<std::int64_t>(pooled(in, &Cell::tpot_ms).size());
    out.push_back(tpot > 0
                      ? refused(Verdict::not_supported, Group::latency, "itl.tokens", words, "means_only",
                                fmt::format("only the mean gap of each of {}: a stall inside an answer cannot be seen",
                                            plural(tpot, "request")),
                                "a client that keeps each gap")
                      : refused(Verdict::no_data, Group::latency, "itl.tokens", words, "rows_absent",
                                "no gap is in the file", rows_hint(in.source.format)));
    return;
  }
  if (samples.chunk_rows == 0) {
    out.push_back(refused(Verdict::no_data, Group::latency, "itl.tokens", words, "tokens_unknown",
                          "gaps are there, token counts are not", "token counts of each request"));
    return;
  }
  const double per_chunk = static_cast<double>(samples.chunk_tokens) / static_cast<double>(samples.chunks);
  if (samples.chunk_rows_unequal == 0) {
    out.push_back(supported(Group::latency, "itl.tokens", words,
                            fmt::format("one token a chunk in all {}", plural(samples.chunk_rows, "request"))));
  } else {
    out.push_back(
        refused(Verdict::not_supported, Group::latency, "itl.tokens", words, "chunks_not_tokens",
                fmt::format("{} tokens a chunk on average; {} of {} differ: these are gaps between chunks",
                            figure(per_chunk), samples.chunk_rows_unequal, plural(samples.chunk_rows, "request")),
                "one token a chunk (no speculative decoding, stream interval 1)"));
  }
  out.back().evidence.n = samples.chunk_rows;
}

bool open_loop(const std::string& arrival) {
  return arrival == "poisson" || arrival == "constant" || arrival == "gamma" || arrival == "trace" || arrival == "ramp";
}

// Latency from the instant at which a request was due, not from the one at which the client got to send it.
void judge_arrivals(const Inputs& in, std::vector<Claim>& out) {
  if (!served(in)) return;
  const auto& facts = in.source.facts;
  const std::string id = "latency.open_loop";
  const std::string words = "latency as users see it when requests arrive on their own";
  if (!facts.arrival) {
    out.push_back(refused(Verdict::no_data, Group::load, id, words, "arrivals_unknown",
                          "the file does not say how requests arrived",
                          "the arrival process and its rate in the result"));
  } else if (!open_loop(*facts.arrival)) {
    const bool burst = *facts.arrival == "burst";
    out.push_back(
        refused(Verdict::not_supported, Group::load, id, words, burst ? "burst" : "closed_loop",
                burst ? "all requests were sent at once: the times are those of a queue that empties"
                      : "the next request waits for an answer: a stall holds back the requests that would show it",
                "a request rate, sent on a schedule"));
  } else if (!facts.intended_times.value_or(false)) {
    const bool released = in.source.format == Format::aiperf;
    out.push_back(
        refused(Verdict::not_supported, Group::load, id, words, "schedule_not_recorded",
                released ? "counted from the send; credit_issued_ns is when a request was released, not when it was due"
                         : "counted from the send; when each request was due is not in the file (coordinated omission)",
                "scheduled times beside send times"));
  } else {
    out.push_back(supported(Group::load, id, words, "each request's scheduled time is in the data"));
  }
}

// A client that is late measures itself.
void judge_lateness(const Inputs& in, std::vector<Claim>& out) {
  constexpr double kMostShare = 0.01;  // of the median first token, or of the latency where there is none
  const auto late = analysis::sorted(pooled(in, &Cell::lateness_ms));
  if (late.empty()) return;
  auto scale = pooled(in, &Cell::ttft_ms);
  const bool first_token = !scale.empty();
  if (!first_token) scale = pooled(in, &Cell::latency_ms);
  if (scale.empty()) return;
  const double middle = analysis::median(scale);
  const bool enough = static_cast<std::int64_t>(late.size()) >= in.thresholds.min_n_p99;
  const double worst = enough ? analysis::percentile(late, 0.99) : late.back();
  const auto because =
      fmt::format("{} late at {}, {} % of the median {}", figure(worst) + " ms", enough ? "p99" : "worst",
                  figure(worst / middle * 100), first_token ? "time to first token" : "latency");
  const std::string words = "the client kept its schedule";
  if (worst > kMostShare * middle) {
    out.push_back(refused(Verdict::not_supported, Group::load, "load.client", words, "client_late", because,
                          "a faster or less loaded client; latency counted from the schedule"));
  } else {
    out.push_back(supported(Group::load, "load.client", words, because));
  }
  out.back().evidence.n = static_cast<std::int64_t>(late.size());
}

}  // namespace

void judge_latency(const Inputs& in, std::vector<Claim>& out) {
  judge_first_token(in, out);
  judge_gaps(in, out);
  judge_arrivals(in, out);
  judge_lateness(in, out);
}

}  // namespace phasegate::claims
