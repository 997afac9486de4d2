// What an imported run says across its cells: one backend against another, one tail over several scenarios.
#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/hypothesis.h"
#include "analysis/observed_samples.h"

namespace phasegate::analysis {
namespace {

// Cells that answer the same question: what is grouped is compared, what is in another group never.
struct Group {
  std::string model;
  evidence::Window window = evidence::Window::request;
  std::optional<std::int64_t> batch;

  friend auto operator<=>(const Group&, const Group&) = default;
};

using ByScenario = std::map<std::string, const ObservedSamples*>;
using Arms = std::map<std::string, ByScenario>;

std::map<Group, Arms> grouped(std::span<const ObservedSamples> cells) {
  std::map<Group, Arms> groups;
  for (const ObservedSamples& each : cells) {
    const ObservedKey& key = each.cell.key;
    if (!each.latency_ms.empty()) groups[{key.model, key.window, key.batch}][key.arm()][key.scenario] = &each;
  }
  return groups;
}

// For comparisons a block is a scenario at one batch: both backends did the same work in it, whatever other blocks did.
std::map<Group, Arms> blocks(std::span<const ObservedSamples> cells) {
  std::map<Group, Arms> groups;
  for (const ObservedSamples& each : cells) {
    const ObservedKey& key = each.cell.key;
    const std::string block = key.batch ? fmt::format("{} b{}", key.scenario, *key.batch) : key.scenario;
    if (!each.latency_ms.empty()) groups[{key.model, key.window, {}}][key.arm()][block] = &each;
  }
  return groups;
}

std::vector<std::string> common(const ByScenario& a, const ByScenario& b) {
  std::vector<std::string> names;
  for (const auto& [scenario, cell] : a)
    if (b.contains(scenario)) names.push_back(scenario);
  return names;
}

std::vector<double> pooled(const ByScenario& arm, const std::vector<std::string>& scenarios) {
  std::vector<double> all;
  for (const std::string& scenario : scenarios) {
    const auto& values = arm.at(scenario)->latency_ms;
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

template <class T, class Get>
std::optional<double> number(const core::Result<T>& result, Get get) {
  if (!result) return std::nullopt;
  return get(*result);
}

void explore(const ByScenario& a, const ByScenario& b, ObservedComparison& result) {
  const auto pool_a = pooled(a, result.scenarios);
  const auto pool_b = pooled(b, result.scenarios);
  result.n_a = pool_a.size();
  result.n_b = pool_b.size();
  const auto p = [](const TestResult& test) { return test.p; };
  const auto itself = [](double value) { return value; };
  result.welch_p = number(welch_t(pool_a, pool_b), p);
  result.mann_whitney_p = number(mann_whitney_u(pool_a, pool_b), p);
  result.cohens_d = number(cohens_d(pool_a, pool_b), itself);
  result.cliffs_delta = number(cliffs_delta(pool_a, pool_b), itself);
}

// In words of scenarios: compare.h speaks of sessions, which an imported run does not have.
void rename_reason(std::string& reason) {
  if (reason == "few_sessions") reason = "few_scenarios";
}

core::Status block(const ByScenario& a, const ByScenario& b, const ObservedOptions& options,
                   ObservedComparison& result) {
  std::vector<RoundPair> pairs;
  for (const std::string& scenario : result.scenarios) {
    const Summary& left = a.at(scenario)->cell.latency_ms;
    const Summary& right = b.at(scenario)->cell.latency_ms;
    if (mean_median_flip(left, right).value_or(false)) result.flips.push_back(scenario);
    if (left.median.value && right.median.value)
      pairs.push_back({static_cast<std::int64_t>(pairs.size()), *left.median.value, *right.median.value});
  }
  PHASEGATE_TRY(blocked, compare_rounds(pairs, {.min_sessions = options.min_scenarios}));
  result.blocked = blocked;
  rename_reason(result.blocked.reason);
  return {};
}

void adjust(const ObservedOptions& options, ObservedAnalysis& analysis) {
  std::vector<double> p;
  for (const auto& each : analysis.comparisons)
    if (each.blocked.p) p.push_back(*each.blocked.p);
  const auto by_holm = holm(p);
  const auto by_bonferroni = bonferroni(p);
  std::size_t member = 0;
  for (auto& each : analysis.comparisons) {
    if (each.blocked.p) {
      each.p_holm = by_holm[member];
      each.p_bonferroni = by_bonferroni[member];
      ++member;
    }
    each.verdict =
        verdict(each.blocked, each.p_holm, Better::lower, {.alpha = options.alpha, .min_effect = options.min_effect});
    rename_reason(each.verdict.reason);
  }
}

core::Status compare_pair(const Group& group, const Arms::value_type& a, const Arms::value_type& b,
                          const ObservedOptions& options, ObservedAnalysis& analysis) {
  ObservedComparison result;
  result.scenarios = common(a.second, b.second);
  if (result.scenarios.empty()) return {};
  if (analysis.comparisons.size() >= kMaxObservedComparisons) {
    ++analysis.comparisons_left_out;
    return {};
  }
  result.model = group.model;
  result.window = group.window;
  result.a = a.first;
  result.b = b.first;
  explore(a.second, b.second, result);
  PHASEGATE_CHECK_OK(block(a.second, b.second, options, result));
  analysis.comparisons.push_back(std::move(result));
  return {};
}

}  // namespace

core::Status compare_arms(std::span<const ObservedSamples> cells, const ObservedOptions& options,
                          ObservedAnalysis& analysis) {
  for (const auto& [group, arms] : blocks(cells)) {
    for (auto a = arms.begin(); a != arms.end(); ++a) {
      for (auto b = std::next(a); b != arms.end(); ++b)
        PHASEGATE_CHECK_OK(compare_pair(group, *a, *b, options, analysis));
    }
  }
  adjust(options, analysis);
  return {};
}

core::Status find_tails(std::span<const ObservedSamples> cells, ObservedAnalysis& analysis) {
  for (const auto& [group, arms] : grouped(cells)) {
    for (const auto& [arm, scenarios] : arms) {
      if (scenarios.size() < 2) continue;
      std::vector<ShapeSamples> shapes;
      for (const auto& [scenario, cell] : scenarios) shapes.push_back({scenario, cell->latency_ms});
      PHASEGATE_TRY(result, mixture(shapes));
      analysis.tails.push_back({arm, group.model, group.window, group.batch, std::move(result)});
    }
  }
  return {};
}

}  // namespace phasegate::analysis
