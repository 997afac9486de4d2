#include "analysis/run_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "analysis/percentile.h"
#include "analysis/phases.h"
#include "analysis/sessions.h"
#include "evidence/store.h"
#include "evidence/thresholds.h"

namespace phasegate::analysis {
namespace {

using evidence::Phase;
using evidence::Record;
using evidence::Regime;
using evidence::Scenario;

struct Sample {
  int call = 0;
  std::int64_t seq = 0;
  double ms = 0;
  double tok_s = 0;
  std::optional<double> total_tok_s;
  std::optional<double> ttft_ms;
};

// Ordered by round first, so that everything made from sessions comes in the order in which they ran.
using SessionKey = std::pair<int, std::string>;
using Samples = std::map<SessionKey, std::vector<Sample>>;

struct WarmCall {
  int call = 0;
  Scenario scenario;
  double ms = 0;
  double tok_s = 0;
};
using WarmCalls = std::map<SessionKey, std::vector<WarmCall>>;
// Candidate, prompt, batch, depth, phase: what a warm-up warms, whatever its number of decode steps.
using WarmKey = std::tuple<std::string, int, int, int, Phase>;

struct CellState {
  std::string set;
  Samples steady;
  int marked = 0;
  int ok = 0;
  int tried = 0;
  std::map<std::string, int> failure_reasons;
  CellAnalysis out;  // the counts are made in place
};

// The three phases of one call, joined.
using PhaseTimes = std::map<std::pair<std::string, int>, std::map<Phase, double>>;

std::vector<double> column(const std::vector<Sample>& samples, double Sample::* member) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Sample& sample : samples) values.push_back(sample.*member);
  return values;
}

Estimate median_of(const std::vector<double>& values, const char* reason = "not_measured") {
  Estimate estimate;
  estimate.n = values.size();
  if (values.empty()) {
    estimate.reason = reason;
  } else {
    estimate.value = median(values);
  }
  return estimate;
}

// Not the engine's fault: the machine, the schedule or the user. They are counted, but do not speak against a
// candidate.
bool is_engine_failure(const Record& record) {
  using evidence::Reason;
  if (record.status == evidence::Status::error || record.status == evidence::Status::timeout) return true;
  if (record.status != evidence::Status::degraded) return false;
  return record.reason != Reason::contention && record.reason != Reason::session_drifted &&
         record.reason != Reason::stopped_by_user && record.reason != Reason::budget_spent;
}

void sort_calls(Samples& samples) {
  for (auto& [key, calls] : samples) {
    std::sort(calls.begin(), calls.end(),
              [](const Sample& a, const Sample& b) { return std::tie(a.call, a.seq) < std::tie(b.call, b.seq); });
  }
}

// Point estimate: median of session medians. Interval: t over sessions, on logarithms.
Estimate over_sessions(const std::vector<double>& medians, std::size_t calls, const MinimumN& minimum) {
  Estimate estimate = median_of(medians);
  if (medians.empty()) return estimate;
  if (calls < minimum.median) {
    estimate.value.reset();
    estimate.reason = "few_samples";
    return estimate;
  }
  std::vector<std::vector<double>> units;
  for (const double value : medians) units.push_back({value});
  if (auto spread = between_sessions(units, minimum)) estimate.ci95 = spread->centre.ci95;
  return estimate;
}

CellFlags flags_of(const CellState& state, const Summary& summary) {
  CellFlags flags;
  std::vector<double> ratios;
  for (const auto& [key, calls] : state.steady) {
    if (calls.size() < 2) continue;
    std::vector<double> rest = column(calls, &Sample::ms);
    const double first = rest.front();
    rest.erase(rest.begin());
    ratios.push_back(first / median(rest));
  }
  if (!ratios.empty()) {
    flags.first_ratio = median(ratios);
    flags.first_over_2x = *flags.first_ratio > 2;
    flags.first_over_3x = *flags.first_ratio > 3;
  }
  flags.bimodal = summary.modes.bimodal.value_or(false);
  if (flags.bimodal) {
    flags.bimodal_detail = fmt::format("{:.3g} ms and {:.3g} ms, {:.0f} % of {} calls are slow", summary.modes.low_mode,
                                       summary.modes.high_mode, 100 * summary.modes.high_share, summary.n);
  }
  return flags;
}

