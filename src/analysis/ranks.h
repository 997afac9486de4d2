// Ranks of a list, with what ties take off the variance of statistics that are made of them.
#pragma once

#include <span>
#include <vector>

namespace phasegate::analysis {

struct Ranks {
  std::vector<double> of;  // mid-ranks in the order of the input, from 1
  double tie_term = 0;     // sum of t^3 - t over groups of ties
};

[[nodiscard]] Ranks mid_ranks(std::span<const double> values);  // finite values

}  // namespace phasegate::analysis
