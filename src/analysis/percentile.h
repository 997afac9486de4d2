// Percentiles, defined here and nowhere else: linear interpolation between order statistics (Hyndman and Fan 1996,
// type 7), which is numpy's default and R's.
#pragma once

#include <span>
#include <vector>

namespace phasegate::analysis {

[[nodiscard]] std::vector<double> sorted(std::span<const double> values);

// `ascending` is sorted and not empty; q in [0, 1].
[[nodiscard]] double percentile(std::span<const double> ascending, double q);

// percentile(q) and percentile(1 - q) of values in any order, in linear time: for the replicates of a bootstrap. Not
// empty; q in [0, 0.5].
struct PercentilePair {
  double low = 0;
  double high = 0;
};
[[nodiscard]] PercentilePair outer_percentiles(std::span<const double> values, double q);

[[nodiscard]] double median(std::span<const double> values);  // any order, not empty; works on a copy

}  // namespace phasegate::analysis