// The first warm-up call against the steady rate, for the same number of tokens: an eager engine is warmed with fewer
// decode steps than it is measured with. e2e has no rate that two lengths share, so there the scenario has to be equal.
CellWarmup warmup_of(const CellState& state, const CellAnalysis& cell, const WarmCalls& warm) {
  CellWarmup warmup;
  std::vector<double> ratios;
  std::vector<double> deltas;
  for (const auto& [key, calls] : warm) {
    const auto steady = state.steady.find(key);
    const auto first = std::find_if(calls.begin(), calls.end(), [&cell](const WarmCall& call) {
      return cell.phase != Phase::e2e || call.scenario == cell.scenario;
    });
    if (first == calls.end() || steady == state.steady.end()) continue;
    warmup.calls += static_cast<int>(calls.size());
    const double steady_tok_s = median(column(steady->second, &Sample::tok_s));
    const double tokens = first->ms * first->tok_s;
    if (const auto effect = warmup_effect(first->ms, tokens / steady_tok_s)) {
      ratios.push_back(effect->ratio);
      deltas.push_back(effect->delta_ms);
    }
  }
  warmup.ratio = median_of(ratios);
  warmup.delta_ms = median_of(deltas);
  return warmup;
}

void finish_optional_columns(const CellState& state, CellAnalysis& cell) {
  std::vector<double> totals;
  std::vector<double> ttfts;
  for (const auto& [key, calls] : state.steady) {
    std::vector<double> total;
    std::vector<double> ttft;
    for (const Sample& sample : calls) {
      if (sample.total_tok_s) total.push_back(*sample.total_tok_s);
      if (sample.ttft_ms) ttft.push_back(*sample.ttft_ms);
    }
    if (!total.empty()) totals.push_back(median(total));
    if (!ttft.empty()) ttfts.push_back(median(ttft));
  }
  cell.total_tok_s = median_of(totals);
  cell.ttft_ms = median_of(ttfts);
}

CellAnalysis finish_cell(CellState& state, const WarmCalls& warm, const MinimumN& minimum) {
  sort_calls(state.steady);
  CellAnalysis cell = std::move(state.out);
  cell.set = state.set;
  std::vector<double> tok_s;
  std::vector<double> ms;
  std::vector<double> all;
  std::vector<std::vector<double>> units;
  for (const auto& [key, calls] : state.steady) {
    const std::vector<double> durations = column(calls, &Sample::ms);
    double sum = 0;
    for (const double value : durations) sum += value;
    SessionValue session{{},
                         key.first,
                         key.second,
                         median(column(calls, &Sample::tok_s)),
                         median(durations),
                         sum / static_cast<double>(durations.size()),
                         static_cast<int>(calls.size())};
    tok_s.push_back(session.tok_s);
    ms.push_back(session.ms);
    all.insert(all.end(), durations.begin(), durations.end());
    units.push_back(durations);
    cell.sessions.push_back(std::move(session));
    for (const Sample& sample : calls) cell.seqs.push_back(sample.seq);
  }
  std::sort(cell.seqs.begin(), cell.seqs.end());
  cell.tok_s = over_sessions(tok_s, all.size(), minimum);
  cell.ms = over_sessions(ms, all.size(), minimum);
  finish_optional_columns(state, cell);
  if (auto summary = summarize(all, minimum)) cell.calls_ms = std::move(*summary);
  if (auto spread = between_sessions(units, minimum)) {
    cell.sd_between = spread->sd_between_log;
    cell.sd_within = spread->sd_within_log;
  }
  cell.success_rate.n = static_cast<std::size_t>(state.tried);
  if (state.tried > 0) {
    cell.success_rate.value = 1 - static_cast<double>(cell.failures) / state.tried;
  } else {
    cell.success_rate.reason = "not_measured";
  }
  int commonest = 0;
  for (const auto& [reason, count] : state.failure_reasons) {
    if (count > commonest) cell.failure_reason = reason;
    commonest = std::max(commonest, count);
  }
  cell.contention_share = state.ok == 0 ? 0 : static_cast<double>(state.marked) / state.ok;
  cell.warmup = warmup_of(state, cell, warm);
  cell.flags = flags_of(state, cell.calls_ms);
  return cell;
}

