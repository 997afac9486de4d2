#include "analysis/observed.h"

#include <algorithm>
#include <cmath>

#include "analysis/moments.h"
#include "analysis/observed_samples.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

using evidence::Observation;
using evidence::Regime;

constexpr std::size_t kMaxReasons = 1'000;  // spellings kept for each cell; the rest is "other"
constexpr double kTokenTolerance = 0.01;    // a published rate that fits a count this closely

void append(std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); }

// What one row says about one cell's rate.
struct Counted {
  std::optional<double> tokens;
  const char* what = "";
};

Counted counted(const Observation& row) {
  const auto number = [](const std::optional<std::int64_t>& count) { return static_cast<double>(count.value_or(0)); };
  switch (row.window) {
    case evidence::Window::prefill:
      if (row.prompt_tokens) return {number(row.prompt_tokens), "prompt"};
      return {};
    case evidence::Window::e2e:
    case evidence::Window::e2e_sum:
      if (row.prompt_tokens && row.generated_tokens)
        return {number(row.prompt_tokens) + number(row.generated_tokens), "prompt_and_generated"};
      return {};
    default:
      if (row.generated_tokens) return {number(row.generated_tokens), "generated"};
      return {};
  }
}

// Has the row the counts of which its window's rate can be made?
bool countable(const Observation& row) {
  const bool generated = row.generated_tokens || row.target_tokens;
  switch (row.window) {
    case evidence::Window::prefill: return row.prompt_tokens || row.padded_tokens;
    case evidence::Window::decode:
    case evidence::Window::generate_uncached: return generated;
    default: return row.prompt_tokens && generated;
  }
}

// Does a published rate fit none of the counts that the row gives? Counts over all rows of the batch and of one row,
// what was asked for instead of what came, computed instead of semantic: all of these have been published as tok/s.
bool contradicted(const Observation& row) {
  if (row.tok_s.size() != 1 || row.latency_ms.size() != 1 || !(row.tok_s[0] > 0) || !countable(row)) return false;
  std::vector<double> counts;
  const auto add = [&](const std::optional<std::int64_t>& count) {
    if (count && *count > 0) counts.push_back(static_cast<double>(*count));
  };
  add(row.prompt_tokens);
  add(row.generated_tokens);
  add(row.target_tokens);
  add(row.padded_tokens);
  const std::size_t single = counts.size();
  if (single == 0) return false;
  for (std::size_t i = 0; i < single; ++i)
    for (std::size_t j = i + 1; j < single; ++j) counts.push_back(counts[i] + counts[j]);
  const double batch = static_cast<double>(row.batch.value_or(1));
  const double implied = row.tok_s[0] * row.latency_ms[0] / 1000;
  return std::none_of(counts.begin(), counts.end(), [&](double count) {
    return std::abs(implied / count - 1) <= kTokenTolerance ||
           std::abs(implied / (count * batch) - 1) <= kTokenTolerance;
  });
}

// Tokens that came and the time they took. A source that publishes the time of a fixed length instead keeps the
// measured one beside it, under TR121's name.
std::optional<CountedTime> decode_time(const Observation& row) {
  if (row.window != evidence::Window::decode || row.latency_ms.size() != 1) return std::nullopt;
  if (!row.generated_tokens || *row.generated_tokens <= 0) return std::nullopt;
  const auto measured = row.numbers.find("kv_decode_ms");
  const double ms = measured != row.numbers.end() ? measured->second : row.latency_ms[0];
  if (!std::isfinite(ms) || ms <= 0) return std::nullopt;
  return CountedTime{static_cast<double>(*row.generated_tokens), ms};
}

void count_reason(std::map<std::string, std::int64_t>& reasons, std::string_view reason) {
  if (const auto known = reasons.find(std::string(reason)); known != reasons.end() || reasons.size() < kMaxReasons) {
    ++reasons[std::string(reason)];
  } else {
    ++reasons["other"];
  }
}

// What is gathered of one cell while rows stream by.
struct Bucket {
  std::int64_t rows = 0, usable = 0, warmup_rows = 0, degraded = 0, contradicted = 0;
  std::map<std::string, std::int64_t> by_status, by_reason;
  std::vector<std::pair<std::int64_t, std::int64_t>> seqs;
  std::vector<double> latency, row_means, ttft, itl, warmup, published, published_row_means, counted_rates, parameters;
  std::map<std::string, std::vector<double>> other_regimes;
  std::string counted_what;
  std::vector<WallAndDevice> device;
  std::vector<StoppedRow> stopped;
  std::vector<CountedTime> decode;
  bool several_calls = false;
  bool published_each = true;

  void add(const Observation& row);
  void count_failure(const Observation& row);
  void take(const Observation& row);
};

