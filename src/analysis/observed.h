// The analysis of an imported run: from the rows of somebody else's measurement to analysis/observed.json.
//
// What native runs have and these do not: sessions, interleaving, windows of our own clock. So nothing here names a
// winner. A cell is (backend, model, precision, scenario, window, batch); regimes that the source labels stay apart
// (warm-up rows only make the warm-up effect), unlabelled rows are taken as measured. Degraded and failed rows are
// counted and excluded from every figure.
//   unblocked tests pool the calls of all scenarios   -> always labelled "exploratory"
//   blocked tests pair the backends inside a scenario -> ratio and interval over scenarios, Holm over the run
//
// Pure: no clock, file or thread. Memory is bounded by cells x samples; kMaxObservedCells bounds the cells.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/compare.h"
#include "analysis/estimate.h"
#include "analysis/linearity.h"
#include "analysis/scaling.h"
#include "analysis/summary.h"
#include "analysis/tails.h"
#include "core/json.h"
#include "core/result.h"
#include "evidence/observation.h"

namespace phasegate::analysis {

inline constexpr std::size_t kMaxObservedCells = 100'000;
inline constexpr std::size_t kMaxObservedComparisons = 10'000;
inline constexpr const char* kObservedFile = "analysis/observed.json";

// A label as one part of a key: '%' and '/' become %25 and %2F, an empty label is "-".
[[nodiscard]] std::string label_key(std::string_view label);

struct ObservedKey {
  std::string backend;
  std::string model;
  std::string precision;  // empty = none given
  std::string scenario;   // empty = none given
  evidence::Window window = evidence::Window::request;
  std::optional<std::int64_t> batch;

  friend auto operator<=>(const ObservedKey&, const ObservedKey&) = default;
  // "backend/model/precision/scenario/window/b1", each part by label_key: the name of the cell in observed.json.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string arm() const;  // "backend" or "backend precision": what is compared
};

struct ObservedCell {
  ObservedKey key;
  std::int64_t rows = 0;         // all, whatever their regime and status
  std::int64_t usable = 0;       // rows behind the figures: usable (observation.h), and steady or without a label
  std::int64_t warmup_rows = 0;  // usable rows that the source labels as warm-up
  std::int64_t degraded = 0;     // rows that are not ok or carry a degraded reason
  Estimate degraded_rate;        // degraded / rows
  std::map<std::string, std::int64_t> by_status;
  std::map<std::string, std::int64_t> by_reason;  // our codes and the source's own degraded reasons; "nothing_timed"
  std::vector<std::pair<std::int64_t, std::int64_t>> seqs;  // usable rows as ranges [first, last] of seq

  Summary latency_ms;               // every timed call of the usable rows, in order
  std::optional<Summary> row_ms;    // mean of each row, where rows hold several calls: the reports' unit
  std::optional<Summary> ttft_ms;   // absent when the source measured none
  std::optional<Summary> itl_ms;    // gaps of all requests together
  std::optional<WarmupRow> warmup;  // warm-up calls (own rows or beside the row) against the measured median
  std::map<std::string, Summary> other_regimes;  // latency_ms of rows labelled "cold" or "post_idle"

  // Median over calls. From the source's own tok/s where it gives one for each call ("published"), else counts of the
  // row / time ("prompt", "generated", "prompt_and_generated"), for rows of one call.
  Estimate tok_s;
  std::string tok_s_from;               // empty when there is nothing to count
  Estimate published_tok_s;             // mean over rows of the mean of the row's own tok/s, as the reports aggregate
  std::int64_t tok_s_contradicted = 0;  // rows whose own tok/s fits none of their counts within 1 %

