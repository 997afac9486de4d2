// What the fits of scaling.h share: points as columns, bootstrap draws over them, percentile intervals. Internal to
// this module.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "analysis/numpy_random.h"
#include "analysis/scaling.h"
#include "core/result.h"

namespace phasegate::analysis {

inline constexpr std::size_t kLeastFitPoints = 3;

struct FitColumns {
  std::vector<double> size;
  std::vector<double> value;
};

enum class Order { as_given, by_size };  // by_size is stable

// invalid_input for a coordinate that is not positive and finite, evidence below 3 points. `what` opens the error.
[[nodiscard]] core::Result<FitColumns> fit_columns(std::span<const SizePoint> points, const char* what, Order order);
[[nodiscard]] core::Status check_fit_values(std::span<const double> values, const char* what);
[[nodiscard]] core::Status check_fit_count(std::size_t n, const char* what);

[[nodiscard]] std::vector<double> natural_logs(std::span<const double> values);
[[nodiscard]] std::vector<double> decimal_logs(std::span<const double> values);

// Draws as many rows as there are, with replacement, from a generator that goes on from resample to resample.
class Resample {
 public:
  Resample(NumpyRandom& random, std::size_t rows) : random_(random), draws_(rows) {}

  void draw() { random_.integers(draws_.size(), draws_); }
  void take(std::span<const double> column, std::vector<double>& out) const {
    out.resize(draws_.size());
    for (std::size_t i = 0; i < draws_.size(); ++i) out[i] = column[draws_[i]];
  }

 private:
  NumpyRandom& random_;
  std::vector<std::size_t> draws_;
};

// Fewer usable resamples give no interval.
[[nodiscard]] inline std::size_t least_resamples(std::size_t requested) {
  return requested / 10 > 10 ? requested / 10 : 10;
}

// numpy.quantile 0.025 and 0.975. Null below least_resamples.
[[nodiscard]] std::optional<Interval> bootstrap_interval(std::span<const double> replicates, std::size_t requested);

}  // namespace phasegate::analysis
