// Who is better: a winner beats every other competitor at every corner, each time with all three of: Holm-adjusted p
// below alpha, an interval of the ratio that excludes 1, an effect above the practical threshold (requirement 70).
// Runs that contradict each other and arms whose mean and median disagree decide nothing.
#include <fmt/format.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {
namespace {

std::string numbers(const Contest& contest) {
  const analysis::Comparison& c = contest.comparison;
  if (!c.ratio || !c.ci95) return fmt::format("{} common session rounds", c.n);
  return fmt::format("{:.3g}x [{:.3g}, {:.3g}] of {}, adjusted p {:.2g}, {} rounds", *c.ratio, c.ci95->low,
                     c.ci95->high, contest.b, contest.p_adjusted.value_or(1), c.n);
}

std::string place(const Contest& contest) {
  return fmt::format("{} of {}", evidence::to_string(contest.phase), contest.scenario.id());
}

Finding open_finding(const Contest& contest) {
  if (contest.conflict) {
    return {"conflicting_runs", fmt::format("{}: {}", place(contest), contest.conflict_detail)};
  }
  if (contest.flip_decides()) {
    return {"mean_median_flip",
            fmt::format("{}: by median and by mean another one leads ({})", place(contest), numbers(contest))};
  }
  std::string reason = contest.verdict.reason;
  if (contest.verdict.outcome == analysis::Outcome::too_few) reason = "few_sessions";
  if (reason == "effect_below_threshold") reason = "effect_too_small";
  if (reason == "identical" || contest.verdict.equivalent) reason = "tie";
  return {reason, fmt::format("{}: {}", place(contest), numbers(contest))};
}

}  // namespace

std::optional<Finding> significance_gate(const GateInput& input) {
  const Contest* worst = nullptr;
  const Contest* open = nullptr;
  for (const Corner& corner : input.corners) {
    for (const Contest& contest : corner.contests) {
      if (contest.lost()) {
        if (worst == nullptr || *contest.comparison.ratio < *worst->comparison.ratio) worst = &contest;
      } else if (!contest.won()) {
        const bool graver = open == nullptr || (contest.conflict && !open->conflict);
        if (graver) open = &contest;
      }
    }
  }
  if (open != nullptr && open->conflict) return open_finding(*open);
  if (worst != nullptr) return Finding{"slower", fmt::format("{}: {}", place(*worst), numbers(*worst))};
  if (open != nullptr) return open_finding(*open);
  return std::nullopt;
}

}  // namespace phasegate::policy
