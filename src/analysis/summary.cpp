#include "analysis/summary.h"

#include <algorithm>
#include <cmath>

#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

Estimate with_minimum(std::size_t n, std::size_t minimum, double (*statistic)(std::span<const double>),
                      std::span<const double> values) {
  if (n < std::max<std::size_t>(minimum, 1)) return {{}, {}, n, n_below(std::max<std::size_t>(minimum, 1))};
  return {statistic(values), {}, n, {}};
}

Estimate quantile(std::span<const double> ascending, double q, std::size_t minimum) {
  const std::size_t n = ascending.size();
  if (n < std::max<std::size_t>(minimum, 1)) return {{}, {}, n, n_below(std::max<std::size_t>(minimum, 1))};
  return {percentile(ascending, q), {}, n, {}};
}

Estimate mean_with_interval(std::span<const double> values, const MinimumN& minimum) {
  Estimate result = with_minimum(values.size(), minimum.mean, mean, values);
  if (result.value && values.size() >= std::max<std::size_t>(minimum.spread, 2)) {
    const auto n = static_cast<double>(values.size());
    const double half = t_quantile(0.975, n - 1) * std::sqrt(variance(values) / n);
    result.ci95 = Interval{*result.value - half, *result.value + half};
  }
  return result;
}

FirstSample first_sample(std::span<const double> values, const MinimumN& minimum) {
  FirstSample first;
  const auto rest = values.empty() ? values : values.subspan(1);
  first.mean_without_first = with_minimum(rest.size(), minimum.mean, mean, rest);
  if (rest.empty()) return first;
  const double usual = median(rest);
  if (usual == 0) return first;
  first.ratio = values.front() / usual;
  first.over_2x = *first.ratio > 2;
  first.over_3x = *first.ratio > 3;
  return first;
}

Outliers find_outliers(std::span<const double> values, std::span<const double> ascending, const Summary& summary) {
  Outliers outliers;
  if (summary.iqr.value) {
    const double low = percentile(ascending, 0.25) - 1.5 * *summary.iqr.value;
    const double high = percentile(ascending, 0.75) + 1.5 * *summary.iqr.value;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] < low || values[i] > high) outliers.beyond_iqr.push_back(i);
  }
  if (summary.std.value && *summary.std.value > 0) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::abs(values[i] - *summary.mean.value) > 3 * *summary.std.value) outliers.beyond_3_sd.push_back(i);
  }
  return outliers;
}

TrimmedMeans trimmed_means(std::span<const double> ascending, const FirstSample& first, const MinimumN& minimum) {
  TrimmedMeans trimmed;
  const auto without_top = [&](std::size_t k) {
    const auto kept = ascending.first(ascending.size() - std::min(k, ascending.size()));
    return with_minimum(kept.size(), minimum.mean, mean, kept);
  };
  trimmed.without_max = without_top(1);
  trimmed.without_top_k = without_top(trimmed.top_k);
  trimmed.without_first = first.mean_without_first;
  return trimmed;
}

}  // namespace

core::Result<Summary> summarize(std::span<const double> values, const MinimumN& minimum) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return core::fail({core::ErrorKind::invalid_input, "a sample is not a finite number",
                         "sample " + std::to_string(i), "exclude failed samples before they are summarised"});
    }
  }
  const auto ascending = sorted(values);
  Summary s;
  s.n = values.size();
  s.mean = mean_with_interval(values, minimum);
  s.std = with_minimum(
      s.n, std::max<std::size_t>(minimum.spread, 2), [](auto v) { return std::sqrt(variance(v)); }, values);
  s.min = quantile(ascending, 0, 1);
  s.max = quantile(ascending, 1, 1);
  s.p50 = s.median = quantile(ascending, 0.50, minimum.median);
  s.p90 = quantile(ascending, 0.90, minimum.p90);
  s.p95 = quantile(ascending, 0.95, minimum.p95);
  s.p99 = quantile(ascending, 0.99, minimum.p99);
  s.iqr = quantile(ascending, 0.75, minimum.median);
  if (s.iqr.value) *s.iqr.value -= percentile(ascending, 0.25);
  s.first = first_sample(values, minimum);
  s.modes = bimodality(values, {.min_n = minimum.bimodality});
  s.outliers = find_outliers(values, ascending, s);
  s.trimmed = trimmed_means(ascending, s.first, minimum);
  return s;
}

std::optional<bool> mean_median_flip(const Summary& a, const Summary& b) {
  if (!a.mean.value || !b.mean.value || !a.median.value || !b.median.value) return std::nullopt;
  const double by_mean = *a.mean.value - *b.mean.value;
  const double by_median = *a.median.value - *b.median.value;
  return (by_mean < 0 && by_median > 0) || (by_mean > 0 && by_median < 0);
}

}  // namespace phasegate::analysis
