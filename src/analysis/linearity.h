// What a report says about decode beside its latency: is time proportional to tokens, how far is the device's own
// clock from the wall, which share of a request is decode, which rows stopped early, what did the first call cost.
//
// Errors: invalid_input for a value that is not finite (or not positive where it must be), evidence for too few values.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

struct CountedTime {
  double tokens = 0;  // above 0
  double ms = 0;      // of those tokens
};

// ollama_decode_linearity.csv and ollama_decode_projection_error.csv: ms = a + b tokens over the rows of a model, and
// how far the proportional projection ms / tokens * target is from that line at the target.
struct DecodeLinearity {
  std::size_t n = 0;
  double target = 0;
  double a_ms = 0;
  double b_ms_per_token = 0;
  std::optional<double> r2;
  double affine_ms_at_target = 0;
  double tokens_min = 0, tokens_median = 0, tokens_max = 0;
  double error_median = 0, error_p95 = 0, error_min = 0, error_max = 0;  // proportional - affine, ms
};
[[nodiscard]] core::Result<DecodeLinearity> decode_linearity(std::span<const CountedTime> rows, double target_tokens);

// Time of `tokens` at the pace of a row that stopped early (or went on): ms / tokens * target.
[[nodiscard]] double fixed_length_ms(const CountedTime& row, double target_tokens);

struct WallAndDevice {
  double wall_ms = 0;  // above 0
  double device_ms = 0;
};
// cuda_event_gap_summary.csv: |wall - device| / wall.
struct DeviceGap {
  std::size_t n = 0;
  double relative_median = 0, relative_p95 = 0;
  double ms_median = 0, ms_p95 = 0;
};
[[nodiscard]] core::Result<DeviceGap> device_gap(std::span<const WallAndDevice> rows);

// decode_fraction_summary.csv over models: each decode / e2e, e2e above 0.
struct DecodeAndAll {
  double decode_ms = 0;
  double e2e_ms = 0;
};
struct DecodeShare {
  std::size_t n = 0;
  double median = 0, p25 = 0, p75 = 0;
  bool decode_heavy = false;  // median above 0.9
};
[[nodiscard]] core::Result<DecodeShare> decode_share(std::span<const DecodeAndAll> models);

struct StoppedRow {
  double tokens = 0;
  double target = 0;
  std::string done_reason;  // the source's own word; empty = none
};
// ollama_early_stop_summary.csv, one cell.
struct EarlyStop {
  std::size_t n = 0;
  double target = 0;  // median of the rows'
  double tokens_median = 0;
  double early_share = 0;        // rows with tokens below their target
  std::string done_reason_mode;  // most frequent; of equally frequent ones the first in byte order
};
[[nodiscard]] core::Result<EarlyStop> early_stop(std::span<const StoppedRow> rows);

// warmup_effect.csv, one cell. Both not empty.
struct WarmupRow {
  std::size_t warmup_n = 0;
  double warmup_median = 0;
  std::size_t measured_n = 0;
  double measured_median = 0;
  std::optional<double> ratio;  // null when measured_median is 0
  double delta = 0;             // warm-up - measured
};
[[nodiscard]] core::Result<WarmupRow> warmup_row(std::span<const double> warmup, std::span<const double> measured);

// Over the cells of a run: median, p95 and maximum of the ratio, as the reports print them whatever n is.
struct WarmupSpread {
  std::size_t cells = 0;
  double median = 0, p95 = 0, max = 0;
  std::size_t over_10x = 0;  // cells whose ratio makes a warm pool mandatory
};
[[nodiscard]] core::Result<WarmupSpread> warmup_spread(std::span<const double> ratios);

// Geometric mean of positive values; the aggregation over scenarios of ratios, latencies and throughput.
[[nodiscard]] core::Result<double> geometric_mean(std::span<const double> values);

}  // namespace phasegate::analysis
