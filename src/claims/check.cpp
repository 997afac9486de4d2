#include "claims/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "claims/rules.h"

namespace phasegate::claims {
namespace {

using readers::Format;

// Claims that the source's statements decide without a row; the others need an Examination.
constexpr std::array<std::string_view, 10> kOfFacts = {
    "latency.open_loop", "throughput.capacity", "load.failures",        "tokens.counted", "ttft.measured",
    "regime.steady",     "comparison.repeat",   "identity.environment", "identity.model", "quality"};

std::string load_text(const readers::Facts& facts) {
  if (!facts.arrival) return {};
  const std::string rate = facts.request_rate ? fmt::format(" at {:g}/s", *facts.request_rate) : "";
  if (*facts.arrival == "closed_loop") {
    return facts.concurrency ? fmt::format("closed loop, {} at a time", *facts.concurrency) : "closed loop";
  }
  if (*facts.arrival == "burst") return "all sent at once";
  return fmt::format("open loop, {}{}", *facts.arrival, rate);
}

std::string what_of(const Inputs& in) {
  std::set<std::string> models;
  for (const auto& cell : in.samples.cells) {
    if (!cell.model.empty()) models.insert(cell.model);
  }
  std::string text = in.source.rows == 0 ? "aggregates without single rows" : plural(in.source.rows, sample_word(in));
  if (models.size() == 1) text += fmt::format(" of \"{}\"", *models.begin());
  if (models.size() > 1) text += fmt::format(" of {} models", models.size());
  if (in.samples.cells.size() > 1) text += fmt::format(" in {} cells", in.samples.cells.size());
  if (const auto load = load_text(in.source.facts); !load.empty() && in.source.format != Format::llama_bench)
    text += ", " + load;
  return text;
}

Report identify(const Inputs& in) {
  Report report;
  report.format = readers::to_string(in.source.format);
  report.run = in.source.run;
  report.tool = in.source.tool;
  report.tool_version = in.source.tool_version;
  report.what = what_of(in);
  for (const auto& file : in.source.files) report.files.push_back(file.path);
  report.rows = in.source.rows;
  report.bad_rows = in.source.bad_rows;
  return report;
}

}  // namespace

Claim supported(Group group, std::string id, std::string words, std::string because) {
  Claim claim;
  claim.id = std::move(id);
  claim.claim = std::move(words);
  claim.group = group;
  claim.verdict = Verdict::supported;
  claim.because = std::move(because);
  return claim;
}

Claim refused(Verdict verdict, Group group, std::string id, std::string words, std::string reason, std::string because,
              std::string needs) {
  Claim claim = supported(group, std::move(id), std::move(words), std::move(because));
  claim.verdict = verdict;
  claim.reason = std::move(reason);
  claim.needs = std::move(needs);
  return claim;
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "-";
  // The magnitude that is printed: 9.996 is 10.0, not 10.00.
  const double magnitude = std::abs(value);
  if (magnitude >= 99.95) return fmt::format("{:.0f}", value);
  if (magnitude >= 9.995) return fmt::format("{:.1f}", value);
  if (magnitude >= 0.9995) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

std::string plural(std::int64_t n, std::string_view word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); }

std::string_view sample_word(const Inputs& in) {
  switch (in.source.format) {
    case Format::aiperf:
    case Format::guidellm:
    case Format::vllm:
    case Format::mlperf_loadgen: return "request";
    case Format::llama_bench: return "test";
    default: return "row";
  }
}

std::string rows_hint(Format format) {
  switch (format) {
    case Format::vllm: return "vllm bench serve --save-result --save-detailed";
    case Format::aiperf: return "profile_export.jsonl, which AIPerf writes beside it";
    case Format::guidellm: return "GuideLLM's JSON output beside the CSV";
    case Format::mlperf_loadgen: return "mlperf_log_trace.json (LogSettings.enable_trace)";
    default: return "the rows behind it";
  }
}

Report Examination::report(const readers::Source& source) const {
  const Inputs in{source, collector_.samples(), thresholds_, published_of(source), totals_of(source)};
  Report report = identify(in);
  for (const auto judge : {judge_statistics, judge_latency, judge_load, judge_context, judge_consistency}) {
    judge(in, report.claims);
  }
  return report;
}

std::vector<Claim> forbidden_by(const readers::Source& source, const evidence::Thresholds& thresholds) {
  const Samples none;
  const Inputs in{source, none, thresholds, published_of(source), totals_of(source)};
  std::vector<Claim> all;
  for (const auto judge : {judge_load, judge_latency, judge_context}) judge(in, all);
  std::erase_if(all, [](const Claim& claim) {
    return claim.verdict == Verdict::supported ||
           std::find(kOfFacts.begin(), kOfFacts.end(), claim.id) == kOfFacts.end();
  });
  return all;
}

}  // namespace phasegate::claims
