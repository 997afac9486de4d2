#include "analysis/percentile.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace phasegate::analysis {
namespace {

// From the nearer end, as numpy does: the result never leaves [low, high] and is monotone in the fraction.
double between(double low, double high, double fraction) {
  return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction);
}

}  // namespace

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

double percentile(std::span<const double> ascending, double q) {
  PHASEGATE_CHECK(!ascending.empty() && q >= 0 && q <= 1);
  const double position = q * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  if (below + 1 >= ascending.size()) return ascending.back();
  return between(ascending[below], ascending[below + 1], position - static_cast<double>(below));
}

PercentilePair outer_percentiles(std::span<double> values, double q) {
  PHASEGATE_CHECK(!values.empty() && q >= 0 && q <= 0.5);
  const double last = static_cast<double>(values.size() - 1);
  // Puts the order statistic at `position` in its place and interpolates to the next one; what lies before `from` is
  // known to be smaller.
  const auto at = [&](double position, std::size_t from) {
    const auto below = static_cast<std::size_t>(std::floor(position));
    const auto here = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin() + static_cast<std::ptrdiff_t>(from), here, values.end());
    if (below + 1 >= values.size()) return *here;
    return between(*here, *std::min_element(here + 1, values.end()), position - static_cast<double>(below));
  };
  const double low = at(q * last, 0);
  return {low, at((1 - q) * last, static_cast<std::size_t>(std::floor(q * last)))};
}

double median(std::span<const double> values) { return percentile(sorted(values), 0.5); }

}  // namespace phasegate::analysis
