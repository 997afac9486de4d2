#include "policy/settle.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/separate.h"

namespace phasegate::policy {
namespace {

std::string rounds_text(const analysis::RoundsNeeded& needed) {
  std::string text =
      fmt::format("{} more session round{}", *needed.further_rounds, *needed.further_rounds == 1 ? "" : "s");
  if (needed.further_seconds) text += fmt::format(" (about {})", duration_text(*needed.further_seconds));
  return text;
}

// Who leads so far, said from the leader's side.
std::string seen_text(const Contest& contest) {
  const analysis::Comparison& seen = contest.comparison;
  if (!seen.ratio) return fmt::format("{} common rounds so far", seen.n);
  const bool a_leads = *seen.ratio >= 1;
  return fmt::format("{} ahead by {:.3g}x over {} rounds", a_leads ? contest.a : contest.b,
                     a_leads ? *seen.ratio : 1 / *seen.ratio, seen.n);
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (seconds < 90 * 60) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 72 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.0f} days", seconds / 86400);
}

std::string settle_contest(const Contest& contest, const Pool& pool, std::size_t family) {
  const std::string pair = fmt::format("{} and {} in {} of {}", contest.a, contest.b,
                                       evidence::to_string(contest.phase), contest.scenario.id());
  if (contest.conflict) {
    return fmt::format(
        "the runs contradict each other on {} ({}): find out what differed, then measure both again in "
        "one run",
        pair, contest.conflict_detail);
  }
  if (contest.flip_decides()) {
    return fmt::format(
        "mean and median disagree on {}: some calls are much slower than the rest; find the slow mode "
        "before more rounds are spent",
        pair);
  }
  analysis::SeparateOptions options;
  options.alpha = pool.thresholds.alpha;
  options.family = std::max<std::size_t>(family, 1);
  options.min_effect = pool.thresholds.practical_effect;
  options.min_sessions = static_cast<std::size_t>(pool.thresholds.min_sessions);
  options.seconds_per_round = pool.seconds_per_round();
  const analysis::TimeToSeparate need = analysis::time_to_separate(contest.comparison, options);
  const std::string seen = seen_text(contest);
  if (contest.verdict.equivalent) {
    return fmt::format("nothing more to settle: {} are equal within {:.0f} % ({}); choose by other reasons", pair,
                       100 * pool.thresholds.practical_effect, seen);
  }
  if (need.separation.further_rounds) {
    return fmt::format("{} would separate {} ({})", rounds_text(need.separation), pair, seen);
  }
  if (need.equivalence.further_rounds) {
    return fmt::format("{} would show that {} are equal within {:.0f} % ({})", rounds_text(need.equivalence), pair,
                       100 * pool.thresholds.practical_effect, seen);
  }
  if (contest.comparison.n < 2) {
    return fmt::format("{}: measure at least {} session rounds of both in one run", pair, options.min_sessions);
  }
  return fmt::format("more rounds would not separate {} in practice ({}): lower the noise, or treat them as equal",
                     pair, seen);
}

}  // namespace phasegate::policy
