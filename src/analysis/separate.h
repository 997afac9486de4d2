// How many further session rounds would settle a comparison that is open: what the card says instead of a winner.
//
// Taken at face value, the observed mean and spread of the log ratio answer two questions: from how many rounds on is
// the two-sided t-test significant with the stated power (noncentral t, as statsmodels' TTestPower.solve_power), and
// from how many rounds on would the 95 % interval lie inside the practical threshold, so that the tie is shown.
// Both are estimates out of few rounds: they say whether it is minutes or days, no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "analysis/compare.h"

namespace phasegate::analysis {

struct SeparateOptions {
  double alpha = 0.05;
  std::size_t family =
      1;  // comparisons in the Holm family; its smallest step alpha / family is used: never too hopeful
  double power = 0.8;
  double min_effect = 0.05;
  std::size_t min_sessions = 5;
  std::optional<double> seconds_per_round{};  // both sessions of a round; without it only rounds are told
  std::int64_t max_rounds = 10'000;           // beyond: not separable in practice
};

struct RoundsNeeded {
  std::optional<std::int64_t> further_rounds;
  std::optional<double> further_seconds;
  std::string reason;  // when null: "sd_unknown", "effect_below_threshold", "effect_above_threshold",
                       // "beyond_max_rounds"
};

struct TimeToSeparate {
  RoundsNeeded separation;   // null with effect_below_threshold when the observed effect would stay a tie
  RoundsNeeded equivalence;  // null with effect_above_threshold when it would not
};

[[nodiscard]] TimeToSeparate time_to_separate(const Comparison& comparison, const SeparateOptions& options = {});

}  // namespace phasegate::analysis
