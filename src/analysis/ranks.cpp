#include "analysis/ranks.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace phasegate::analysis {

Ranks mid_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  Ranks ranks{std::vector<double>(values.size()), 0};
  for (std::size_t from = 0; from < order.size();) {
    std::size_t to = from + 1;
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    const double rank = (static_cast<double>(from + 1) + static_cast<double>(to)) / 2;
    for (std::size_t k = from; k < to; ++k) ranks.of[order[k]] = rank;
    const auto tied = static_cast<double>(to - from);
    ranks.tie_term += tied * tied * tied - tied;
    from = to;
  }
  return ranks;
}

}  // namespace phasegate::analysis
