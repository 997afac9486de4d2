// A cell of an imported run together with the calls behind it, for the statistics that look across cells. Internal to
// this module: observed.cpp gathers, observed_across.cpp compares, observed_sizes.cpp
// fits.
#pragma once

#include <span>
#include <vector>

#include "analysis/observed.h"

namespace phasegate::analysis {

struct ObservedSamples {
  ObservedCell cell;
  std::vector<double> latency_ms;   // of the usable rows
  std::vector<CountedTime> decode;  // of rows whose window is decode: tokens that came and the time they took
};

// All cells of the run, ordered by key. Each function fills its part of `analysis`.
[[nodiscard]] core::Status compare_arms(std::span<const ObservedSamples> cells, const ObservedOptions& options,
                                        ObservedAnalysis& analysis);
[[nodiscard]] core::Status find_tails(std::span<const ObservedSamples> cells, ObservedAnalysis& analysis);
void fit_sizes(std::span<const ObservedSamples> cells, const ObservedOptions& options, ObservedAnalysis& analysis);
void share_decode(std::span<const ObservedSamples> cells, ObservedAnalysis& analysis);
void fit_decode(std::span<const ObservedSamples> cells, ObservedAnalysis& analysis);

}  // namespace phasegate::analysis