void Bucket::count_failure(const Observation& row) {
  if (row.reason != evidence::Reason::none) count_reason(by_reason, evidence::to_string(row.reason));
  for (const std::string& reason : row.degraded_reasons) count_reason(by_reason, reason);
  const bool failed = row.status != evidence::Status::ok || !row.degraded_reasons.empty();
  degraded += failed ? 1 : 0;
  if (!failed) count_reason(by_reason, "nothing_timed");
}

void Bucket::add(const Observation& row) {
  ++rows;
  ++by_status[std::string(evidence::to_string(row.status))];
  if (!row.usable() || !all_finite(row.latency_ms)) {
    count_failure(row);
  } else if (row.regime == Regime::warmup) {
    ++warmup_rows;
    append(warmup, row.latency_ms);
  } else if (row.regime == Regime::cold || row.regime == Regime::post_idle) {
    append(other_regimes[std::string(evidence::to_string(*row.regime))], row.latency_ms);
  } else {
    take(row);
  }
}

void Bucket::take(const Observation& row) {
  ++usable;
  if (!seqs.empty() && seqs.back().second + 1 == row.seq) {
    seqs.back().second = row.seq;
  } else {
    seqs.emplace_back(row.seq, row.seq);
  }
  append(latency, row.latency_ms);
  row_means.push_back(mean(row.latency_ms));
  several_calls = several_calls || row.latency_ms.size() > 1;
  append(ttft, row.ttft_ms);
  append(itl, row.itl_ms);
  append(warmup, row.warmup_ms);
  append(published, row.tok_s);
  if (!row.tok_s.empty()) published_row_means.push_back(mean(row.tok_s));
  published_each = published_each && row.tok_s.size() == row.latency_ms.size();
  contradicted += analysis::contradicted(row) ? 1 : 0;
  if (row.latency_ms.size() == 1) {
    if (const Counted tokens = counted(row); tokens.tokens && *tokens.tokens > 0) {
      counted_rates.push_back(*tokens.tokens * 1000 / row.latency_ms[0]);
      counted_what = tokens.what;
    }
    if (row.device_ms) device.push_back({row.latency_ms[0], *row.device_ms});
  }
  if (row.target_tokens && *row.target_tokens > 0 && row.generated_tokens)
    stopped.push_back({static_cast<double>(*row.generated_tokens), static_cast<double>(*row.target_tokens), {}});
  if (const auto time = decode_time(row)) decode.push_back(*time);
  if (row.parameters && *row.parameters > 0) parameters.push_back(*row.parameters);
}

core::Result<std::optional<Summary>> summary_of(const std::vector<double>& values, const MinimumN& minimum) {
  if (values.empty()) return std::nullopt;
  PHASEGATE_TRY(summary, summarize(values, minimum));
  return summary;
}

Estimate estimate_of(const std::vector<double>& values, std::size_t minimum,
                     double (*statistic)(std::span<const double>)) {
  if (values.size() < minimum) return {{}, {}, values.size(), n_below(minimum)};
  return {statistic(values), {}, values.size(), {}};
}

template <class T>
std::optional<T> if_given(core::Result<T> result) {
  if (!result) return std::nullopt;
  return std::move(*result);
}

void add_rates(const Bucket& bucket, const MinimumN& minimum, ObservedCell& cell) {
  const bool published = bucket.published_each && !bucket.published.empty();
  const auto& rates = published ? bucket.published : bucket.counted_rates;
  if (!rates.empty()) cell.tok_s_from = published ? "published" : bucket.counted_what;
  cell.tok_s = estimate_of(rates, minimum.median, median);
  cell.published_tok_s = estimate_of(bucket.published_row_means, 1, mean);
  cell.tok_s_contradicted = bucket.contradicted;
}

core::Result<ObservedCell> cell_of(const ObservedKey& key, const Bucket& bucket, const MinimumN& minimum) {
  ObservedCell cell;
  cell.key = key;
  cell.rows = bucket.rows;
  cell.usable = bucket.usable;
  cell.warmup_rows = bucket.warmup_rows;
  cell.degraded = bucket.degraded;
  const auto rows = static_cast<std::size_t>(bucket.rows);
  cell.degraded_rate = {static_cast<double>(bucket.degraded) / static_cast<double>(bucket.rows), {}, rows, {}};
  cell.by_status = bucket.by_status;
  cell.by_reason = bucket.by_reason;
  cell.seqs = bucket.seqs;
  PHASEGATE_TRY(latency, summarize(bucket.latency, minimum));
  cell.latency_ms = std::move(latency);
  if (bucket.several_calls) {
    PHASEGATE_TRY(row_means, summary_of(bucket.row_means, minimum));
    cell.row_ms = std::move(row_means);
  }
  PHASEGATE_TRY(ttft, summary_of(bucket.ttft, minimum));
  cell.ttft_ms = std::move(ttft);
  PHASEGATE_TRY(itl, summary_of(bucket.itl, minimum));
  cell.itl_ms = std::move(itl);
  for (const auto& [regime, values] : bucket.other_regimes) {
    PHASEGATE_TRY(summary, summarize(values, minimum));
    cell.other_regimes.emplace(regime, std::move(summary));
  }
  cell.warmup = if_given(warmup_row(bucket.warmup, bucket.latency));
  cell.device_gap = if_given(device_gap(bucket.device));
  cell.early_stop = if_given(early_stop(bucket.stopped));
  if (!bucket.parameters.empty()) cell.parameters = median(bucket.parameters);
  add_rates(bucket, minimum, cell);
  return cell;
}

