#include "analysis/separate.h"

#include <algorithm>
#include <cmath>

#include "analysis/distributions.h"

namespace phasegate::analysis {
namespace {

// The smallest n in [low, high] for which `enough` holds, given that it holds from some n on.
template <class Predicate>
std::optional<std::int64_t> smallest(std::int64_t low, std::int64_t high, const Predicate& enough) {
  if (low > high || !enough(high)) return std::nullopt;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (enough(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

RoundsNeeded because(const char* reason) { return {{}, {}, reason}; }

RoundsNeeded further(std::optional<std::int64_t> total, const Comparison& comparison, const SeparateOptions& options) {
  if (!total) return because("beyond_max_rounds");
  RoundsNeeded needed;
  needed.further_rounds = std::max<std::int64_t>(0, *total - static_cast<std::int64_t>(comparison.n));
  if (options.seconds_per_round) {
    needed.further_seconds = static_cast<double>(*needed.further_rounds) * *options.seconds_per_round;
  }
  return needed;
}

RoundsNeeded rounds_to_separate(const Comparison& comparison, const SeparateOptions& options) {
  const double effect = std::abs(*comparison.mean_log);
  const double sd = *comparison.sd_log;
  const double alpha = options.alpha / static_cast<double>(std::max<std::size_t>(options.family, 1));
  const auto least = static_cast<std::int64_t>(std::max<std::size_t>(options.min_sessions, 2));
  return further(
      smallest(least, std::max(options.max_rounds, least),
               [&](std::int64_t n) { return sd == 0 || t_test_power(effect / sd, n, alpha) >= options.power; }),
      comparison, options);
}

RoundsNeeded rounds_to_show_the_tie(const Comparison& comparison, const SeparateOptions& options) {
  const double room = std::log1p(options.min_effect) - std::abs(*comparison.mean_log);
  const double sd = *comparison.sd_log;
  const auto least = static_cast<std::int64_t>(std::max<std::size_t>(options.min_sessions, 2));
  return further(smallest(least, std::max(options.max_rounds, least),
                          [&](std::int64_t n) {
                            const auto rounds = static_cast<double>(n);
                            return t_quantile(0.975, rounds - 1) * sd / std::sqrt(rounds) < room;
                          }),
                 comparison, options);
}

}  // namespace

TimeToSeparate time_to_separate(const Comparison& comparison, const SeparateOptions& options) {
  if (!comparison.mean_log || !comparison.sd_log) return {because("sd_unknown"), because("sd_unknown")};
  if (std::abs(*comparison.mean_log) > std::log1p(options.min_effect)) {
    return {rounds_to_separate(comparison, options), because("effect_above_threshold")};
  }
  return {because("effect_below_threshold"), rounds_to_show_the_tie(comparison, options)};
}

}  // namespace phasegate::analysis
