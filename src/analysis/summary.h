// What is reported of one cell's samples (requirement 65). Samples are never dropped: outliers are flagged, and the
// means without them are shown beside the mean, so that a reader sees whether a conclusion hangs on a few of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "analysis/bimodality.h"
#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

// The first sample of a cell against the rest: an untracked cold call shows here.
struct FirstSample {
  std::optional<double> ratio;  // first / median of the rest; null below two samples or when that median is 0
  bool over_2x = false;
  bool over_3x = false;
  Estimate mean_without_first;
};

struct Outliers {                        // positions in the input
  std::vector<std::size_t> beyond_iqr;   // outside [q25 - 1.5 IQR, q75 + 1.5 IQR]; empty below n = 3
  std::vector<std::size_t> beyond_3_sd;  // |x - mean| > 3 sd
};

struct TrimmedMeans {
  std::size_t top_k = 5;
  Estimate without_max;
  Estimate without_top_k;
  Estimate without_first;
};

struct Summary {
  std::size_t n = 0;
  Estimate mean;    // ci95: t interval, mean -+ t(0.975, n-1) sd / sqrt(n)
  Estimate median;  // no interval: the statistical unit is the session (sessions.h)
  Estimate std;     // divisor n-1
  Estimate min;
  Estimate max;
  Estimate p50, p90, p95, p99;
  Estimate iqr;
  FirstSample first;
  Bimodality modes;
  Outliers outliers;
  TrimmedMeans trimmed;
};

// Values in the order in which they were measured, any unit. Fails with invalid_input on a value that is not finite.
[[nodiscard]] core::Result<Summary> summarize(std::span<const double> values, const MinimumN& minimum = {});

// Do the mean and the median of two arms name different leaders? Then a few samples decide and neither is a winner.
// Null when either lacks a mean or a median.
[[nodiscard]] std::optional<bool> mean_median_flip(const Summary& a, const Summary& b);

}  // namespace phasegate::analysis
