#include "analysis/percentile.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include "core/check.h"

namespace phasegate::analysis {
namespace {

// From the nearer end, as numpy does: the result never leaves [low, high] and is monotone in the fraction.
double between(double low, double high, double fraction) {
  return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction);
}

// At least the `count` first values in the order of `before` (all, where there are fewer), and not many more: a sample
// tells beyond which bound they cannot lie, and is wrong so seldom that taking all then costs nothing.
template <class Before>
std::vector<double> outermost(std::span<const double> values, std::size_t count, Before before) {
  constexpr std::size_t kSample = 512;
  if (values.size() >= 4 * kSample && count < values.size() / 4) {
    std::vector<double> sample;
    for (std::size_t i = 0; i < kSample; ++i) sample.push_back(values[i * (values.size() / kSample)]);
    const std::size_t bound = std::min(kSample - 1, 2 * count * kSample / values.size() + 16);
    std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(bound), sample.end(), before);
    std::vector<double> outer;
    std::copy_if(values.begin(), values.end(), std::back_inserter(outer),
                 [&](double value) { return !before(sample[bound], value); });
    if (outer.size() >= count) return outer;
  }
  return {values.begin(), values.end()};
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

PercentilePair outer_percentiles(std::span<const double> values, double q) {
  PHASEGATE_CHECK(!values.empty() && q >= 0 && q <= 0.5);
  const std::size_t last = values.size() - 1;
  const auto position = [last](double share) { return share * static_cast<double>(last); };
  const auto below = [](double at) { return static_cast<std::size_t>(std::floor(at)); };
  PercentilePair pair;
  {
    const std::size_t rank = below(position(q));  // from the smallest
    auto outer = outermost(values, rank + 2, std::less<>());
    const auto low = outer.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(outer.begin(), low, outer.end());
    const double high = low + 1 == outer.end() ? *low : *std::min_element(low + 1, outer.end());
    pair.low = between(*low, high, position(q) - static_cast<double>(rank));
  }
  const std::size_t rank = last - below(position(1 - q));  // from the largest
  auto outer = outermost(values, rank + 1, std::greater<>());
  const auto low = outer.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(outer.begin(), low, outer.end(), std::greater<>());
  const double high = rank == 0 ? *low : *std::min_element(outer.begin(), low);
  pair.high = between(*low, high, position(1 - q) - static_cast<double>(last - rank));
  return pair;
}

double median(std::span<const double> values) { return percentile(sorted(values), 0.5); }

}  // namespace phasegate::analysis