core::Status spread_warmup(ObservedAnalysis& analysis) {
  std::vector<double> ratios;
  for (const ObservedCell& cell : analysis.cells)
    if (cell.warmup && cell.warmup->ratio) ratios.push_back(*cell.warmup->ratio);
  if (ratios.empty()) return {};
  PHASEGATE_TRY(spread, warmup_spread(ratios));
  analysis.warmup_spread = spread;
  return {};
}

}  // namespace

std::string label_key(std::string_view label) {
  if (label.empty()) return "-";
  if (label == "-") return "%2D";
  std::string out;
  for (const char c : label) {
    if (c == '%') {
      out += "%25";
    } else if (c == '/') {
      out += "%2F";
    } else {
      out += c;
    }
  }
  return out;
}

std::string ObservedKey::text() const {
  return fmt::format("{}/{}/{}/{}/{}/{}", label_key(backend), label_key(model), label_key(precision),
                     label_key(scenario), evidence::to_string(window), batch ? fmt::format("b{}", *batch) : "-");
}

std::string ObservedKey::arm() const { return precision.empty() ? backend : backend + " " + precision; }

const ObservedCell* ObservedAnalysis::find(const ObservedKey& key) const {
  const auto at = std::lower_bound(cells.begin(), cells.end(), key,
                                   [](const ObservedCell& cell, const ObservedKey& k) { return cell.key < k; });
  return at != cells.end() && at->key == key ? &*at : nullptr;
}

struct ObservedAnalyzer::State {
  std::string run;
  ObservedOptions options;
  std::map<ObservedKey, Bucket> buckets;
  std::int64_t rows = 0;
};

ObservedAnalyzer::ObservedAnalyzer(std::string run, ObservedOptions options)
    : state_(std::make_unique<State>(State{std::move(run), options, {}, 0})) {}
ObservedAnalyzer::ObservedAnalyzer(ObservedAnalyzer&&) noexcept = default;
ObservedAnalyzer& ObservedAnalyzer::operator=(ObservedAnalyzer&&) noexcept = default;
ObservedAnalyzer::~ObservedAnalyzer() = default;

core::Status ObservedAnalyzer::add(const Observation& row) {
  const ObservedKey key{row.backend, row.model, row.precision, row.scenario, row.window, row.batch};
  auto at = state_->buckets.find(key);
  if (at == state_->buckets.end()) {
    if (state_->buckets.size() >= kMaxObservedCells) {
      return core::fail(
          {core::ErrorKind::invalid_input,
           fmt::format("the run has more than {} cells of backend, model, precision, scenario, window and "
                       "batch",
                       kMaxObservedCells),
           fmt::format("{}: row {}", state_->run, row.seq), "import a part of it"});
    }
    at = state_->buckets.emplace(key, Bucket{}).first;
  }
  at->second.add(row);
  ++state_->rows;
  return {};
}

core::Result<ObservedAnalysis> ObservedAnalyzer::finish() {
  ObservedAnalysis analysis;
  analysis.run = state_->run;
  analysis.rows = state_->rows;
  analysis.resamples = state_->options.fit.resamples;
  analysis.seed = state_->options.fit.seed;
  std::vector<ObservedSamples> samples;
  for (auto& [key, bucket] : state_->buckets) {
    PHASEGATE_TRY(cell, cell_of(key, bucket, state_->options.minimum));
    analysis.usable += cell.usable;
    analysis.degraded += cell.degraded;
    samples.push_back({std::move(cell), std::move(bucket.latency), std::move(bucket.decode)});
  }
  state_->buckets.clear();
  PHASEGATE_CHECK_OK(compare_arms(samples, state_->options, analysis));
  PHASEGATE_CHECK_OK(find_tails(samples, analysis));
  fit_sizes(samples, state_->options, analysis);
  share_decode(samples, analysis);
  fit_decode(samples, analysis);
  for (ObservedSamples& each : samples) analysis.cells.push_back(std::move(each.cell));
  PHASEGATE_CHECK_OK(spread_warmup(analysis));
  return analysis;
}

}  // namespace phasegate::analysis
