// From the records of one run to the tables that policy and the card stand on: analysis/cells.json.
//
// The unit of statistics is the session (one process of one candidate in one round), not the call: calls of a session
// share a process, a memory layout and a moment. So each cell (candidate, scenario, phase) is reduced in two steps:
//   calls of a session  -> their median (steady, ok, not control; a marked contended call stays in and is counted)
//   sessions of the run -> the median of those, and a 95 % interval by Student's t on their logarithms
// Percentiles of latency (p95, p99) are over all calls and need the minimum n of the thresholds.
// Cold, warm-up, post-idle and steady calls never meet in one number; depth > 0 makes another scenario.
//
// Pure: no clock, no file (except analyze_run, which streams the run it is given), no thread. The records are read
// once, in any order; memory is bounded by cells x calls, not by the size of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/estimate.h"
#include "analysis/summary.h"
#include "core/json.h"
#include "core/result.h"
#include "evidence/manifest.h"
#include "evidence/record.h"

namespace phasegate::analysis {

// One session's own summary of a cell. `run` is filled when runs are pooled.
struct SessionValue {
  std::string run;
  int round = 0;
  std::string session;
  double tok_s = 0;    // median over the session's calls
  double ms = 0;       // median
  double mean_ms = 0;  // mean, to see where mean and median disagree
  int calls = 0;
};

// How much slower the first calls of a process are than its steady ones; medians over sessions.
struct CellWarmup {
  Estimate ratio;     // first call / steady median
  Estimate delta_ms;  // first call - steady median
  int calls = 0;      // warm-up and cold calls seen
};

// Shape of the distribution of a cell's steady calls. Flags never remove a sample.
struct CellFlags {
  std::optional<double> first_ratio;  // first steady call / median of the rest, median over sessions
  bool first_over_2x = false;
  bool first_over_3x = false;
  bool bimodal = false;
  std::string bimodal_detail;  // the two modes in words; empty when there is one
};

struct CellAnalysis {
  std::string candidate;  // name
  evidence::Scenario scenario;
  evidence::Phase phase = evidence::Phase::prefill;
  std::string set;  // scenario set S0..S3

  Estimate tok_s;                        // median of the sessions' medians; ci95 over sessions; n sessions
  Estimate ms;                           // the same of durations
  Estimate total_tok_s;                  // e2e only: prompt and generated tokens per second
  Estimate ttft_ms;                      // e2e only
  Summary calls_ms;                      // durations of all calls in the order of measurement; n calls
  std::optional<double> sd_between;      // of ln(duration): 0.02 is about 2 %; sessions against each other
  std::optional<double> sd_within;       // and calls inside a session
  std::vector<SessionValue> sessions;    // ordered by round
  std::vector<std::int64_t> seqs;        // records (seq) behind the medians, ascending: the way back to the raw data
  std::map<std::string, int> by_status;  // steady records, all statuses
  std::map<std::string, int> by_reason;  // of those that are not ok
  int failures = 0;             // calls that the engine itself failed (not contention, drift, stop), any regime
  std::string failure_reason;   // the commonest reason code of them
  Estimate success_rate;        // 1 - failures / calls tried
  double contention_share = 0;  // marked calls / ok calls
  CellWarmup warmup;
  CellFlags flags;
  std::map<std::string, int> backends_actual;  // what the records say ran
  std::map<std::string, int> compile_grades;
};

// Per candidate and scenario, joined by call.
struct ShapeAnalysis {
  std::string candidate;
  evidence::Scenario scenario;
  Estimate decode_fraction;  // decode / (prefill + decode)
  Estimate e2e_discrepancy;  // |e2e - (prefill + decode)| / e2e
};

// Two candidates whose order by median and by mean differ (requirement 72).
struct MeanMedianFlip {
  evidence::Scenario scenario;
  evidence::Phase phase = evidence::Phase::prefill;
  std::string faster_by_median;
  std::string faster_by_mean;
  double median_ratio = 1;  // slower / faster by median: near 1 the order of medians is an accident
  double mean_ratio = 1;    // slower / faster by mean
};

struct RunAnalysis {
  std::string run;
  std::int64_t records = 0;
  std::vector<CellAnalysis> cells;    // ordered by candidate, scenario, phase
  std::vector<ShapeAnalysis> shapes;  // ordered by candidate, scenario
  std::vector<MeanMedianFlip> flips;

  [[nodiscard]] const CellAnalysis* find(const std::string& candidate, const evidence::Scenario& scenario,
                                         evidence::Phase phase) const;
  [[nodiscard]] const ShapeAnalysis* find_shape(const std::string& candidate, const evidence::Scenario& scenario) const;
};

// Takes records one by one, in any order; finish() is called once.
class RunAnalyzer {
 public:
  explicit RunAnalyzer(const evidence::Manifest& manifest);
  RunAnalyzer(RunAnalyzer&&) noexcept;
  RunAnalyzer& operator=(RunAnalyzer&&) noexcept;
  ~RunAnalyzer();

  void add(const evidence::Record& record);
  [[nodiscard]] RunAnalysis finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads the manifest and streams the records of a run's folder. Errors are those of the evidence readers.
[[nodiscard]] core::Result<RunAnalysis> analyze_run(const std::filesystem::path& run);

inline constexpr const char* kCellsFile = "analysis/cells.json";

// "llamacpp-q8_0-cpu-t1/p64-g64-b1/decode": the name of a cell inside cells.json.
[[nodiscard]] std::string cell_key(const CellAnalysis& cell);

// The content of analysis/cells.json: {"version", "run", "cells": {key: …}, "shapes": {…}, "flips": […]}.
[[nodiscard]] core::Json to_json(const RunAnalysis& analysis);
[[nodiscard]] core::Json to_json(const Estimate& value);
[[nodiscard]] core::Json to_json(const Summary& calls);

}  // namespace phasegate::analysis
