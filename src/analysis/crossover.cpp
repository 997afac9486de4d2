// From which size on is the other backend faster? The crossover fit of scaling.h.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "analysis/distributions.h"
#include "analysis/fit_points.h"
#include "analysis/moments.h"

namespace phasegate::analysis {
namespace {

constexpr const char* kWhat = "a crossover fit";

void bootstrap(std::span<const double> x, std::span<const double> y, const CrossoverOptions& options,
               CrossoverFit& fit) {
  NumpyRandom random(options.seed);
  Resample resample(random, x.size());
  std::vector<double> rx;
  std::vector<double> ry;
  std::vector<double> crossings;
  std::vector<double> slopes;
  for (std::size_t i = 0; i < options.resamples; ++i) {
    resample.draw();
    resample.take(x, rx);
    resample.take(y, ry);
    const auto line = least_squares_line(rx, ry);
    if (!line || line->slope == 0) continue;
    const double crossing = std::exp(-line->intercept / line->slope);
    if (!std::isfinite(crossing)) continue;
    crossings.push_back(crossing);
    slopes.push_back(line->slope);
  }
  fit.resamples_used = crossings.size();
  fit.planning = actionable(fit.r2, bootstrap_interval(slopes, options.resamples));
  if (crossings.size() < least_resamples(options.resamples)) return;
  std::sort(crossings.begin(), crossings.end());
  const auto count = static_cast<double>(crossings.size());
  fit.ci95 = Interval{crossings[static_cast<std::size_t>(0.025 * count)],
                      crossings[static_cast<std::size_t>(0.975 * count) - 1]};
}

struct Replicates {
  double sum_of_squares = 0;  // of ln ratio around its size's mean
  double df = 0;
};

core::Result<Replicates> replicates(const FitColumns& columns, std::span<const SizePoint> repeats) {
  std::map<double, std::vector<double>> by_size;
  for (std::size_t i = 0; i < columns.size.size(); ++i) by_size[columns.size[i]].push_back(std::log(columns.value[i]));
  for (const SizePoint& repeat : repeats) {
    PHASEGATE_CHECK_OK(check_fit_values(std::array{repeat.size, repeat.value}, "a repeat of a crossover point"));
    const auto at = by_size.find(repeat.size);
    if (at == by_size.end()) {
      return core::fail({core::ErrorKind::invalid_input,
                         fmt::format("a repeat at size {} belongs to no point of the fit", repeat.size), kWhat,
                         "give repeats of the sizes that are fitted"});
    }
    at->second.push_back(std::log(repeat.value));
  }
  Replicates result;
  for (const auto& [size, values] : by_size) {
    if (values.size() < 2) continue;
    const double df = static_cast<double>(values.size()) - 1;
    result.sum_of_squares += variance(values) * df;
    result.df += df;
  }
  return result;
}

// The resampled interval of one run per size, widened in ln size by what repeats of one size differ. With noise sigma
// on each ln ratio the crossing x* = -a/k has variance sigma^2 (1/n + (x* - mean x)^2 / Sxx) / k^2. The scatter that
// the bootstrap sees contains part of that noise already, so the sum is wide rather than narrow.
void widen(std::span<const double> x, const Replicates& repeated, CrossoverFit& fit) {
  if (!(repeated.df > 0)) return;
  fit.replicate_sd_log = std::sqrt(repeated.sum_of_squares / repeated.df);
  if (!fit.ci95) return;
  const double at = std::log(fit.crossover);
  const double away = at - mean(x);
  const auto n = static_cast<double>(x.size());
  const double sxx = variance(x) * (n - 1);
  const double half =
      t_quantile(0.975, repeated.df) * *fit.replicate_sd_log * std::sqrt(1 / n + away * away / sxx) / std::abs(fit.k);
  const double below = std::hypot(at - std::log(fit.ci95->low), half);
  const double above = std::hypot(std::log(fit.ci95->high) - at, half);
  fit.ci95_with_replicates = Interval{std::exp(at - below), std::exp(at + above)};
}

}  // namespace

core::Result<CrossoverFit> fit_crossover(std::span<const SizePoint> points, std::span<const SizePoint> repeats,
                                         const CrossoverOptions& options) {
  PHASEGATE_TRY(columns, fit_columns(points, kWhat, Order::as_given));
  const auto x = natural_logs(columns.size);
  const auto y = natural_logs(columns.value);
  PHASEGATE_TRY(line, fit_line(x, y));
  CrossoverFit fit;
  fit.n = line.n;
  fit.k = line.line.slope;
  fit.ln_a0 = line.line.intercept;
  fit.r2 = line.r2;
  fit.crossover = std::exp(-fit.ln_a0 / fit.k);
  if (fit.k == 0 || !std::isfinite(fit.crossover) || fit.crossover <= 0) {
    return core::fail(core::ErrorKind::evidence, "{}: the ratio does not change enough with size for a crossover",
                      kWhat);
  }
  fit.resamples = options.resamples;
  bootstrap(x, y, options, fit);
  PHASEGATE_TRY(repeated, replicates(columns, repeats));
  widen(x, repeated, fit);
  return fit;
}

}  // namespace phasegate::analysis