  std::optional<DeviceGap> device_gap;
  std::optional<EarlyStop> early_stop;  // where the source gives a target
  std::optional<double> parameters;     // median over rows
};

struct ObservedComparison {
  std::string model;
  evidence::Window window = evidence::Window::request;
  std::string a, b;  // arms
  // Pooled over scenarios and calls. Label: exploratory.
  std::size_t n_a = 0, n_b = 0;  // calls
  std::optional<double> welch_p, mann_whitney_p, cohens_d, cliffs_delta;
  // Blocked on scenario: medians of both in each common scenario and batch. `blocked.n` counts them.
  std::vector<std::string> scenarios;
  Comparison blocked;            // ratio = a / b of latency
  std::optional<double> p_holm;  // over all blocked comparisons of the run
  std::optional<double> p_bonferroni;
  Verdict verdict;                 // separable within this run; never a winner for policy
  std::vector<std::string> flips;  // scenarios in which mean and median name different leaders
};

// The pooled tail of one arm and model over its scenarios.
struct ObservedTail {
  std::string arm, model;
  evidence::Window window = evidence::Window::request;
  std::optional<std::int64_t> batch;
  Mixture mixture;
};

// Latency against the size of the model (millions of parameters) for one backend, of one precision where a model comes
// in several. `scenario` empty: geometric mean of the medians over the scenarios that all models have.
struct ObservedFit {
  std::string arm;
  evidence::Window window = evidence::Window::request;
  std::optional<std::int64_t> batch;
  std::string scenario;
  std::size_t models = 0;
  std::vector<std::string> precisions;  // more than one: size and precision change together
  std::optional<ScalingFit> power_law;
  std::optional<OverheadLine> overhead_line;  // of the geometric mean alone
  std::optional<OverheadPower> overhead_power;
  std::string reason;  // why there is no power law: "n_below_3", "one_size", "no_common_scenario"
};

// Decode as a share of e2e over the models of one backend, from the geometric means over common scenarios.
struct ObservedShare {
  std::string arm;
  std::optional<std::int64_t> batch;
  DecodeShare share;
};

// Decode time against the tokens that came, over the scenarios of one model: is "ms per token" a fact or a projection?
struct ObservedLinearity {
  std::string arm, model;
  std::optional<std::int64_t> batch;
  DecodeLinearity fit;
};

struct ObservedAnalysis {
  std::string run;
  std::int64_t rows = 0;
  std::int64_t usable = 0;
  std::int64_t degraded = 0;
  std::vector<ObservedCell> cells;  // ordered by key
  std::vector<ObservedComparison> comparisons;
  std::vector<ObservedTail> tails;
  std::vector<ObservedFit> fits;
  std::vector<ObservedShare> decode_shares;
  std::vector<ObservedLinearity> linearity;
  std::optional<WarmupSpread> warmup_spread;  // over cells with a warm-up effect
  std::size_t comparisons_left_out = 0;       // pairs beyond kMaxObservedComparisons
  std::size_t resamples = 0;                  // of each fit's bootstrap
  std::uint64_t seed = 0;

  [[nodiscard]] const ObservedCell* find(const ObservedKey& key) const;
};

struct ObservedOptions {
  MinimumN minimum;
  FitOptions fit;
  double alpha = 0.05;
  double min_effect = 0.05;
  std::size_t min_scenarios = 3;  // blocks below which no interval over scenarios is given
};

// Takes rows one by one; finish() is called once. One thread.
class ObservedAnalyzer {
 public:
  explicit ObservedAnalyzer(std::string run, ObservedOptions options = {});
  ObservedAnalyzer(ObservedAnalyzer&&) noexcept;
  ObservedAnalyzer& operator=(ObservedAnalyzer&&) noexcept;
  ~ObservedAnalyzer();

  // Fails with invalid_input beyond kMaxObservedCells.
  [[nodiscard]] core::Status add(const evidence::Observation& observation);
  [[nodiscard]] core::Result<ObservedAnalysis> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The content of analysis/observed.json: {"version", "run", "cells": {key: …}, "comparisons": {…}, "tails": {…},
// "fits": {…}, …}. Every map is keyed by name, so that a number's way back is a path of keys.
[[nodiscard]] core::Json to_json(const ObservedAnalysis& analysis);

}  // namespace phasegate::analysis
