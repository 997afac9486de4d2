// Which of two candidates is better, as policy asks it.
//
// The unit is the session round: in round r both candidates ran one fresh session each, interleaved (ABBA), and each
// gave one value (the median inside its session). What happens to the machine in that round happens to both, so it
// cancels in the ratio; samples inside a session are not independent of each other and are never counted as n.
//   d_r = ln(a_r / b_r)      ratio = exp(mean d)      ci95 = exp(mean d -+ t(0.975, n-1) sd / sqrt(n))
//   p   = two-sided one-sample t-test of mean d = 0
// Ratios are compared on the log scale, so that swapping the candidates gives the mirrored answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

struct RoundPair {
  std::int64_t round = 0;  // a round occurs once
  double a = 0;            // any unit, the same for both; above 0
  double b = 0;
};

struct CompareOptions {
  std::size_t min_sessions = 5;
};

struct Comparison {
  std::size_t n = 0;               // rounds used
  std::size_t dropped_rounds = 0;  // blocked: rounds that lacked a scenario
  std::optional<double> mean_log;  // mean of ln(a / b), from the first round on
  std::optional<double> sd_log;    // from the second round on; the session-to-session component of the ratio
  std::optional<double> ratio;     // a / b
  std::optional<Interval> ci95;
  std::optional<double> p;     // raw, not adjusted
  bool zero_variance = false;  // every round gave the same ratio: simulated, quantised or one sample repeated
  std::string reason;          // "few_sessions" when ratio, ci95 and p are null
};

// Fails with invalid_input for a value that is not finite or not positive, or a round that occurs twice.
[[nodiscard]] core::Result<Comparison> compare_rounds(std::span<const RoundPair> pairs,
                                                      const CompareOptions& options = {});

struct ScenarioPairs {
  std::string scenario;
  std::vector<RoundPair> pairs;
  double weight = 1;  // declared weight of the scenario; equal unless the workload says otherwise
};

// Blocked on scenario, with the session round as the random unit: within each round the log ratios are averaged over
// the scenarios, then t over the rounds. Rounds that lack a scenario are dropped and counted, for an average over
// other scenarios is another quantity. A round tells the same weather to all its scenarios, so scenarios x rounds is
// never n.
[[nodiscard]] core::Result<Comparison> compare_blocked(std::span<const ScenarioPairs> scenarios,
                                                       const CompareOptions& options = {});

// Holm over a family; a comparison without p is not a member and stays without.
[[nodiscard]] std::vector<std::optional<double>> adjust_family(std::span<const Comparison> family);

enum class Better { higher, lower };  // of the metric: tok/s or ms
enum class Outcome { winner_a, winner_b, tie, too_few };

[[nodiscard]] const char* to_string(Outcome outcome);

struct VerdictOptions {
  double alpha = 0.05;
  double min_effect = 0.05;  // practical threshold: max(ratio, 1/ratio) - 1 has to exceed it
};

struct Verdict {
  Outcome outcome = Outcome::too_few;
  std::string reason;       // "separated" | "identical" | "not_significant" | "interval_includes_one" |
                            // "effect_below_threshold" | "few_sessions"
  bool equivalent = false;  // the whole interval lies inside the practical threshold: the tie is shown, not just open
};

// A winner needs all three (requirement 70): adjusted p below alpha, an interval that excludes 1, an effect above the
// practical threshold. The first one missing is the reason of the tie. Without an adjusted p there are too few rounds.
[[nodiscard]] Verdict verdict(const Comparison& comparison, std::optional<double> p_adjusted, Better better,
                              const VerdictOptions& options = {});

}  // namespace phasegate::analysis
