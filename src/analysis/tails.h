// Where a tail comes from. A p99 over several shapes mixes them: in one published run all 30 slow samples were one
// prompt length that had run out of compile budget, and the pooled p95 described neither that shape nor the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

struct ShapeSamples {
  std::string shape;  // scenario, or prompt length: what is one cell
  std::span<const double> values;
};

struct MixtureOptions {
  double slow_factor = 3;      // slow = above this multiple of the pooled median
  double concentration = 0.9;  // share of the slow samples in one shape from which the tail is that shape
  double shape_share = 0.5;    // and the share of that shape's samples that are slow
};

struct SlowShare {
  std::string shape;
  std::size_t n = 0;
  std::size_t slow = 0;
  double share_of_shape = 0;  // slow / n
  double share_of_slow = 0;   // slow / all slow; 0 when there are none
};

struct Mixture {
  std::size_t n = 0;
  std::size_t slow = 0;
  double threshold = 0;           // in the unit of the values
  std::vector<SlowShare> shapes;  // in the order given
  bool one_shape = false;         // the pooled tail is one shape, not a tail of all
  std::string dominant;           // that shape, else empty
  std::string reason;             // "one_shape", "spread_over_shapes", "no_slow_samples", "single_shape"
};

// Errors: invalid_input for a value that is not finite; evidence when no shape has a sample.
[[nodiscard]] core::Result<Mixture> mixture(std::span<const ShapeSamples> shapes, const MixtureOptions& options = {});

// One row of cold_start_by_file.csv. `p99` is the linear percentile whatever n is: what was published, not what we
// would claim (summary.h has the minimum n). At least 2 values, all finite.
struct FirstSampleRow {
  std::size_t n_samples = 0;
  double first = 0;
  double median_rest = 0;
  std::optional<double> ratio;  // null when median_rest is 0
  bool over_2x = false;
  bool over_3x = false;
  double mean = 0;
  double median = 0;
  double p99 = 0;
  double max = 0;
  std::size_t max_index = 0;  // of the first occurrence, from 0
  double mean_without_first = 0;
};
[[nodiscard]] core::Result<FirstSampleRow> first_sample_row(std::span<const double> values);

// cold_start_effect_overall.csv: the files of one backend together.
struct FirstSampleEffect {
  std::size_t files = 0;
  std::size_t n = 0;
  double mean = 0, median = 0, p99 = 0, max = 0;
  std::size_t n_without_first = 0;
  double mean_without_first = 0, median_without_first = 0, p99_without_first = 0, max_without_first = 0;
  double share_max_at_first = 0;  // of files
  double share_over_2x = 0;
  double share_over_3x = 0;
};
[[nodiscard]] core::Result<FirstSampleEffect> first_sample_effect(std::span<const std::vector<double>> files);

// Mean without the k largest values; null with n_below_<k+1>.
[[nodiscard]] Estimate mean_without_top(std::span<const double> values, std::size_t k);

// What padding to a common shape computes beyond the prompts, and what it costs (requirement 60).
struct PaddedShape {
  std::int64_t semantic_tokens = 0;  // of all rows of one call
  std::int64_t computed_tokens = 0;  // rows * padded length
};
struct PaddedCost {
  std::int64_t semantic_tokens = 0;
  std::int64_t computed_tokens = 0;
  std::int64_t extra_tokens = 0;
  double extra_share = 0;              // extra / semantic
  std::optional<double> plain_median;  // of the same backend, unpadded
  std::optional<double> padded_median;
  std::optional<double> slowdown;  // padded / plain
  std::string reason;              // when slowdown is null: "no_unpadded_run", "no_padded_run"
};
// Fails with invalid_input when a call computes fewer tokens than it has, or has none.
[[nodiscard]] core::Result<PaddedCost> padded_cost(std::span<const PaddedShape> calls, std::span<const double> plain,
                                                   std::span<const double> padded);

}  // namespace phasegate::analysis
