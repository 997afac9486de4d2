// Straight lines through points, and rank statistics of the same points. Least squares in the form that scipy and numpy
// give, so that a published fit can be compared digit for digit.
//
// Errors: invalid_input for a value that is not finite or lists of unequal length, evidence for too few points or
// points that do not determine the answer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

struct Line {
  double intercept = 0;
  double slope = 0;

  [[nodiscard]] double at(double x) const { return intercept + slope * x; }
};

struct LineFit {
  std::size_t n = 0;
  Line line;
  std::optional<double> r2;  // 1 - SS_res / SS_tot; null when y does not vary
};

// Ordinary least squares of y on x. At least 2 points and 2 different x.
[[nodiscard]] core::Result<LineFit> fit_line(std::span<const double> x, std::span<const double> y);

// The same line from points known to be good, for bootstraps. When all x are equal it is the minimum-norm solution of
// numpy.polyfit, slope = mean(y) / (2 x), intercept = mean(y) / 2; null when that x is 0.
[[nodiscard]] std::optional<Line> least_squares_line(std::span<const double> x, std::span<const double> y);

// Least squares of y on [1, a, b], numpy.linalg.lstsq(rcond=None): minimum norm when the columns depend on each other.
struct Plane {
  double intercept = 0;
  double slope_a = 0;
  double slope_b = 0;
};
[[nodiscard]] Plane least_squares_plane(std::span<const double> a, std::span<const double> b,
                                        std::span<const double> y);

struct RankCorrelation {
  std::size_t n = 0;
  double rho = 0;
  double p = 1;  // two-sided, t approximation with n-2 degrees of freedom, as scipy.stats.spearmanr
};
[[nodiscard]] core::Result<RankCorrelation> spearman(std::span<const double> x, std::span<const double> y);  // n >= 3

// Median of the slopes between all pairs of points of different x (Theil 1950, Sen 1968) with Sen's interval,
// as scipy.stats.theilslopes(y, x, 0.95). intercept = median(y) - slope * median(x).
struct TheilSen {
  std::size_t n = 0;
  Line line;
  Interval ci95;  // of the slope
};
inline constexpr std::size_t kMaxTheilSenPoints = 2'000;  // it looks at all pairs; more is unsupported
[[nodiscard]] core::Result<TheilSen> theil_sen(std::span<const double> x, std::span<const double> y);  // n >= 2

// 1 - SS_res / SS_tot; null when y does not vary. Equal lengths, not empty.
[[nodiscard]] std::optional<double> r_squared(std::span<const double> y, std::span<const double> predicted);

}  // namespace phasegate::analysis
