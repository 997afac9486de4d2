// Fixed cost and cost per parameter: the two overhead models of scaling.h.
//
// value = a + b size^s is linear in (a, b) once s is known, so the box is searched along s alone: for each s the best
// (a, b) >= 0 is closed form, and at that optimum d SS / d s = -2 sum r_i b size_i^s ln size_i (the terms through a and
// b vanish). A scan finds the basin, bisection on that derivative the minimum to the last bits.
#include <algorithm>
#include <cmath>

#include "analysis/fit_points.h"
#include "analysis/moments.h"
#include "analysis/scaling.h"

namespace phasegate::analysis {
namespace {

constexpr double kMaxExponent = 2;
constexpr int kScan = 200;

std::optional<double> overhead_share(double a, double at) {
  if (!(at > 0)) return std::nullopt;
  return a / at;
}

struct Inner {
  double a = 0;
  double b = 0;
  double sum_of_squares = 0;
  double slope_in_s = 0;  // d SS / d s
};

// x in units of its geometric mean, so that x^s stays near 1.
Inner best_for(double s, std::span<const double> x, std::span<const double> y) {
  std::vector<double> z(x.size());
  std::transform(x.begin(), x.end(), z.begin(), [s](double each) { return std::pow(each, s); });
  const double my = mean(y);
  const double mz = mean(z);
  double zz = 0;
  double zy = 0;
  double raw_zz = 0;
  double raw_zy = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    zz += (z[i] - mz) * (z[i] - mz);
    zy += (z[i] - mz) * (y[i] - my);
    raw_zz += z[i] * z[i];
    raw_zy += z[i] * y[i];
  }
  Inner best;
  best.b = zz > 0 ? zy / zz : 0;
  best.a = my - best.b * mz;
  if (best.b < 0) {  // both constraints cut a convex bowl: on the edge that is violated the other is free
    best.b = 0;
    best.a = my;
  } else if (best.a < 0) {
    best.a = 0;
    best.b = raw_zy / raw_zz;
  }
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double residual = y[i] - best.a - best.b * z[i];
    best.sum_of_squares += residual * residual;
    best.slope_in_s -= 2 * residual * best.b * z[i] * std::log(x[i]);
  }
  return best;
}

double best_exponent(std::span<const double> x, std::span<const double> y) {
  const auto at = [](int i) { return kMaxExponent * i / kScan; };
  int best = 0;
  double least = best_for(at(0), x, y).sum_of_squares;
  for (int i = 1; i <= kScan; ++i) {
    const double here = best_for(at(i), x, y).sum_of_squares;
    if (here >= least) continue;
    best = i;
    least = here;
  }
  double low = at(std::max(best - 1, 0));
  double high = at(std::min(best + 1, kScan));
  if (best_for(low, x, y).slope_in_s >= 0) return low;
  if (best_for(high, x, y).slope_in_s <= 0) return high;
  for (int i = 0; i < 100 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (best_for(middle, x, y).slope_in_s < 0 ? low : high) = middle;
  }
  return low;
}

double geometric_mean_of(std::span<const double> values) { return std::exp(mean(natural_logs(values))); }

}  // namespace

core::Result<OverheadLine> fit_overhead_line(std::span<const SizePoint> points) {
  PHASEGATE_TRY(columns, fit_columns(points, "an overhead fit", Order::by_size));
  PHASEGATE_TRY(line, fit_line(columns.size, columns.value));
  OverheadLine fit;
  fit.n = line.n;
  fit.a = line.line.intercept;
  fit.b = line.line.slope;
  fit.r2 = line.r2;
  fit.overhead_fraction_at_min = overhead_share(fit.a, line.line.at(columns.size.front()));
  fit.overhead_fraction_at_max = overhead_share(fit.a, line.line.at(columns.size.back()));
  return fit;
}

core::Result<OverheadPower> fit_overhead_power(std::span<const SizePoint> points) {
  PHASEGATE_TRY(columns, fit_columns(points, "an overhead fit", Order::by_size));
  const double scale = geometric_mean_of(columns.size);
  std::vector<double> x(columns.size.size());
  std::transform(columns.size.begin(), columns.size.end(), x.begin(), [scale](double each) { return each / scale; });
  OverheadPower fit;
  fit.n = x.size();
  fit.s = best_exponent(x, columns.value);
  const Inner inner = best_for(fit.s, x, columns.value);
  fit.a = inner.a;
  fit.b = inner.b / std::pow(scale, fit.s);
  fit.sum_of_squares = inner.sum_of_squares;
  std::vector<double> predicted(x.size());
  std::transform(columns.size.begin(), columns.size.end(), predicted.begin(),
                 [&](double each) { return fit.a + fit.b * std::pow(each, fit.s); });
  if (!std::all_of(predicted.begin(), predicted.end(), [](double each) { return std::isfinite(each); })) {
    return core::fail(core::ErrorKind::invalid_input, "an overhead fit: the sizes or values are too large");
  }
  fit.r2 = r_squared(columns.value, predicted);
  fit.overhead_fraction_at_min = overhead_share(fit.a, predicted.front());
  fit.overhead_fraction_at_max = overhead_share(fit.a, predicted.back());
  return fit;
}

}  // namespace phasegate::analysis
