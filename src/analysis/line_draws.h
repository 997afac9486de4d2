// The resampled lines through points whose x are known: the draws are made once, and each list of y then costs two
// weighted sums a resample. Internal to this module.
//
// A drawn line is least_squares_line of the drawn points, so slope = sum w_k y_k with w_k = c_k (x_k - mean) / Sxx
// (c_k: how often k was drawn) and intercept = sum v_k y_k with v_k = c_k / n - mean w_k. Where all drawn x are equal:
// w_k = c_k / (2 n x), v_k = c_k / (2 n), the minimum-norm line; with x = 0 there is none and the resample is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phasegate::analysis {

class LineDraws {
 public:
  // Weights of so many points and resamples stay below 64 MB.
  [[nodiscard]] static bool fits(std::size_t points, std::size_t resamples);

  LineDraws(std::span<const double> x, std::size_t resamples, std::uint64_t seed);

  // One slope and intercept a usable resample; y as long as x.
  void apply(std::span<const double> y, std::vector<double>& slopes, std::vector<double>& intercepts) const;

 private:
  void add(std::span<const double> x, std::span<const std::size_t> times);

  std::size_t points_ = 0;
  std::size_t usable_ = 0;
  std::size_t stride_ = 0;
  std::vector<double> slope_weights_;  // of point k in resample r: [k * stride_ + r], so that resamples are neighbours
  std::vector<double> intercept_weights_;
};

}  // namespace phasegate::analysis
