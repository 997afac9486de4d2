// Rules over one imported row by itself.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "evidence/rules_import.h"

namespace phasegate::evidence {
namespace {

using Verdict = std::optional<std::string>;

constexpr double kTokenTolerance = 0.01;                      // published throughputs are rounded
constexpr double kMaxPlausibleMs = 1e8;                       // 28 hours in one call: microseconds, not milliseconds?
constexpr double kFirstStart = 946'684'800;                   // 2000-01-01
constexpr double kLastStart = 4'102'444'800;                  // 2100-01-01: later is a stamp in milliseconds
constexpr double kRounding = 1e-6;                            // of published means, peaks and sums
constexpr std::array<double, 3> kMultiples = {1, 1e3, 1e-3};  // what a wrong unit makes of a value

bool all_positive(const std::vector<double>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
}
double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

Verdict ok_with_reason(const Observation& row, const ImportFacts&) {
  if (row.status != Status::ok || (row.reason == Reason::none && row.degraded_reasons.empty())) return {};
  return fmt::format("status ok beside the reason {}",
                     row.degraded_reasons.empty() ? to_string(row.reason) : row.degraded_reasons.front());
}

Verdict status_without_reason(const Observation& row, const ImportFacts&) {
  if (row.status == Status::ok || row.reason != Reason::none) return {};
  return fmt::format("status {} has no reason", to_string(row.status));
}

Verdict ok_without_latency(const Observation& row, const ImportFacts&) {
  if (row.status != Status::ok || !row.latency_ms.empty()) return {};
  return "status ok, but nothing was timed";
}

Verdict negative_value(const Observation& row, const ImportFacts&) {
  const auto list = [](const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(), [](double v) { return v < 0; });
  };
  const auto number = [](const std::optional<double>& value) { return value && *value < 0; };
  const auto count = [](const std::optional<std::int64_t>& value) { return value && *value < 0; };
  const char* key = list(row.latency_ms)          ? "latency_ms"
                    : list(row.ttft_ms)           ? "ttft_ms"
                    : list(row.itl_ms)            ? "itl_ms"
                    : list(row.tok_s)             ? "tok_s"
                    : list(row.warmup_ms)         ? "warmup_ms"
                    : number(row.device_ms)       ? "device_ms"
                    : number(row.parameters)      ? "parameters"
                    : count(row.batch)            ? "batch"
                    : count(row.prompt_tokens)    ? "prompt_tokens"
                    : count(row.padded_tokens)    ? "padded_tokens"
                    : count(row.generated_tokens) ? "generated_tokens"
                    : count(row.target_tokens)    ? "target_tokens"
                                                  : nullptr;
  if (key == nullptr) return {};
  return fmt::format("{} is negative", key);
}

Verdict zero_latency(const Observation& row, const ImportFacts&) {
  if (row.status != Status::ok || std::find(row.latency_ms.begin(), row.latency_ms.end(), 0.0) == row.latency_ms.end())
    return {};
  return "a latency is 0: nothing was timed, or it was rounded away";
}

Verdict implausible_latency(const Observation& row, const ImportFacts&) {
  const auto at =
      std::find_if(row.latency_ms.begin(), row.latency_ms.end(), [](double v) { return v > kMaxPlausibleMs; });
  if (at == row.latency_ms.end()) return {};
  return fmt::format("a latency of {:.4g} ms: a wrong unit?", *at);
}

Verdict implausible_start(const Observation& row, const ImportFacts&) {
  if (!row.started_unix_s || (*row.started_unix_s >= kFirstStart && *row.started_unix_s <= kLastStart)) return {};
  return fmt::format("started {:.6g} s after 1970: a wrong unit, or another clock?", *row.started_unix_s);
}

Verdict implausible_throughput(const Observation& row, const ImportFacts& facts) {
  const auto tokens = tokens_of(row);
  if (!row.usable() || !tokens || *tokens <= 0) return {};
  const double rate = static_cast<double>(*tokens) / *row.mean_latency_ms() * 1e3;
  const auto& thresholds = facts.run.thresholds;
  if (rate <= thresholds.max_plausible_tok_s && rate >= thresholds.min_plausible_tok_s) return {};
  return fmt::format("{:.4g} tokens/s, outside {:g} to {:g}: a wrong unit?", rate, thresholds.min_plausible_tok_s,
                     thresholds.max_plausible_tok_s);
}

// What a published throughput may have counted; nothing when a part of that is not known. A source that stops early and
// extrapolates to its target counts the target.
std::vector<double> token_counts(const Observation& row) {
  std::vector<double> prompts;
  std::vector<double> generated;
  const auto add = [](std::vector<double>& to, std::optional<std::int64_t> tokens, double times = 1) {
    if (tokens && *tokens > 0) to.push_back(static_cast<double>(*tokens) * times);
  };
  add(prompts, row.prompt_tokens);
  add(prompts, row.padded_tokens, static_cast<double>(std::max<std::int64_t>(row.batch.value_or(1), 1)));
  add(generated, row.generated_tokens);
  add(generated, row.target_tokens);
  if (row.window == Window::prefill) return prompts;
  if (row.window == Window::decode) return generated;
  if (prompts.empty() || generated.empty()) return {};
  auto counts = generated;
  counts.insert(counts.end(), prompts.begin(), prompts.end());
  for (const double prompt : prompts) {
    for (const double tokens : generated) counts.push_back(prompt + tokens);
  }
  return counts;
}

// Tokens that rate and time imply, as a mean over the calls of the row and as their sum: sources count either way.
Verdict throughput_mismatch(const Observation& row, const ImportFacts&) {
  if (row.tok_s.size() != row.latency_ms.size() || !all_positive(row.latency_ms) || !all_positive(row.tok_s)) return {};
  const auto counts = token_counts(row);
  if (counts.empty()) return {};
  const double implied = std::inner_product(row.tok_s.begin(), row.tok_s.end(), row.latency_ms.begin(), 0.0) / 1e3;
  const double calls = static_cast<double>(row.tok_s.size());
  const auto near = [](double a, double b) { return std::abs(a - b) <= kTokenTolerance * b; };
  for (const double count : counts) {
    if (near(implied, count) || near(implied / calls, count)) return {};
  }
  const char* hint = "";
  for (const double factor : kMultiples) {
    if (near(implied / calls * factor, counts.front())) hint = "; seconds and milliseconds mixed?";
  }
  return fmt::format("the published tokens/s times the latency make {:.4g} tokens, the row has {:.4g}{}",
                     implied / calls, counts.front(), hint);
}

Verdict no_tokens(const Observation& row, const ImportFacts&) {
  const auto tokens = tokens_of(row);
  if (row.status != Status::ok || !tokens || *tokens != 0) return {};
  return fmt::format("status ok, but the {} has no tokens", to_string(row.window));
}

Verdict tokens_contradict(const Observation& row, const ImportFacts&) {
  if (row.generated_tokens && row.target_tokens && *row.target_tokens >= 0 &&
      *row.generated_tokens > *row.target_tokens) {
    return fmt::format("{} tokens generated, {} were asked for", *row.generated_tokens, *row.target_tokens);
  }
  const auto batch = static_cast<double>(std::max<std::int64_t>(row.batch.value_or(1), 1));
  if (row.prompt_tokens && row.padded_tokens && *row.padded_tokens >= 0 &&
      static_cast<double>(*row.prompt_tokens) > static_cast<double>(*row.padded_tokens) * batch) {
    return fmt::format("{} prompt tokens, but the rows have {} x {} positions", *row.prompt_tokens, batch,
                       *row.padded_tokens);
  }
  return {};
}

Verdict sample_count(const Observation& row, const ImportFacts&) {
  const auto n = row.latency_ms.size();
  if (!row.tok_s.empty() && row.tok_s.size() != n) {
    return fmt::format("{} throughputs for {} latencies", row.tok_s.size(), n);
  }
  if (!row.ttft_ms.empty() && row.ttft_ms.size() != n) {
    return fmt::format("{} times to first token for {} latencies", row.ttft_ms.size(), n);
  }
  if (row.device_ms && n != 1) return fmt::format("one device interval for {} latencies", n);
  if (row.generated_tokens && *row.generated_tokens > 0 && std::ssize(row.itl_ms) >= *row.generated_tokens) {
    return fmt::format("{} gaps between {} tokens", row.itl_ms.size(), *row.generated_tokens);
  }
  return {};
}

Verdict ttft_exceeds_latency(const Observation& row, const ImportFacts&) {
  for (std::size_t i = 0; i < std::min(row.ttft_ms.size(), row.latency_ms.size()); ++i) {
    if (row.ttft_ms[i] > row.latency_ms[i] * (1 + kRounding)) {
      return fmt::format("first token after {:g} ms, all after {:g} ms", row.ttft_ms[i], row.latency_ms[i]);
    }
  }
  return {};
}

Verdict ttft_copies_latency(const Observation& row, const ImportFacts&) {
  if (row.ttft_ms.empty() || row.ttft_ms != row.latency_ms || row.generated_tokens.value_or(2) <= 1) return {};
  return "the time to first token equals the latency of all tokens: a copy, not a measurement";
}

Verdict itl_exceeds_latency(const Observation& row, const ImportFacts&) {
  if (row.latency_ms.size() != 1 || row.itl_ms.empty()) return {};
  const double gaps = sum(row.itl_ms);
  if (gaps <= row.latency_ms.front() * (1 + kRounding)) return {};
  return fmt::format("its gaps take {:g} ms, the whole took {:g} ms", gaps, row.latency_ms.front());
}

Verdict power_contradicts(const Observation& row, const ImportFacts&) {
  if (!row.power) return {};
  const auto& power = *row.power;
  if (power.samples < 0 || power.duration_s < 0) return "a number of samples or a duration is negative";
  if (power.samples == 0 && (power.gpu_mean_w || power.cpu_mean_w)) return "a mean of no samples";
  const auto below = [](std::optional<double> peak, std::optional<double> mean) {
    return peak && mean && *peak < *mean * (1 - kRounding);
  };
  if (below(power.gpu_peak_w, power.gpu_mean_w) || below(power.cpu_peak_w, power.cpu_mean_w)) {
    return "a peak below the mean";
  }
  if (power.gpu_mean_w.value_or(0) < 0 || power.cpu_mean_w.value_or(0) < 0) return "a negative power";
  return {};
}

Verdict unknown_file(const Observation& row, const ImportFacts& facts) {
  if (facts.source.is_null() || facts.files.contains(row.file)) return {};
  return fmt::format("{} is not among the files of source.json", row.file);
}

Verdict placeholder_latency(const Observation& row, const ImportFacts& facts) {
  if (row.status == Status::ok && row.degraded_reasons.empty()) return {};
  if (!all_positive(row.latency_ms) || *row.mean_latency_ms() >= facts.run.thresholds.placeholder_latency_ms) return {};
  return fmt::format("{} after {:.3f} ms: a placeholder, kept out of every statistic", to_string(row.status),
                     *row.mean_latency_ms());
}

constexpr std::array<RowRule, 18> kRules = {{
    {"ok_with_reason", false, ok_with_reason},
    {"status_without_reason", false, status_without_reason},
    {"ok_without_latency", false, ok_without_latency},
    {"negative_value", false, negative_value},
    {"zero_latency", false, zero_latency},
    {"implausible_latency", false, implausible_latency},
    {"implausible_start", false, implausible_start},
    {"implausible_throughput", false, implausible_throughput},
    {"throughput_mismatch", false, throughput_mismatch},
    {"no_tokens", false, no_tokens},
    {"tokens_contradict", false, tokens_contradict},
    {"sample_count", false, sample_count},
    {"ttft_exceeds_latency", false, ttft_exceeds_latency},
    {"ttft_copies_latency", false, ttft_copies_latency},
    {"itl_exceeds_latency", false, itl_exceeds_latency},
    {"power_contradicts", false, power_contradicts},
    {"unknown_file", false, unknown_file},
    {"placeholder_latency", true, placeholder_latency},
}};

}  // namespace

std::span<const RowRule> row_rules() { return kRules; }

std::optional<std::int64_t> tokens_of(const Observation& row) {
  return row.window == Window::prefill ? row.prompt_tokens : row.generated_tokens;
}

std::string where_of(std::int64_t line, const Observation& row) {
  return fmt::format("observations.jsonl:{} ({}:{})", line, row.file, row.line);
}

}  // namespace phasegate::evidence
