#include "analysis/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

// `statistic(draws)` of a list of unit positions.
template <class Statistic>
core::Result<BootstrapResult> percentile_bootstrap(std::size_t units, const BootstrapOptions& options,
                                                   const Statistic& statistic) {
  if (options.resamples == 0) {
    return core::fail({core::ErrorKind::invalid_input, "a bootstrap of 0 resamples has no interval", "bootstrap",
                       "use at least 1000"});
  }
  BootstrapResult result;
  result.seed = options.seed;
  result.resamples = options.resamples;
  result.estimate.n = units;
  const std::size_t least = std::max<std::size_t>(options.min_units, 1);
  if (units < least) {
    result.estimate.reason = n_below(least);
    return result;
  }
  std::vector<std::size_t> draws(units);
  for (std::size_t i = 0; i < units; ++i) draws[i] = i;
  result.estimate.value = statistic(draws);
  core::Random random(options.seed);
  std::vector<double> replicates(options.resamples);
  for (double& replicate : replicates) {
    for (auto& draw : draws) draw = static_cast<std::size_t>(random.below(units));
    replicate = statistic(draws);
  }
  std::sort(replicates.begin(), replicates.end());
  result.estimate.ci95 = Interval{percentile(replicates, 0.025), percentile(replicates, 0.975)};
  return result;
}

core::Status refuse(std::size_t unit) {
  return core::fail({core::ErrorKind::invalid_input, "a unit of the bootstrap is not a usable number",
                     fmt::format("unit {}", unit), "exclude failed sessions before the bootstrap"});
}

}  // namespace

core::Result<BootstrapResult> bootstrap_median(std::span<const double> units, const BootstrapOptions& options) {
  for (std::size_t i = 0; i < units.size(); ++i)
    if (!std::isfinite(units[i])) PHASEGATE_CHECK_OK(refuse(i));
  std::vector<double> values(units.size());
  return percentile_bootstrap(units.size(), options, [&](std::span<const std::size_t> draws) {
    for (std::size_t i = 0; i < draws.size(); ++i) values[i] = units[draws[i]];
    std::sort(values.begin(), values.end());
    return percentile(values, 0.5);
  });
}

core::Result<BootstrapResult> bootstrap_mean(std::span<const double> units, const BootstrapOptions& options) {
  for (std::size_t i = 0; i < units.size(); ++i)
    if (!std::isfinite(units[i])) PHASEGATE_CHECK_OK(refuse(i));
  std::vector<double> values(units.size());
  return percentile_bootstrap(units.size(), options, [&](std::span<const std::size_t> draws) {
    for (std::size_t i = 0; i < draws.size(); ++i) values[i] = units[draws[i]];
    return mean(values);
  });
}

core::Result<BootstrapResult> bootstrap_ratio_of_medians(std::span<const RoundPair> rounds,
                                                         const BootstrapOptions& options) {
  for (std::size_t i = 0; i < rounds.size(); ++i)
    if (!std::isfinite(rounds[i].a) || !std::isfinite(rounds[i].b) || rounds[i].b <= 0) PHASEGATE_CHECK_OK(refuse(i));
  std::vector<double> a(rounds.size());
  std::vector<double> b(rounds.size());
  return percentile_bootstrap(rounds.size(), options, [&](std::span<const std::size_t> draws) {
    for (std::size_t i = 0; i < draws.size(); ++i) {
      a[i] = rounds[draws[i]].a;
      b[i] = rounds[draws[i]].b;
    }
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return percentile(a, 0.5) / percentile(b, 0.5);
  });
}

}  // namespace phasegate::analysis
