#include "analysis/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/distributions.h"
#include "analysis/hypothesis.h"
#include "analysis/moments.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

// Below this the spread of log ratios is the rounding of doubles and not a measurement.
constexpr double kNoSpread = 1e-12;

core::Result<double> log_ratio(const RoundPair& pair, const std::string& where) {
  if (!std::isfinite(pair.a) || !std::isfinite(pair.b) || pair.a <= 0 || pair.b <= 0) {
    return core::fail({ErrorKind::invalid_input,
                       fmt::format("round {} has the values {} and {}: a ratio needs two positive finite numbers",
                                   pair.round, pair.a, pair.b),
                       where, "exclude failed sessions before the comparison"});
  }
  return std::log(pair.a) - std::log(pair.b);
}

core::Result<std::map<std::int64_t, double>> log_ratios(std::span<const RoundPair> pairs, const std::string& where) {
  std::map<std::int64_t, double> by_round;
  for (const auto& pair : pairs) {
    PHASEGATE_TRY(value, log_ratio(pair, where));
    if (!by_round.emplace(pair.round, value).second) {
      return core::fail({ErrorKind::invalid_input, fmt::format("round {} occurs twice", pair.round), where,
                         "a session counts once: remove the repeated one"});
    }
  }
  return by_round;
}

Comparison from_log_ratios(std::span<const double> d, const CompareOptions& options) {
  Comparison c;
  c.n = d.size();
  if (c.n >= 1) c.mean_log = mean(d);
  if (c.n >= 2) c.sd_log = std::sqrt(variance(d));
  if (c.n < std::max<std::size_t>(options.min_sessions, 2)) {
    c.reason = "few_sessions";
    return c;
  }
  c.ratio = std::exp(*c.mean_log);
  if (*c.sd_log < kNoSpread) {
    c.zero_variance = true;
    c.sd_log = 0.0;
    const bool same = std::abs(*c.mean_log) < kNoSpread;
    if (same) c.ratio = 1.0;
    c.ci95 = Interval{*c.ratio, *c.ratio};
    c.p = same ? 1.0 : 0.0;
    return c;
  }
  const auto n = static_cast<double>(c.n);
  const double error = *c.sd_log / std::sqrt(n);
  const double half = t_quantile(0.975, n - 1) * error;
  c.ci95 = Interval{std::exp(*c.mean_log - half), std::exp(*c.mean_log + half)};
  c.p = t_two_sided_p(*c.mean_log / error, n - 1);
  return c;
}

struct Block {
  double weighted = 0;
  std::size_t scenarios = 0;
};

}  // namespace

core::Result<Comparison> compare_rounds(std::span<const RoundPair> pairs, const CompareOptions& options) {
  PHASEGATE_TRY(by_round, log_ratios(pairs, ""));
  std::vector<double> d;
  for (const auto& [round, value] : by_round) d.push_back(value);
  return from_log_ratios(d, options);
}

core::Result<Comparison> compare_blocked(std::span<const ScenarioPairs> scenarios, const CompareOptions& options) {
  std::map<std::int64_t, Block> blocks;
  std::set<std::string> seen;
  double total_weight = 0;
  for (const auto& scenario : scenarios) {
    const std::string where = "scenario " + scenario.scenario;
    if (!seen.insert(scenario.scenario).second) {
      return core::fail({ErrorKind::invalid_input, "the scenario occurs twice", where, "name each scenario once"});
    }
    if (!std::isfinite(scenario.weight) || scenario.weight <= 0) {
      return core::fail({ErrorKind::invalid_input, fmt::format("the weight {} is not positive", scenario.weight), where,
                         "leave out a scenario that does not count"});
    }
    total_weight += scenario.weight;
    PHASEGATE_TRY(by_round, log_ratios(scenario.pairs, where));
    for (const auto& [round, value] : by_round) {
      blocks[round].weighted += scenario.weight * value;
      ++blocks[round].scenarios;
    }
  }
  std::vector<double> d;
  for (const auto& [round, block] : blocks)
    if (block.scenarios == scenarios.size()) d.push_back(block.weighted / total_weight);
  Comparison c = from_log_ratios(d, options);
  c.dropped_rounds = blocks.size() - d.size();
  return c;
}

std::vector<std::optional<double>> adjust_family(std::span<const Comparison> family) {
  std::vector<double> raw;
  for (const auto& c : family)
    if (c.p) raw.push_back(*c.p);
  const auto adjusted = holm(raw);
  std::vector<std::optional<double>> result;
  std::size_t next = 0;
  for (const auto& c : family) result.push_back(c.p ? std::optional(adjusted[next++]) : std::nullopt);
  return result;
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::winner_a: return "winner_a";
    case Outcome::winner_b: return "winner_b";
    case Outcome::tie: return "tie";
    case Outcome::too_few: return "too_few";
  }
  return "unknown";
}

Verdict verdict(const Comparison& comparison, std::optional<double> p_adjusted, Better better,
                const VerdictOptions& options) {
  if (!comparison.ratio || !comparison.ci95 || !p_adjusted) {
    return {Outcome::too_few, comparison.reason.empty() ? "few_sessions" : comparison.reason, false};
  }
  const double threshold = std::log1p(options.min_effect);
  const bool equivalent = std::log(comparison.ci95->low) > -threshold && std::log(comparison.ci95->high) < threshold;
  const auto tie = [&](const char* reason) { return Verdict{Outcome::tie, reason, equivalent}; };
  if (comparison.zero_variance && *comparison.ratio == 1.0) return tie("identical");
  if (!(*p_adjusted < options.alpha)) return tie("not_significant");
  if (comparison.ci95->contains(1)) return tie("interval_includes_one");
  if (!(std::abs(std::log(*comparison.ratio)) > threshold)) return tie("effect_below_threshold");
  const bool a_is_larger = *comparison.ratio > 1;
  const bool a_wins = a_is_larger == (better == Better::higher);
  return {a_wins ? Outcome::winner_a : Outcome::winner_b, "separated", false};
}

}  // namespace phasegate::analysis
