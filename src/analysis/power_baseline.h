// What the idle machine draws, per power state. An idle GPU is often not one thing: TR122 measured 20 % of its idle
// readings near 1.2 W (deep idle) and 80 % near 25.8 W (clocks up); their mean, 20.7 W, is the power of neither and
// biases every energy from which it is subtracted.
//
// States: by P-state where every reading has one; else by power, cutting (Otsu 1979, the cut with the largest variance
// between the sides) as long as both sides hold min_share of all readings and the distance between the 95th percentile
// of the lower and the 5th of the upper side is at least min_gap_w and three standard deviations of the narrower side.
// The halves of one normal or uniform hump are next to each other and fail that.
// While the machine computes, its readings lie above every idle state: the idle that belongs to it is the highest one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/energy.h"

namespace phasegate::analysis {

struct BaselineRules {
  double min_seconds = 120;
  double min_share = 0.05;
  std::size_t min_samples = 10;  // of a state
  double min_gap_w = 1.0;
  double max_util_p95_pct = 10;
  double max_outlier_fraction = 0.10;  // beyond 2 sigma of their own state; a normal has 0.046
  double max_clock_change = 0.05;      // relative range of the clock within one state
  EnergyRules energy;
};

struct PowerState {
  double watts = 0;  // robust: mean without the lowest and highest tenth
  double median_w = 0;
  double std_w = 0;
  double min_w = 0;
  double max_w = 0;
  std::size_t n = 0;
  double share = 0;  // of all valid readings
  double n_eff = 0;
  std::optional<std::int32_t> pstate;
};

struct Baseline {
  std::vector<PowerState> states;  // ascending power; empty: nothing can be subtracted, `reason` says why
  std::vector<double> cuts;        // watts between neighbouring states; empty where states are P-states
  std::string_view reason;         // "too_few_readings", "clock_shift", "shorter_than_minimum"; empty = usable
  double mean_w = 0;               // of all readings together: shown, never subtracted
  double std_w = 0;
  double seconds = 0;
  std::int64_t failed_reads = 0;
  bool fake_idle = false;
  std::vector<std::string_view> fake_idle_reasons;  // "utilisation", "clock_change", "power_outliers"
  std::optional<double> util_p95_pct;
  double outlier_fraction = 0;

  // Index of the state that a reading belongs to. Precondition: states is not empty.
  [[nodiscard]] std::size_t state_of(const PowerSample& sample) const;
};

[[nodiscard]] Baseline calibrate_baseline(std::span<const PowerSample> samples, const BaselineRules& rules = {});

// Does the sensor follow a load? Idle, load, idle; passes when the load is more than min_delta_w above the idle before
// it and 90 % of that step (from the idle mean to the mean of the load's second half) is seen within max_rise_ms.
struct ResponseRules {
  double min_delta_w = 10;
  double max_rise_ms = 300;
};

struct ResponseTest {
  bool pass = false;
  std::string_view reason;  // "no_valid_reads", "clock_shift", "step_too_small", "rise_too_slow"; empty when passed
  std::optional<double> delta_w;
  std::optional<double> rise_ms;
};

[[nodiscard]] ResponseTest test_response(const PowerTrain& train, const EnergyWindow& idle, const EnergyWindow& load,
                                         const ResponseRules& rules = {});

}  // namespace phasegate::analysis
