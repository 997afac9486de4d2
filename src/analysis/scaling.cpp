#include "analysis/scaling.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/fit_points.h"

namespace phasegate::analysis {
namespace {

void bootstrap_line(std::span<const double> x, std::span<const double> y, const FitOptions& options, ScalingFit& fit) {
  NumpyRandom random(options.seed);
  Resample resample(random, x.size());
  std::vector<double> rx;
  std::vector<double> ry;
  std::vector<double> slopes;
  std::vector<double> intercepts;
  slopes.reserve(options.resamples);
  intercepts.reserve(options.resamples);
  for (std::size_t i = 0; i < options.resamples; ++i) {
    resample.draw();
    resample.take(x, rx);
    resample.take(y, ry);
    const auto line = least_squares_line(rx, ry);
    if (!line || !std::isfinite(line->slope) || !std::isfinite(line->intercept)) continue;
    slopes.push_back(line->slope);
    intercepts.push_back(line->intercept);
  }
  fit.resamples_used = slopes.size();
  fit.slope_ci95 = bootstrap_interval(slopes, options.resamples);
  fit.intercept_ci95 = bootstrap_interval(intercepts, options.resamples);
}

template <class T>
std::optional<T> unless_failed(core::Result<T> result) {
  if (!result) return std::nullopt;
  return std::move(*result);
}

struct LayerColumns {
  std::vector<double> size, layers, value;  // natural logarithms
};

core::Result<LayerColumns> layer_columns(std::span<const LayeredPoint> points) {
  constexpr const char* kWhat = "a fit on size and layers";
  PHASEGATE_CHECK_OK(check_fit_count(points.size(), kWhat));
  std::vector<LayeredPoint> list(points.begin(), points.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const LayeredPoint& a, const LayeredPoint& b) { return a.size < b.size; });
  LayerColumns columns;
  for (const LayeredPoint& point : list) {
    PHASEGATE_CHECK_OK(check_fit_values(std::array{point.size, point.layers, point.value}, kWhat));
    columns.size.push_back(std::log(point.size));
    columns.layers.push_back(std::log(point.layers));
    columns.value.push_back(std::log(point.value));
  }
  return columns;
}

struct SolvedPlane {
  Plane plane;
  std::optional<double> r2;
};

SolvedPlane solve(const LayerColumns& columns) {
  SolvedPlane solved{least_squares_plane(columns.size, columns.layers, columns.value), {}};
  std::vector<double> predicted(columns.value.size());
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    predicted[i] =
        solved.plane.intercept + solved.plane.slope_a * columns.size[i] + solved.plane.slope_b * columns.layers[i];
  }
  solved.r2 = r_squared(columns.value, predicted);
  return solved;
}

void bootstrap_plane(const LayerColumns& columns, NumpyRandom& random, const FitOptions& options, LayeredFit& fit) {
  Resample resample(random, columns.value.size());
  LayerColumns drawn;
  std::vector<double> betas;
  std::vector<double> gammas;
  std::vector<double> r2s;
  for (std::size_t i = 0; i < options.resamples; ++i) {
    resample.draw();
    resample.take(columns.size, drawn.size);
    resample.take(columns.layers, drawn.layers);
    resample.take(columns.value, drawn.value);
    const SolvedPlane solved = solve(drawn);
    betas.push_back(solved.plane.slope_a);
    gammas.push_back(solved.plane.slope_b);
    if (solved.r2) r2s.push_back(*solved.r2);
  }
  fit.resamples_used = betas.size();
  fit.beta_ci95 = bootstrap_interval(betas, options.resamples);
  fit.gamma_ci95 = bootstrap_interval(gammas, options.resamples);
  fit.r2_ci95 = bootstrap_interval(r2s, options.resamples);
}

}  // namespace

double ScalingFit::predict(double size) const { return std::pow(10, intercept + slope * std::log10(size)); }

Actionable actionable(const std::optional<double>& r2, const std::optional<Interval>& slope_ci95, double min_r2) {
  if (!r2 || *r2 < min_r2) return {false, fmt::format("r2_below_{}", min_r2)};
  if (!slope_ci95) return {false, "interval_unknown"};
  if (slope_ci95->contains(0)) return {false, "interval_includes_0"};
  return {true, "actionable"};
}

core::Result<ScalingFit> fit_power_law(std::span<const SizePoint> points, const FitOptions& options) {
  PHASEGATE_TRY(columns, fit_columns(points, "a scaling fit", options.by_size ? Order::by_size : Order::as_given));
  const auto x = decimal_logs(columns.size);
  const auto y = decimal_logs(columns.value);
  PHASEGATE_TRY(line, fit_line(x, y));
  ScalingFit fit;
  fit.n = line.n;
  fit.slope = line.line.slope;
  fit.intercept = line.line.intercept;
  fit.r2 = line.r2;
  fit.resamples = options.resamples;
  fit.seed = options.seed;
  bootstrap_line(x, y, options, fit);
  fit.rank = unless_failed(spearman(x, y));
  fit.robust = unless_failed(theil_sen(x, y));
  fit.planning = actionable(fit.r2, fit.slope_ci95, options.min_r2);
  return fit;
}

core::Result<LayeredFit> fit_layers(std::span<const LayeredPoint> points, NumpyRandom& random,
                                    const FitOptions& options) {
  PHASEGATE_TRY(columns, layer_columns(points));
  const SolvedPlane solved = solve(columns);
  LayeredFit fit;
  fit.n = points.size();
  fit.alpha = solved.plane.intercept;
  fit.beta = solved.plane.slope_a;
  fit.gamma = solved.plane.slope_b;
  fit.r2 = solved.r2;
  fit.resamples = options.resamples;
  bootstrap_plane(columns, random, options, fit);
  fit.size_effect = actionable(fit.r2, fit.beta_ci95, options.min_r2);
  fit.layer_effect = actionable(fit.r2, fit.gamma_ci95, options.min_r2);
  return fit;
}

}  // namespace phasegate::analysis