ShapeAnalysis finish_shape(const std::string& candidate, const Scenario& scenario, const PhaseTimes& calls) {
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> by_session;
  for (const auto& [key, times] : calls) {
    const auto prefill = times.find(Phase::prefill);
    const auto decode = times.find(Phase::decode);
    if (prefill == times.end() || decode == times.end()) continue;
    auto& [fractions, discrepancies] = by_session[key.first];
    if (const auto fraction = decode_fraction(prefill->second, decode->second)) fractions.push_back(*fraction);
    const auto e2e = times.find(Phase::e2e);
    if (e2e == times.end()) continue;
    if (const auto gap = phase_discrepancy(e2e->second, prefill->second, decode->second)) {
      discrepancies.push_back(std::abs(gap->relative));
    }
  }
  std::vector<double> fractions;
  std::vector<double> discrepancies;
  for (const auto& [session, columns] : by_session) {
    if (!columns.first.empty()) fractions.push_back(median(columns.first));
    if (!columns.second.empty()) discrepancies.push_back(median(columns.second));
  }
  return {candidate, scenario, median_of(fractions), median_of(discrepancies)};
}

std::vector<MeanMedianFlip> find_flips(const std::vector<CellAnalysis>& cells) {
  std::map<std::pair<Scenario, Phase>, std::vector<const CellAnalysis*>> by_shape;
  for (const CellAnalysis& cell : cells) by_shape[{cell.scenario, cell.phase}].push_back(&cell);
  std::vector<MeanMedianFlip> flips;
  for (const auto& [key, arms] : by_shape) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      for (std::size_t j = i + 1; j < arms.size(); ++j) {
        if (!mean_median_flip(arms[i]->calls_ms, arms[j]->calls_ms).value_or(false)) continue;
        const bool first = *arms[i]->calls_ms.median.value < *arms[j]->calls_ms.median.value;
        const CellAnalysis& by_median = *arms[first ? i : j];
        const CellAnalysis& by_mean = *arms[first ? j : i];
        flips.push_back({key.first, key.second, by_median.candidate, by_mean.candidate,
                         *by_mean.calls_ms.median.value / *by_median.calls_ms.median.value,
                         *by_median.calls_ms.mean.value / *by_mean.calls_ms.mean.value});
      }
    }
  }
  return flips;
}

MinimumN minimum_of(const evidence::Manifest& manifest) {
  const auto thresholds = evidence::thresholds_from_json(manifest.thresholds);
  const evidence::Thresholds& used = thresholds ? *thresholds : evidence::default_thresholds();
  MinimumN minimum;
  minimum.median = static_cast<std::size_t>(used.min_n_median);
  minimum.p95 = static_cast<std::size_t>(used.min_n_p95);
  minimum.p99 = static_cast<std::size_t>(used.min_n_p99);
  minimum.bootstrap_units = static_cast<std::size_t>(used.min_n_bootstrap);
  minimum.sessions = static_cast<std::size_t>(used.min_sessions);
  return minimum;
}

WarmKey warm_key(const CellAnalysis& cell) {
  return {cell.candidate, cell.scenario.prompt_tokens, cell.scenario.batch, cell.scenario.depth, cell.phase};
}

}  // namespace

struct RunAnalyzer::State {
  std::string run;
  MinimumN minimum;
  std::int64_t records = 0;
  std::map<std::tuple<std::string, Scenario, Phase>, CellState> cells;
  std::map<std::pair<std::string, Scenario>, PhaseTimes> shapes;
  std::map<WarmKey, WarmCalls> warm;
  std::set<std::string> unusable;  // sessions that the manifest says drifted: raw data, not evidence

  void add_warm(const Record& record) {
    const auto duration = record.duration();
    const auto rate = record.tokens_per_second();
    if (record.status != evidence::Status::ok || !duration || duration->value <= 0 || rate.value_or(0) <= 0) return;
    const Scenario& scenario = record.scenario;
    warm[{record.candidate_name, scenario.prompt_tokens, scenario.batch, scenario.depth, record.phase}]
        [{record.round, record.session}]
            .push_back({record.call, scenario, core::to_ms(*duration), *rate});
  }
};

