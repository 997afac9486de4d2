#include "analysis/percentile.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace phasegate::analysis {

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
  const double fraction = position - static_cast<double>(below);
  const double low = ascending[below];
  const double high = ascending[below + 1];
  // From the nearer end, as numpy does: the result never leaves [low, high] and is monotone in q.
  return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction);
}

double median(std::span<const double> values) { return percentile(sorted(values), 0.5); }

}  // namespace phasegate::analysis
