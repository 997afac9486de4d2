#include "analysis/fit_points.h"

#include <algorithm>

#include "analysis/percentile.h"

namespace phasegate::analysis {

core::Status check_fit_values(std::span<const double> values, const char* what) {
  for (const double value : values) {
    if (!std::isfinite(value) || value <= 0) {
      return core::fail({core::ErrorKind::invalid_input, fmt::format("{}: {} is not a positive number", what, value),
                         "", "leave points without a size or a value out of a fit"});
    }
  }
  return {};
}

core::Status check_fit_count(std::size_t n, const char* what) {
  if (n >= kLeastFitPoints) return {};
  return core::fail({core::ErrorKind::evidence, fmt::format("{} of {} points: {}", what, n, n_below(kLeastFitPoints)),
                     "", "measure at least 3 sizes; two points lie on a line by construction"});
}

core::Result<FitColumns> fit_columns(std::span<const SizePoint> points, const char* what, Order order) {
  PHASEGATE_CHECK_OK(check_fit_count(points.size(), what));
  std::vector<SizePoint> list(points.begin(), points.end());
  if (order == Order::by_size) {
    std::stable_sort(list.begin(), list.end(), [](const SizePoint& a, const SizePoint& b) { return a.size < b.size; });
  }
  FitColumns columns;
  for (const SizePoint& point : list) {
    columns.size.push_back(point.size);
    columns.value.push_back(point.value);
  }
  PHASEGATE_CHECK_OK(check_fit_values(columns.size, what));
  PHASEGATE_CHECK_OK(check_fit_values(columns.value, what));
  return columns;
}

std::vector<double> natural_logs(std::span<const double> values) {
  std::vector<double> logs(values.size());
  std::transform(values.begin(), values.end(), logs.begin(), [](double x) { return std::log(x); });
  return logs;
}

std::vector<double> decimal_logs(std::span<const double> values) {
  std::vector<double> logs(values.size());
  std::transform(values.begin(), values.end(), logs.begin(), [](double x) { return std::log10(x); });
  return logs;
}

std::optional<Interval> bootstrap_interval(std::span<const double> replicates, std::size_t requested) {
  if (replicates.size() < least_resamples(requested)) return std::nullopt;
  const PercentilePair outer = outer_percentiles(replicates, 0.025);
  return Interval{outer.low, outer.high};
}

}  // namespace phasegate::analysis
