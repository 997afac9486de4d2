// The numbers that verdicts need, taken from a stream of observations. One cell is what may be pooled: one model,
// backend, precision, scenario and window. Rows that are not ok, degraded, cold or warm-up are counted and their times
// left out. Bounded: what exceeds the limits is counted, so that a verdict can say that it did not see all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evidence/observation.h"

namespace phasegate::claims {

inline constexpr std::size_t kMaxCells = 10'000;
inline constexpr std::int64_t kMaxSamples = 8'000'000;  // doubles kept over all cells: 64 MB

struct Cell {
  std::string model;
  std::string backend;
  std::string precision;
  std::string scenario;
  evidence::Window window = evidence::Window::request;
  std::int64_t rows = 0;
  std::int64_t usable = 0;  // rows whose times are below
  std::vector<double> latency_ms;
  std::vector<double> ttft_ms;
  std::vector<double> itl_ms;       // gaps of all requests, pooled
  std::vector<double> tpot_ms;      // (latency - ttft) / (tokens - 1), one for each request
  std::vector<double> start_s;      // when the row's clock gives it; one for each request
  std::vector<double> lateness_ms;  // sent - intended, where the source has both

  [[nodiscard]] std::string name() const;  // of the parts that are not empty
};

// The first place where something was seen, and how often.
struct Sighting {
  std::int64_t count = 0;
  std::string where;   // "file:line"
  std::string detail;  // "latency -3 ms"

  void see(const evidence::Observation& row, const std::string& detail_of_first);
};

struct Samples {
  std::vector<Cell> cells;  // in the order of their first row
  std::int64_t rows = 0;
  std::int64_t ok = 0;
  std::int64_t degraded = 0;
  std::int64_t failed = 0;  // status error, timeout, aborted
  std::int64_t skipped = 0;
  std::int64_t cold = 0;          // regime cold
  std::int64_t warmup = 0;        // regime warm-up
  std::int64_t warmup_lists = 0;  // rows that keep their own warm-up calls apart
  std::int64_t steady = 0;        // regime steady or post-idle
  std::int64_t unlabelled = 0;
  std::int64_t beyond_limits = 0;  // rows whose times were not kept

  std::int64_t prompt_tokens = 0;  // sums over ok rows that state them
  std::int64_t generated_tokens = 0;
  std::int64_t rows_with_tokens = 0;  // ok rows that state generated tokens
  std::int64_t prompt_shapes = 0;     // distinct prompt lengths, at most 1000 counted
  std::int64_t chunk_rows = 0;        // rows that have both a number of chunks and of tokens
  std::int64_t chunks = 0;
  std::int64_t chunk_tokens = 0;
  std::int64_t chunk_rows_unequal = 0;
  bool gap_lists = false;  // each gap is in the data, not only their mean
  std::optional<double> first_start_s;
  std::optional<double> last_end_s;

  std::int64_t with_power = 0;
  std::int64_t power_below_two = 0;  // fewer than two samples: no_data by the published rule
  std::vector<double> parameters;    // distinct model sizes, sorted

  Sighting negative;  // a duration below 0
  Sighting zero;      // a duration of 0 on an ok row
  Sighting ttft_above_latency;
  Sighting gaps_exceed_latency;  // ttft + gaps > latency
  Sighting ttft_is_latency;      // a copy: more than one token, ttft equal to the latency
  Sighting implausible_rate;     // faster than any machine
  Sighting mean_disagrees;       // the row's own mean is not that of its samples
  Sighting counts_disagree;      // client and server count other tokens of one request
};

class Collector {
 public:
  // `max_tok_s`: the rate above which a row is not believed (Thresholds::max_plausible_tok_s).
  explicit Collector(double max_tok_s) : max_tok_s_(max_tok_s) {}

  void add(const evidence::Observation& row);
  [[nodiscard]] const Samples& samples() const { return samples_; }

 private:
  Cell* cell_of(const evidence::Observation& row);
  void add_times(const evidence::Observation& row, Cell& cell);
  void add_tokens(const evidence::Observation& row);
  void look(const evidence::Observation& row);
  [[nodiscard]] bool room(std::size_t more);

  double max_tok_s_;
  Samples samples_;
  std::map<std::string, std::size_t> index_;
  std::map<std::int64_t, std::int64_t> prompt_lengths_;
  std::int64_t kept_ = 0;
};

}  // namespace phasegate::claims
