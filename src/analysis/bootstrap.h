// Percentile bootstrap (Efron) over independent units: sessions, rounds, models; never samples of one session. Seeded,
// with the one generator of phasegate, whose name and seed go into the artifact: the same input gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "analysis/compare.h"
#include "analysis/estimate.h"
#include "core/random.h"
#include "core/result.h"

namespace phasegate::analysis {

struct BootstrapOptions {
  std::uint64_t seed = 42;
  std::size_t resamples = 2000;
  std::size_t min_units = 5;
};

struct BootstrapResult {
  Estimate estimate;  // of the sample itself, with the percentile interval; null below min_units
  std::string generator{core::kGeneratorName};
  std::uint64_t seed = 0;
  std::size_t resamples = 0;
};

// Fail with invalid_input for a value that is not finite, a denominator that is not positive, or no resamples.
[[nodiscard]] core::Result<BootstrapResult> bootstrap_median(std::span<const double> units,
                                                             const BootstrapOptions& options = {});

[[nodiscard]] core::Result<BootstrapResult> bootstrap_mean(std::span<const double> units,
                                                           const BootstrapOptions& options = {});

// median(a) / median(b), rounds resampled as pairs, so that what a round did to both stays paired.
[[nodiscard]] core::Result<BootstrapResult> bootstrap_ratio_of_medians(std::span<const RoundPair> rounds,
                                                                       const BootstrapOptions& options = {});

}  // namespace phasegate::analysis
