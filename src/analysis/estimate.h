// A number together with how far to believe it. Absence is nullopt with a reason code, never a sentinel: a p99 of
// forty samples does not exist, and printing one anyway is the fault that this type prevents.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace phasegate::analysis {

struct Interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] bool contains(double x) const { return low <= x && x <= high; }
};

// Exactly one of `value` and `reason` is there. The unit is that of the input.
struct Estimate {
  std::optional<double> value;
  std::optional<Interval> ci95;
  std::size_t n = 0;
  std::string reason;  // "n_below_20"; empty when there is a value
};

// The fewest samples from which a statistic is shown. A quantile q needs about 1/(1-q) samples before one of them can
// be expected beyond it.
struct MinimumN {
  std::size_t mean = 1;
  std::size_t spread = 2;  // standard deviation and interval of the mean
  std::size_t median = 3;  // and p50, IQR
  std::size_t p90 = 10;
  std::size_t p95 = 20;
  std::size_t p99 = 100;
  std::size_t bootstrap_units = 5;
  std::size_t bimodality = 20;
  std::size_t sessions = 5;  // rounds below which two candidates are not compared
};

[[nodiscard]] inline std::string n_below(std::size_t minimum) { return "n_below_" + std::to_string(minimum); }

}  // namespace phasegate::analysis
