// How a latency grows with the size of a model, and from which size on another backend is faster. The unit of every
// bootstrap here is the model (or replicate), drawn with numpy's default_rng so that published intervals come out.
//
// A fit is an input to planning only when it is `actionable`: R^2 at least 0.2 and an interval of the slope that
// excludes 0. Fewer than 3 points are refused (evidence error "n_below_3"): with 2 points R^2 is 1 by construction.
// Points that are not finite and positive are invalid_input. No function orders its points for the caller unless said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/estimate.h"
#include "analysis/numpy_random.h"
#include "analysis/regression.h"
#include "core/result.h"

namespace phasegate::analysis {

struct FitOptions {
  std::size_t resamples = 1000;
  std::uint64_t seed = 42;
  double min_r2 = 0.2;
  bool by_size = true;  // order the points by size first; false keeps the order given, on which the draws depend
};

struct SizePoint {
  double size = 0;   // parameters, any unit
  double value = 0;  // latency, any unit
};

struct Actionable {
  bool actionable = false;
  std::string reason;  // "actionable", "r2_below_0.2", "interval_includes_0", "interval_unknown"
};

struct ScalingFit {
  std::size_t n = 0;
  double slope = 0;      // d log(value) / d log(size)
  double intercept = 0;  // log10(value) at size 1
  std::optional<double> r2;
  std::optional<Interval> slope_ci95;  // null below max(10, resamples/10) usable resamples
  std::optional<Interval> intercept_ci95;
  std::size_t resamples = 0;
  std::size_t resamples_used = 0;
  std::uint64_t seed = 0;
  std::string generator{kNumpyGeneratorName};
  std::optional<RankCorrelation> rank;  // null when one of the lists is constant
  std::optional<TheilSen> robust;
  Actionable planning;

  [[nodiscard]] double predict(double size) const;  // of an actionable fit, inside the sizes that made it
};

// log10(value) = intercept + slope log10(size). The points are ordered by size first (stable), as the published
// bootstrap did, unless the options say otherwise; R^2 in log space; interval np.quantile 0.025 / 0.975 of the slopes.
[[nodiscard]] core::Result<ScalingFit> fit_power_law(std::span<const SizePoint> points, const FitOptions& options = {});

// The same for many lists of points. Fits of one list of sizes share their draws: with its sizes fixed, a resampled
// slope is a weighted sum of the values. One thread.
class PowerLawFitter {
 public:
  explicit PowerLawFitter(const FitOptions& options = {});
  PowerLawFitter(PowerLawFitter&&) noexcept;
  PowerLawFitter& operator=(PowerLawFitter&&) noexcept;
  ~PowerLawFitter();

  [[nodiscard]] core::Result<ScalingFit> fit(std::span<const SizePoint> points);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "actionable" by R^2 and interval (requirement 75).
[[nodiscard]] Actionable actionable(const std::optional<double>& r2, const std::optional<Interval>& slope_ci95,
                                    double min_r2 = 0.2);

struct LayeredPoint {
  double size = 0;
  double layers = 0;
  double value = 0;
};

// ln value = alpha + beta ln size + gamma ln layers.
struct LayeredFit {
  std::size_t n = 0;
  double alpha = 0;
  double beta = 0;
  double gamma = 0;
  std::optional<double> r2;
  std::optional<Interval> beta_ci95, gamma_ci95, r2_ci95;
  std::size_t resamples = 0;
  std::size_t resamples_used = 0;
  Actionable size_effect;   // of beta
  Actionable layer_effect;  // of gamma
};

// Ordered by size first (stable). `random` goes on from call to call: the published intervals of six fits come from one
// generator seeded 42 and used for all, in the order of the table.
[[nodiscard]] core::Result<LayeredFit> fit_layers(std::span<const LayeredPoint> points, NumpyRandom& random,
                                                  const FitOptions& options = {});

// value = a + b size (least squares, signs free).
struct OverheadLine {
  std::size_t n = 0;
  double a = 0;
  double b = 0;
  std::optional<double> r2;                        // in value, not in its logarithm
  std::optional<double> overhead_fraction_at_min;  // a / (a + b size) at the smallest size; null when a + b size <= 0
  std::optional<double> overhead_fraction_at_max;
};
[[nodiscard]] core::Result<OverheadLine> fit_overhead_line(std::span<const SizePoint> points);

// value = a + b size^s with a, b >= 0 and 0 <= s <= 2: the least-squares optimum over the box.
struct OverheadPower {
  std::size_t n = 0;
  double a = 0;
  double b = 0;
  double s = 0;
  std::optional<double> r2;
  double sum_of_squares = 0;
  std::optional<double> overhead_fraction_at_min;
  std::optional<double> overhead_fraction_at_max;
};
[[nodiscard]] core::Result<OverheadPower> fit_overhead_power(std::span<const SizePoint> points);

struct CrossoverOptions {
  std::size_t resamples = 2000;
  std::uint64_t seed = 42;
};

// Ratio of two backends against size: ln ratio = ln_a0 + k ln size; they are equal at exp(-ln_a0 / k).
struct CrossoverFit {
  std::size_t n = 0;
  double k = 0;
  double ln_a0 = 0;
  std::optional<double> r2;
  double crossover = 0;          // size at ratio 1
  std::optional<Interval> ci95;  // sorted resamples [int(.025 n)] and [int(.975 n) - 1], n = usable ones
  std::size_t resamples = 0;
  std::size_t resamples_used = 0;
  std::optional<double> replicate_sd_log;  // of ln ratio between repeats of one size, pooled; null without repeats
  std::optional<Interval>
      ci95_with_replicates;  // widened: crossover * exp(-+ t * sqrt(var_boot + var_replicate / k^2))
  Actionable planning;       // of k
};

// `points`: size and ratio, in the order in which the source lists them (the published interval depends on it).
// `repeats`: further measurements of ratios at sizes that occur in `points`; each is compared with its size's mean.
// Fails with evidence when k is 0 (no crossover).
[[nodiscard]] core::Result<CrossoverFit> fit_crossover(std::span<const SizePoint> points,
                                                       std::span<const SizePoint> repeats = {},
                                                       const CrossoverOptions& options = {});

}  // namespace phasegate::analysis
