// Rules over one record by itself.
#include <numeric>

#include "evidence/rules.h"

namespace phasegate::evidence {
namespace {

using Verdict = std::optional<std::string>;

bool produces_tokens(const Record& record) { return record.phase != Phase::prefill; }

Verdict ok_with_reason(const Record& record, const RunFacts&) {
  if (record.status != Status::ok || (record.reason == Reason::none && record.error.empty())) return {};
  return fmt::format("status ok beside the reason {}", to_string(record.reason));
}

Verdict status_without_reason(const Record& record, const RunFacts&) {
  if (record.status == Status::ok || record.reason != Reason::none) return {};
  return fmt::format("status {} has no reason", to_string(record.status));
}

Verdict ok_without_duration(const Record& record, const RunFacts&) {
  if (record.status != Status::ok || record.duration()) return {};
  return "status ok, but start or stop is null";
}

// degraded is the one status besides ok that was measured to its end.
Verdict failed_with_duration(const Record& record, const RunFacts&) {
  if (record.status == Status::ok || record.status == Status::degraded || !record.duration()) return {};
  return fmt::format("status {} has a duration; a phase without a result has none", to_string(record.status));
}

Verdict zero_duration(const Record& record, const RunFacts&) {
  if (!record.duration() || record.duration()->value != 0) return {};
  return "start and stop are the same instant";
}

Verdict no_tokens(const Record& record, const RunFacts&) {
  if (record.status != Status::ok) return {};
  const auto tokens = record.phase == Phase::prefill ? record.prompt_tokens_semantic : record.generated_tokens;
  if (tokens > 0) return {};
  return fmt::format("status ok, but the {} has no tokens", to_string(record.phase));
}

Verdict wrong_token_count(const Record& record, const RunFacts&) {
  if (record.status != Status::ok || !produces_tokens(record) || record.generated_tokens == 0) return {};
  const std::int64_t target = std::int64_t{record.scenario.gen_tokens} * record.scenario.batch;
  if (record.generated_tokens == record.target_tokens && record.target_tokens == target) return {};
  return fmt::format("generated {} of {} tokens; the scenario asks for {}", record.generated_tokens,
                     record.target_tokens, target);
}

Verdict step_count(const Record& record, const RunFacts&) {
  if (record.phase != Phase::decode) {
    if (record.steps.empty()) return {};
    return fmt::format("a {} has no decode steps", to_string(record.phase));
  }
  if (record.status != Status::ok || std::ssize(record.steps) == record.scenario.gen_tokens) return {};
  return fmt::format("{} steps for {} generated tokens of each row", record.steps.size(), record.scenario.gen_tokens);
}

Verdict steps_exceed_duration(const Record& record, const RunFacts&) {
  if (record.steps.empty() || !record.duration()) return {};
  // As doubles: hostile steps may overflow a sum of integers.
  const double sum = std::accumulate(record.steps.begin(), record.steps.end(), 0.0, [](double total, core::Nanos step) {
    return total + static_cast<double>(step.value);
  });
  if (sum <= static_cast<double>(record.duration()->value)) return {};
  return fmt::format("its steps take {} ns, the whole took {} ns", sum, record.duration()->value);
}

Verdict ttft_of_another_phase(const Record& record, const RunFacts&) {
  if (!record.ttft || record.phase == Phase::e2e) return {};
  return "only an e2e record has a time to first token";
}

Verdict ttft_exceeds_latency(const Record& record, const RunFacts&) {
  if (!record.ttft || !record.duration() || record.ttft->value <= record.duration()->value) return {};
  return fmt::format("first token after {} ns, all after {} ns", record.ttft->value, record.duration()->value);
}

Verdict ttft_copies_latency(const Record& record, const RunFacts&) {
  if (!record.ttft || !record.duration() || record.scenario.gen_tokens <= 1 || *record.ttft != *record.duration()) {
    return {};
  }
  return "the time to first token equals the latency of all tokens: a copy, not a measurement";
}

Verdict implausible_throughput(const Record& record, const RunFacts& facts) {
  if (record.status != Status::ok) return {};
  const auto rate = record.tokens_per_second();
  if (!rate) return {};
  if (*rate <= facts.thresholds.max_plausible_tok_s && *rate >= facts.thresholds.min_plausible_tok_s) return {};
  return fmt::format("{:.4g} tokens/s, outside {:g} to {:g}: a wrong unit?", *rate,
                     facts.thresholds.min_plausible_tok_s, facts.thresholds.max_plausible_tok_s);
}

Verdict placeholder_latency(const Record& record, const RunFacts& facts) {
  if (record.status != Status::degraded || !record.duration()) return {};
  if (core::to_ms(*record.duration()) >= facts.thresholds.placeholder_latency_ms) return {};
  return fmt::format("degraded after {:.3f} ms: a placeholder, kept out of every statistic",
                     core::to_ms(*record.duration()));
}

Verdict unknown_candidate(const Record& record, const RunFacts& facts) {
  if (!facts.manifest) return {};
  // Where the engine never loaded there is nothing to identify; then there is no result either.
  if (record.candidate.empty() && record.status != Status::ok && record.status != Status::degraded) return {};
  const auto known = facts.candidate_ids.find(record.candidate_name);
  if (known == facts.candidate_ids.end()) return fmt::format("{} is not in the manifest", record.candidate_name);
  if (known->second == record.candidate.value) return {};
  return fmt::format("{} has another identity in the manifest", record.candidate_name);
}

Verdict cell_mismatch(const Record& record, const RunFacts&) {
  const std::string_view cell = record.cell;
  const auto& name = record.candidate_name;
  if (cell.size() > name.size() && cell.starts_with(name) && cell[name.size()] == '/' &&
      cell.substr(name.size() + 1) == record.scenario.id()) {
    return {};
  }
  return fmt::format("cell {} is not {}/{}", record.cell, name, record.scenario.id());
}

constexpr std::array<RecordRule, 16> kRules = {{
    {"ok_with_reason", false, ok_with_reason},
    {"status_without_reason", false, status_without_reason},
    {"ok_without_duration", false, ok_without_duration},
    {"failed_with_duration", false, failed_with_duration},
    {"zero_duration", false, zero_duration},
    {"no_tokens", false, no_tokens},
    {"wrong_token_count", false, wrong_token_count},
    {"step_count", false, step_count},
    {"steps_exceed_duration", false, steps_exceed_duration},
    {"ttft_of_another_phase", false, ttft_of_another_phase},
    {"ttft_exceeds_latency", false, ttft_exceeds_latency},
    {"ttft_copies_latency", false, ttft_copies_latency},
    {"implausible_throughput", false, implausible_throughput},
    {"placeholder_latency", true, placeholder_latency},
    {"unknown_candidate", false, unknown_candidate},
    {"cell_mismatch", false, cell_mismatch},
}};

}  // namespace

std::span<const RecordRule> record_rules() { return kRules; }

std::string_view rule_of(const Problem& problem) {
  if (problem.fault == Fault::newer_version) return "newer_version";
  const std::string_view path = problem.path;
  if (problem.fault == Fault::out_of_range && (path == "timing.duration_ns" || path == "timing.step_ns")) {
    return "negative_duration";
  }
  if (problem.fault == Fault::inconsistent && path == "timing.duration_ns") return "duration_mismatch";
  if (problem.fault == Fault::inconsistent && path.starts_with("throughput.")) return "throughput_mismatch";
  if (problem.what.find("duplicate key") != std::string::npos) return "duplicate_json_key";
  return problem.path.empty() ? "not_json" : "record_schema";
}

}  // namespace phasegate::evidence