RunAnalyzer::RunAnalyzer(const evidence::Manifest& manifest) : state_(std::make_unique<State>()) {
  state_->run = manifest.run_id;
  state_->minimum = minimum_of(manifest);
  if (!manifest.sessions.is_object()) return;
  for (const auto& [session, facts] : manifest.sessions.items()) {
    if (facts.is_object() && facts.value("state", "used") == "drifted") state_->unusable.insert(session);
  }
}
RunAnalyzer::RunAnalyzer(RunAnalyzer&&) noexcept = default;
RunAnalyzer& RunAnalyzer::operator=(RunAnalyzer&&) noexcept = default;
RunAnalyzer::~RunAnalyzer() = default;

void RunAnalyzer::add(const Record& record) {
  ++state_->records;
  if (record.control || state_->unusable.contains(record.session)) return;
  if (record.regime == Regime::warmup || record.regime == Regime::cold) state_->add_warm(record);
  const bool ok = record.status == evidence::Status::ok;
  if (ok && record.regime != Regime::steady) return;
  CellState& cell = state_->cells[{record.candidate_name, record.scenario, record.phase}];
  cell.set = record.set;
  if (is_engine_failure(record)) {
    ++cell.tried;
    ++cell.out.failures;
    ++cell.failure_reasons[std::string(evidence::to_string(record.reason))];
  } else if (ok) {
    ++cell.tried;
  }
  if (record.regime == Regime::steady) {
    ++cell.out.by_status[std::string(evidence::to_string(record.status))];
    if (!ok) ++cell.out.by_reason[std::string(evidence::to_string(record.reason))];
  }
  const auto duration = record.duration();
  if (!ok || !duration || duration->value <= 0) return;
  ++cell.out.backends_actual[record.backend_actual];
  ++cell.out.compile_grades[record.compile_grade];
  Sample sample{record.call, record.seq, core::to_ms(*duration), record.tokens_per_second().value_or(0), {}, {}};
  if (sample.tok_s <= 0) return;
  if (record.phase == Phase::e2e) {
    sample.total_tok_s = record.total_tokens_per_second();
    if (record.ttft) sample.ttft_ms = core::to_ms(*record.ttft);
  }
  ++cell.ok;
  if (record.contention.marked) ++cell.marked;
  cell.steady[{record.round, record.session}].push_back(sample);
  state_->shapes[{record.candidate_name, record.scenario}][{record.session, record.call}][record.phase] = sample.ms;
}

RunAnalysis RunAnalyzer::finish() {
  RunAnalysis analysis;
  for (auto& [key, sessions] : state_->warm) {
    for (auto& [session, calls] : sessions) {
      std::sort(calls.begin(), calls.end(), [](const WarmCall& a, const WarmCall& b) { return a.call < b.call; });
    }
  }
  analysis.run = state_->run;
  analysis.records = state_->records;
  for (auto& [key, cell] : state_->cells) {
    cell.out.candidate = std::get<0>(key);
    cell.out.scenario = std::get<1>(key);
    cell.out.phase = std::get<2>(key);
    analysis.cells.push_back(finish_cell(cell, state_->warm[warm_key(cell.out)], state_->minimum));
  }
  for (const auto& [key, calls] : state_->shapes) {
    analysis.shapes.push_back(finish_shape(key.first, key.second, calls));
  }
  analysis.flips = find_flips(analysis.cells);
  return analysis;
}

core::Result<RunAnalysis> analyze_run(const std::filesystem::path& run) {
  PHASEGATE_TRY(manifest, evidence::read_manifest(run));
  RunAnalyzer analyzer(manifest);
  PHASEGATE_CHECK_OK(evidence::for_each_record(run, [&analyzer](const Record& record) -> core::Status {
    analyzer.add(record);
    return {};
  }));
  return analyzer.finish();
}

const CellAnalysis* RunAnalysis::find(const std::string& candidate, const Scenario& scenario, Phase phase) const {
  const auto found = std::find_if(cells.begin(), cells.end(), [&](const CellAnalysis& cell) {
    return cell.candidate == candidate && cell.scenario == scenario && cell.phase == phase;
  });
  return found == cells.end() ? nullptr : &*found;
}

const ShapeAnalysis* RunAnalysis::find_shape(const std::string& candidate, const Scenario& scenario) const {
  const auto found = std::find_if(shapes.begin(), shapes.end(), [&](const ShapeAnalysis& shape) {
    return shape.candidate == candidate && shape.scenario == scenario;
  });
  return found == shapes.end() ? nullptr : &*found;
}

}  // namespace phasegate::analysis
