// Contradictions inside the file. What is found here makes a claim invalid: not thin, but wrong.
#include <fmt/format.h>

#include "claims/rules.h"

namespace phasegate::claims {
namespace {

void broken(std::vector<Claim>& out, std::string id, std::string words, std::string reason, std::string because,
            Evidence evidence) {
  out.push_back(refused(Verdict::invalid, Group::consistency, std::move(id), std::move(words), std::move(reason),
                        std::move(because), "the file as the tool wrote it, or a new run"));
  out.back().evidence = std::move(evidence);
}

void judge_sightings(const Inputs& in, std::vector<Claim>& out) {
  const auto& samples = in.samples;
  struct Kind {
    const Sighting* sighting;
    const char* id;
    const char* words;
    const char* reason;
  };
  const Kind kinds[] = {
      {&samples.negative, "consistency.negative", "times are times", "negative_duration"},
      {&samples.zero, "consistency.zero", "a good request took time", "zero_duration"},
      {&samples.ttft_above_latency, "consistency.order", "the first token comes before the last", "ttft_above_latency"},
      {&samples.gaps_exceed_latency, "consistency.gaps", "the gaps fit into the latency", "gaps_exceed_latency"},
      {&samples.implausible_rate, "consistency.rate", "tokens a second that a machine can do", "implausible_rate"},
      {&samples.mean_disagrees, "consistency.mean", "a row's mean is that of its samples", "mean_not_of_samples"},
  };
  for (const auto& kind : kinds) {
    if (kind.sighting->count == 0) continue;
    broken(out, kind.id, kind.words, kind.reason,
           fmt::format("{}{}", kind.sighting->detail,
                       kind.sighting->count > 1 ? fmt::format(", and {} more", kind.sighting->count - 1) : ""),
           {kind.sighting->where, {}, kind.sighting->count});
  }
}

// Rows that could not be read: counted everywhere, and a time below zero is no typing error.
void judge_bad_rows(const Inputs& in, std::vector<Claim>& out) {
  if (in.source.bad_rows == 0) return;
  const auto& first = in.source.bad.front();
  const auto all = in.source.rows + in.source.bad_rows;
  const auto because = fmt::format("{} of {}: {}, expected {}, found {}", in.source.bad_rows, plural(all, "row"),
                                   first.key.empty() ? "the row" : first.key, first.expected, first.found);
  const Evidence evidence{fmt::format("{}:{}", first.file, first.line), first.key, in.source.bad_rows};
  if (in.source.rows == 0) {
    broken(out, "consistency.rows", "the rows can be read", "no_row_readable", because, evidence);
    return;
  }
  for (const auto& bad : in.source.bad) {
    if (bad.expected.find("not negative") == std::string::npos) continue;
    broken(out, "consistency.negative", "times and counts are not negative", "negative_value",
           fmt::format("{}: found {}", bad.key, bad.found), {fmt::format("{}:{}", bad.file, bad.line), bad.key, 1});
    break;
  }
  out.push_back(refused(Verdict::not_supported, Group::consistency, "consistency.rows", "every row is in the figures",
                        "rows_unreadable", because, "a file that is whole"));
  out.back().evidence = evidence;
}

void judge_totals(const Inputs& in, std::vector<Claim>& out) {
  const auto& samples = in.samples;
  // Rows of several results are pooled here, and a file without all its rows has no sums.
  if (in.totals.size() != 1 || samples.ok == 0 || in.source.bad_rows > 0 || samples.warmup + samples.cold > 0) return;
  const auto& totals = in.totals.front();
  const auto differ = [&](const char* id, const char* words, const std::optional<std::int64_t>& stated,
                          std::int64_t rows) {
    if (!stated || *stated == rows) return;
    broken(out, id, words, "counts_do_not_add_up", fmt::format("{} stated, {} in the rows", *stated, rows),
           {totals.file, {}, samples.rows});
  };
  // A file may hold a sample of its requests: fewer rows are missing rows (load.failures), more are a contradiction.
  if (totals.completed && samples.ok > *totals.completed) {
    differ("consistency.completed", "completed requests add up", totals.completed, samples.ok);
  }
  if (totals.completed != samples.ok) return;
  if (totals.failed && samples.failed > 0)
    differ("consistency.failed", "failed requests add up", totals.failed, samples.failed);
  if (samples.rows_with_tokens != samples.ok) return;
  differ("consistency.output_tokens", "output tokens add up", totals.generated_tokens, samples.generated_tokens);
  differ("consistency.input_tokens", "input tokens add up", totals.prompt_tokens, samples.prompt_tokens);
}

void judge_promise(const Inputs& in, std::vector<Claim>& out) {
  const auto expected = in.source.facts.rows_expected;
  const auto found = in.source.rows + in.source.bad_rows;
  if (in.source.rows == 0 || !expected || found <= *expected) return;
  broken(out, "consistency.count", "the number of rows is the one promised", "more_rows_than_promised",
         fmt::format("{} promised, {} in the file", *expected, found), {{}, {}, found});
}

void judge_span(const Inputs& in, std::vector<Claim>& out) {
  const auto& duration = in.source.facts.duration_s;
  if (!duration || !in.samples.first_start_s || !in.samples.last_end_s || in.samples.cells.size() != 1) return;
  const double span = *in.samples.last_end_s - *in.samples.first_start_s;
  // Epoch seconds as doubles resolve a quarter of a microsecond; a millisecond is no contradiction.
  if (span <= *duration * 1.001 + 1e-3) return;
  broken(out, "consistency.span", "the requests fit into the run", "span_exceeds_duration",
         fmt::format("first send to last answer {} s, the run is said to be {} s", figure(span), figure(*duration)),
         {{}, "duration", in.samples.ok});
}

// A published rate that no machine has: a unit was lost on the way.
void judge_published_rates(const Inputs& in, std::vector<Claim>& out) {
  for (const auto& [file, document] : in.source.documents) {
    if (!document.is_object()) continue;
    for (const char* key : {"result_token_throughput", "output_throughput", "total_token_throughput"}) {
      const auto found = document.find(key);
      if (found == document.end() || !found->is_number()) continue;
      const double rate = found->get<double>();
      const bool none = rate == 0 && in.samples.generated_tokens == 0;
      if (none || (rate >= in.thresholds.min_plausible_tok_s && rate <= in.thresholds.max_plausible_tok_s)) continue;
      broken(out, "consistency.rate", "tokens a second that a machine can do", "implausible_rate",
             fmt::format("{} is published as {:g}", key, rate), {file, key, 0});
      return;
    }
  }
}

// What the tool says about its own result.
void judge_own_verdict(const Inputs& in, std::vector<Claim>& out) {
  const auto say = [&](std::string reason, std::string because, std::string file, std::string key) {
    out.push_back(refused(Verdict::not_supported, Group::consistency, "tool.verdict", "valid by the tool's own rules",
                          std::move(reason), std::move(because), "a run that the tool itself accepts"));
    out.back().evidence = {std::move(file), std::move(key), 0};
  };
  for (const auto& [file, document] : in.source.documents) {
    if (!document.is_object()) continue;
    const auto validity = document.find("result_validity");
    if (validity != document.end() && validity->is_string() && *validity != "VALID") {
      const auto early = document.find("early_stopping_met");
      const bool few = early != document.end() && *early == false;
      say("tool_says_invalid",
          few ? "result_validity INVALID: too few queries for its early stopping" : "result_validity INVALID", file,
          "result_validity");
    }
    if (const auto cancelled = document.find("was_cancelled"); cancelled != document.end() && *cancelled == true) {
      say("run_cancelled", "was_cancelled is true: the run was stopped early", file, "was_cancelled");
    }
    const auto benchmarks = document.find("benchmarks");
    if (benchmarks == document.end() || !benchmarks->is_array()) continue;
    for (const auto& benchmark : *benchmarks) {
      const auto warnings = benchmark.is_object() ? benchmark.find("warnings") : benchmark.end();
      if (!benchmark.is_object() || warnings == benchmark.end() || !warnings->is_array() || warnings->empty()) continue;
      const auto& first = warnings->front();
      if (!first.is_object() || !first.contains("message") || !first["message"].is_string()) continue;
      say("tool_warns", first["message"].get<std::string>().substr(0, 160), file, "benchmarks[].warnings");
      break;
    }
  }
}

}  // namespace

void judge_consistency(const Inputs& in, std::vector<Claim>& out) {
  judge_sightings(in, out);
  judge_bad_rows(in, out);
  judge_totals(in, out);
  judge_promise(in, out);
  judge_span(in, out);
  judge_published_rates(in, out);
  judge_own_verdict(in, out);
  if (in.samples.beyond_limits > 0) {
    out.push_back(refused(Verdict::not_supported, Group::consistency, "consistency.limits", "all rows were looked at",
                          "too_many_samples",
                          fmt::format("{} rows beyond the limit of {} samples or {} cells", in.samples.beyond_limits,
                                      kMaxSamples, kMaxCells),
                          "parts of the run, one at a time"));
  }
}

}  // namespace phasegate::claims
