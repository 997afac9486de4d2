#include "analysis/line_draws.h"

#include <algorithm>
#include <cmath>

#include "analysis/numpy_random.h"
#include "core/check.h"

namespace phasegate::analysis {

bool LineDraws::fits(std::size_t points, std::size_t resamples) {
  constexpr std::size_t kMostWeights = (std::size_t{64} << 20) / (2 * sizeof(double));
  return points > 0 && resamples <= kMostWeights / points;
}

LineDraws::LineDraws(std::span<const double> x, std::size_t resamples, std::uint64_t seed)
    : points_(x.size()), stride_(resamples) {
  slope_weights_.resize(points_ * stride_);
  intercept_weights_.resize(points_ * stride_);
  NumpyRandom random(seed);
  std::vector<std::size_t> draws(points_);
  std::vector<std::size_t> times(points_);
  for (std::size_t i = 0; i < resamples; ++i) {
    random.integers(points_, draws);
    std::fill(times.begin(), times.end(), 0);
    for (const std::size_t k : draws) ++times[k];
    add(x, times);
  }
}

void LineDraws::add(std::span<const double> x, std::span<const std::size_t> times) {
  const auto n = static_cast<double>(points_);
  double mean = 0;
  const double* single = nullptr;  // the x of all drawn points, while they are equal
  bool one_x = true;
  for (std::size_t k = 0; k < points_; ++k) {
    if (times[k] == 0) continue;
    one_x = one_x && (single == nullptr || *single == x[k]);
    single = &x[k];
    mean += static_cast<double>(times[k]) * x[k];
  }
  mean /= n;
  double sxx = 0;
  for (std::size_t k = 0; k < points_; ++k) sxx += static_cast<double>(times[k]) * (x[k] - mean) * (x[k] - mean);
  if (one_x && *single == 0) return;
  for (std::size_t k = 0; k < points_; ++k) {
    const auto count = static_cast<double>(times[k]);
    const double slope = one_x ? count / (2 * n * *single) : count * (x[k] - mean) / sxx;
    if (!std::isfinite(slope)) return;
    slope_weights_[k * stride_ + usable_] = slope;
    intercept_weights_[k * stride_ + usable_] = one_x ? count / (2 * n) : count / n - mean * slope;
  }
  ++usable_;
}

void LineDraws::apply(std::span<const double> y, std::vector<double>& slopes, std::vector<double>& intercepts) const {
  PHASEGATE_CHECK(y.size() == points_);
  slopes.assign(usable_, 0);
  intercepts.assign(usable_, 0);
  for (std::size_t k = 0; k < points_; ++k) {
    const double* slope = &slope_weights_[k * stride_];
    const double* intercept = &intercept_weights_[k * stride_];
    for (std::size_t r = 0; r < usable_; ++r) {
      slopes[r] += slope[r] * y[k];
      intercepts[r] += intercept[r] * y[k];
    }
  }
}

}  // namespace phasegate::analysis
