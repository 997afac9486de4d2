#include "policy/contest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phasegate::policy {
namespace {

using analysis::Outcome;
using analysis::RoundPair;
using evidence::Phase;

// Throughput of a phase; of e2e the duration, whose inverse makes "larger is better" true for all.
double merit(const analysis::SessionValue& session, Phase phase) {
  return phase == Phase::e2e ? 1 / session.ms : session.tok_s;
}

// Sessions of the same run and round met the same weather: they are one block. `only_run` empty: all runs.
std::vector<RoundPair> pairs_of(const PooledCell& a, const PooledCell& b, const std::string& only_run) {
  std::map<std::pair<std::string, int>, const analysis::SessionValue*> of_b;
  for (const analysis::SessionValue& session : b.sessions) of_b[{session.run, session.round}] = &session;
  std::map<std::pair<std::string, int>, RoundPair> blocks;
  for (const analysis::SessionValue& session : a.sessions) {
    if (!only_run.empty() && session.run != only_run) continue;
    const auto other = of_b.find({session.run, session.round});
    if (other == of_b.end()) continue;
    blocks[{session.run, session.round}] = {0, merit(session, a.phase), merit(*other->second, a.phase)};
  }
  std::vector<RoundPair> pairs;
  for (auto& [key, pair] : blocks) {
    pair.round = static_cast<std::int64_t>(pairs.size());
    pairs.push_back(pair);
  }
  return pairs;
}

bool flipped(const Pool& pool, const Contest& contest) {
  for (const RunEvidence* run : pool.runs) {
    for (const analysis::MeanMedianFlip& flip : run->analysis.flips) {
      const auto names = std::minmax(flip.faster_by_median, flip.faster_by_mean);
      if (flip.scenario == contest.scenario && flip.phase == contest.phase && names.first == contest.a &&
          names.second == contest.b) {
        return true;
      }
    }
  }
  return false;
}

// Each run by itself, unadjusted: do two of them name different winners?
core::Status find_conflict(const Pool& pool, const PooledCell& a, const PooledCell& b,
                           const analysis::CompareOptions& compare, const analysis::VerdictOptions& rule,
                           Contest& contest) {
  std::string for_a;
  std::string for_b;
  for (const RunEvidence* run : pool.runs) {
    const std::string& id = run->manifest.run_id;
    PHASEGATE_TRY(comparison, analysis::compare_rounds(pairs_of(a, b, id), compare));
    const Outcome outcome = analysis::verdict(comparison, comparison.p, analysis::Better::higher, rule).outcome;
    if (outcome == Outcome::winner_a) for_a = fmt::format("run {}: {} by {:.3g}x", id, contest.a, *comparison.ratio);
    if (outcome == Outcome::winner_b) {
      for_b = fmt::format("run {}: {} by {:.3g}x", id, contest.b, 1 / *comparison.ratio);
    }
  }
  if (!for_a.empty() && !for_b.empty()) {
    contest.conflict = true;
    contest.conflict_detail = for_a + "; " + for_b;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> pairs_of_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = i + 1; j < names.size(); ++j) pairs.emplace_back(names[i], names[j]);
  }
  return pairs;
}

Contest mirrored(Contest contest) {
  std::swap(contest.a, contest.b);
  analysis::Comparison& c = contest.comparison;
  if (c.mean_log) c.mean_log = -*c.mean_log;
  if (c.ratio) c.ratio = 1 / *c.ratio;
  if (c.ci95) c.ci95 = analysis::Interval{1 / c.ci95->high, 1 / c.ci95->low};
  if (contest.verdict.outcome == Outcome::winner_a) {
    contest.verdict.outcome = Outcome::winner_b;
  } else if (contest.verdict.outcome == Outcome::winner_b) {
    contest.verdict.outcome = Outcome::winner_a;
  }
  return contest;
}

}  // namespace

core::Result<Contests> Contests::hold(const Pool& pool, const std::vector<Division>& divisions) {
  const analysis::CompareOptions compare{static_cast<std::size_t>(std::max(pool.thresholds.min_sessions, 2))};
  const analysis::VerdictOptions rule{pool.thresholds.alpha, pool.thresholds.practical_effect};
  Contests result;
  for (const Division& division : divisions) {
    for (const auto& [a, b] : pairs_of_names(division.names)) {
      for (const ShapeKey& shape : division.shapes) {
        const PooledCell* cell_a = pool.find(a, shape.first, shape.second);
        const PooledCell* cell_b = pool.find(b, shape.first, shape.second);
        if (cell_a == nullptr || cell_b == nullptr) continue;
        Contest contest;
        contest.a = a;
        contest.b = b;
        contest.scenario = shape.first;
        contest.phase = shape.second;
        PHASEGATE_TRY(comparison, analysis::compare_rounds(pairs_of(*cell_a, *cell_b, {}), compare));
        contest.comparison = comparison;
        contest.flip = flipped(pool, contest);
        PHASEGATE_CHECK_OK(find_conflict(pool, *cell_a, *cell_b, compare, rule, contest));
        result.contests_[{a, b, shape}] = std::move(contest);
      }
    }
  }
  result.adjust(rule);
  return result;
}

void Contests::adjust(const analysis::VerdictOptions& rule) {
  std::vector<analysis::Comparison> family;
  for (const auto& [key, contest] : contests_) family.push_back(contest.comparison);
  const auto adjusted = analysis::adjust_family(family);
  std::size_t index = 0;
  for (auto& [key, contest] : contests_) {
    contest.p_adjusted = adjusted[index++];
    contest.verdict = analysis::verdict(contest.comparison, contest.p_adjusted, analysis::Better::higher, rule);
    if (contest.p_adjusted) ++family_;
  }
}

std::optional<Contest> Contests::between(const std::string& a, const std::string& b, const ShapeKey& shape) const {
  const bool swapped = b < a;
  const auto found = contests_.find({swapped ? b : a, swapped ? a : b, shape});
  if (found == contests_.end()) return std::nullopt;
  return swapped ? mirrored(found->second) : found->second;
}

}  // namespace phasegate::policy
