// Mean and variance as every other file computes them: the sum is compensated, so that the order of the samples and
// their number do not show in the digits that are printed.
#pragma once

#include <cstddef>
#include <span>

namespace phasegate::analysis {

[[nodiscard]] double sum(std::span<const double> values);       // Neumaier's compensated sum
[[nodiscard]] double mean(std::span<const double> values);      // not empty
[[nodiscard]] double variance(std::span<const double> values);  // divisor n-1; at least two values
[[nodiscard]] bool all_finite(std::span<const double> values);

}  // namespace phasegate::analysis
