#include "analysis/bimodality.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/estimate.h"
#include "analysis/moments.h"
#include "analysis/otsu.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

double sarle_coefficient(std::span<const double> x) {
  const auto n = static_cast<double>(x.size());
  const double centre = mean(x);
  double m2 = 0;
  double m3 = 0;
  double m4 = 0;
  for (const double v : x) {
    const double d = v - centre;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  m2 /= n;
  m3 /= n;
  m4 /= n;
  if (!(m2 > 1e-24)) return 0;  // all equal but for rounding: one mode
  const double skewness = m3 / std::pow(m2, 1.5) * std::sqrt(n * (n - 1)) / (n - 2);
  const double kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / (m2 * m2) - 3) + 6);
  return (skewness * skewness + 1) / (kurtosis + 3 * (n - 1) * (n - 1) / ((n - 2) * (n - 3)));
}

// Samples in the middle third between the modes, relative to the emptier outer third.
double valley(std::span<const double> ascending, double low, double high) {
  const double third = (high - low) / 3;
  const auto count = [&](double from, double to) {
    return static_cast<double>(
        std::count_if(ascending.begin(), ascending.end(), [&](double v) { return v >= from && v < to; }));
  };
  const double outer = std::min(count(low, low + third), count(high - third, std::nextafter(high, high + 1)));
  return outer > 0 ? count(low + third, high - third) / outer : 1;
}

}  // namespace

Bimodality bimodality(std::span<const double> values, const BimodalityRule& rule) {
  Bimodality result;
  if (values.size() < std::max<std::size_t>(rule.min_n, 4)) {
    result.reason = n_below(std::max<std::size_t>(rule.min_n, 4));
    return result;
  }
  auto logs = sorted(values);
  if (logs.front() <= 0) {
    result.reason = "not_positive";
    return result;
  }
  for (double& v : logs) v = std::log(v);
  result.coefficient = sarle_coefficient(logs);
  const std::span<const double> all(logs);
  const std::size_t cut = otsu_cut(all);
  const double low = percentile(all.first(cut), 0.5);
  const double high = percentile(all.subspan(cut), 0.5);
  const auto n = static_cast<double>(logs.size());
  result.low_mode = std::exp(low);
  result.high_mode = std::exp(high);
  result.high_share = static_cast<double>(logs.size() - cut) / n;
  const double smaller_share = std::min(result.high_share, 1 - result.high_share);
  result.bimodal = result.coefficient > rule.min_coefficient && smaller_share >= rule.min_share - 1e-12 &&
                   high - low >= std::log(rule.min_mode_ratio) && valley(all, low, high) <= rule.max_valley;
  return result;
}

}  // namespace phasegate::analysis
