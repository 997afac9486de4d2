// How many independent samples a series is worth. Requests that follow each other share a queue and a cache: their
// times move together, and an interval that counts each of them is too narrow. Pure.
#pragma once

#include <span>

namespace phasegate::analysis {

// n (1 - r) / (1 + r) for a positive lag-1 autocorrelation r (an AR(1) series; r = 0.5 leaves n/3), else n; between 1
// and n. Values in the order in which they were measured. 0 for an empty series.
[[nodiscard]] double effective_samples(std::span<const double> values);

}  // namespace phasegate::analysis
