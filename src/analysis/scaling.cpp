#include "analysis/scaling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "analysis/fit_points.h"
#include "analysis/line_draws.h"

namespace phasegate::analysis {
namespace {

void set_intervals(std::span<const double> slopes, std::span<const double> intercepts, ScalingFit& fit) {
  fit.resamples_used = slopes.size();
  fit.slope_ci95 = bootstrap_interval(slopes, fit.resamples);
  fit.intercept_ci95 = bootstrap_interval(intercepts, fit.resamples);
}

void bootstrap_line(std::span<const double> x, std::span<const double> y, ScalingFit& fit) {
  NumpyRandom random(fit.seed);
  Resample resample(random, x.size());
  std::vector<double> rx;
  std::vector<double> ry;
  std::vector<double> slopes;
  std::vector<double> intercepts;
  for (std::size_t i = 0; i < fit.resamples; ++i) {
    resample.draw();
    resample.take(x, rx);
    resample.take(y, ry);
    const auto line = least_squares_line(rx, ry);
    if (!line || !std::isfinite(line->slope) || !std::isfinite(line->intercept)) continue;
    slopes.push_back(line->slope);
    intercepts.push_back(line->intercept);
  }
  set_intervals(slopes, intercepts, fit);
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

struct PowerLawFitter::State {
  FitOptions options;
  std::map<std::vector<double>, LineDraws> draws;  // by the logarithms of the sizes
  std::vector<double> slopes;
  std::vector<double> intercepts;

  void bootstrap(const std::vector<double>& x, std::span<const double> y, ScalingFit& fit);
};

void PowerLawFitter::State::bootstrap(const std::vector<double>& x, std::span<const double> y, ScalingFit& fit) {
  if (!LineDraws::fits(x.size(), options.resamples)) {
    bootstrap_line(x, y, fit);
    return;
  }
  auto at = draws.find(x);
  if (at == draws.end()) {
    constexpr std::size_t kMostKept = 8;  // lists of sizes; the backends of one run mostly share one or two
    if (draws.size() >= kMostKept) draws.clear();
    at = draws.emplace(x, LineDraws(x, options.resamples, options.seed)).first;
  }
  at->second.apply(y, slopes, intercepts);
  set_intervals(slopes, intercepts, fit);
}

PowerLawFitter::PowerLawFitter(const FitOptions& options)
    : state_(std::make_unique<State>(State{options, {}, {}, {}})) {}
PowerLawFitter::PowerLawFitter(PowerLawFitter&&) noexcept = default;
PowerLawFitter& PowerLawFitter::operator=(PowerLawFitter&&) noexcept = default;
PowerLawFitter::~PowerLawFitter() = default;

core::Result<ScalingFit> PowerLawFitter::fit(std::span<const SizePoint> points) {
  const FitOptions& options = state_->options;
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
  state_->bootstrap(x, y, fit);
  fit.rank = unless_failed(spearman(x, y));
  fit.robust = unless_failed(theil_sen(x, y));
  fit.planning = actionable(fit.r2, fit.slope_ci95, options.min_r2);
  return fit;
}

core::Result<ScalingFit> fit_power_law(std::span<const SizePoint> points, const FitOptions& options) {
  return PowerLawFitter(options).fit(points);
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
