#include "analysis/power_baseline.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/moments.h"
#include "analysis/otsu.h"
#include "analysis/percentile.h"
#include "analysis/serial.h"
#include "core/check.h"

namespace phasegate::analysis {
namespace {

double spread(std::span<const double> values) { return values.size() < 2 ? 0 : std::sqrt(variance(values)); }

// Appends the cuts of one hump or of several, ascending.
void find_cuts(std::span<const double> ascending, std::size_t all, const BaselineRules& rules,
               std::vector<double>& cuts) {
  const auto smallest =
      std::max(rules.min_samples, static_cast<std::size_t>(std::ceil(rules.min_share * static_cast<double>(all))));
  if (ascending.size() < 2 * smallest) return;
  const std::size_t cut = otsu_cut(ascending);
  const auto low = ascending.first(cut);
  const auto high = ascending.subspan(cut);
  if (low.size() < smallest || high.size() < smallest) return;
  const double low_top = percentile(low, 0.95);
  const double high_bottom = percentile(high, 0.05);
  const double needed = std::max(rules.min_gap_w, 3 * std::min(spread(low), spread(high)));
  if (high_bottom - low_top < needed) return;
  find_cuts(low, all, rules, cuts);
  cuts.push_back((low_top + high_bottom) / 2);
  find_cuts(high, all, rules, cuts);
}

std::size_t side_of(std::span<const double> cuts, double watts) {
  return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), watts) - cuts.begin());
}

using Members = std::vector<PowerSample>;

// The readings of each state in the order of time; ascending power.
std::vector<Members> members_of(std::span<const PowerSample> valid, const BaselineRules& rules, Baseline& baseline) {
  std::vector<Members> groups;
  if (std::all_of(valid.begin(), valid.end(), [](const PowerSample& s) { return s.pstate.has_value(); })) {
    std::map<std::int32_t, Members> by_pstate;
    for (const PowerSample& sample : valid) by_pstate[*sample.pstate].push_back(sample);
    for (auto& [pstate, members] : by_pstate) {
      if (members.size() >= rules.min_samples) groups.push_back(std::move(members));
    }
    return groups;
  }
  std::vector<double> watts;
  watts.reserve(valid.size());
  for (const PowerSample& sample : valid) watts.push_back(sample.watts);
  const auto ascending = sorted(watts);
  find_cuts(ascending, ascending.size(), rules, baseline.cuts);
  groups.resize(baseline.cuts.size() + 1);
  for (const PowerSample& sample : valid) groups[side_of(baseline.cuts, sample.watts)].push_back(sample);
  return groups;
}

PowerState state_from(const Members& members, std::size_t all) {
  std::vector<double> in_time;
  in_time.reserve(members.size());
  for (const PowerSample& sample : members) in_time.push_back(sample.watts);
  const auto ascending = sorted(in_time);
  const std::size_t trim = ascending.size() / 10;
  PowerState state;
  state.watts = mean(std::span(ascending).subspan(trim, ascending.size() - 2 * trim));
  state.median_w = percentile(ascending, 0.5);
  state.std_w = spread(in_time);
  state.min_w = ascending.front();
  state.max_w = ascending.back();
  state.n = in_time.size();
  state.share = static_cast<double>(in_time.size()) / static_cast<double>(all);
  state.n_eff = effective_samples(in_time);
  state.pstate = members.front().pstate;
  return state;
}

bool clock_changed(const Members& members, double limit) {
  std::vector<double> clocks;
  for (const PowerSample& sample : members) {
    if (sample.clock_mhz && std::isfinite(*sample.clock_mhz)) clocks.push_back(*sample.clock_mhz);
  }
  if (clocks.empty()) return false;
  const auto [low, high] = std::minmax_element(clocks.begin(), clocks.end());
  return *high - *low > limit * std::abs(*high);
}

std::size_t outliers(const Members& members, const PowerState& state) {
  return static_cast<std::size_t>(std::count_if(members.begin(), members.end(), [&](const PowerSample& sample) {
    return state.std_w > 0 && std::abs(sample.watts - state.median_w) > 2 * state.std_w;
  }));
}

void judge_idle(std::span<const PowerSample> valid, const std::vector<Members>& groups, const BaselineRules& rules,
                Baseline& baseline) {
  std::vector<double> util;
  for (const PowerSample& sample : valid) {
    if (sample.util_pct && std::isfinite(*sample.util_pct)) util.push_back(*sample.util_pct);
  }
  if (!util.empty()) baseline.util_p95_pct = percentile(sorted(util), 0.95);
  std::size_t beyond = 0;
  bool clock = false;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    beyond += outliers(groups[i], baseline.states[i]);
    clock = clock || clock_changed(groups[i], rules.max_clock_change);
  }
  baseline.outlier_fraction = static_cast<double>(beyond) / static_cast<double>(valid.size());
  auto& reasons = baseline.fake_idle_reasons;
  if (baseline.util_p95_pct && *baseline.util_p95_pct > rules.max_util_p95_pct) reasons.emplace_back("utilisation");
  if (clock) reasons.emplace_back("clock_change");
  if (baseline.outlier_fraction > rules.max_outlier_fraction) reasons.emplace_back("power_outliers");
  baseline.fake_idle = !reasons.empty();
}

std::vector<double> watts_in(const PowerTrain& train, std::int64_t from, std::int64_t to) {
  std::vector<double> watts;
  for (const PowerSample& sample : train.valid()) {
    if (sample.t_ns >= from && sample.t_ns <= to) watts.push_back(sample.watts);
  }
  return watts;
}

}  // namespace

std::size_t Baseline::state_of(const PowerSample& sample) const {
  PHASEGATE_CHECK(!states.empty());
  if (states.front().pstate) {
    // A P-state that was never idle is a working one, and its idle is the highest.
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (sample.pstate && states[i].pstate == sample.pstate) return i;
    }
    return states.size() - 1;
  }
  return side_of(cuts, sample.watts);
}

Baseline calibrate_baseline(std::span<const PowerSample> samples, const BaselineRules& rules) {
  Baseline baseline;
  const PowerTrain train(samples, rules.energy);
  const auto valid = train.valid();
  baseline.failed_reads = train.failed_reads();
  if (!train.ordered() || valid.size() < rules.min_samples) {
    baseline.reason = train.ordered() ? "too_few_readings" : "clock_shift";
    return baseline;
  }
  baseline.seconds = (static_cast<double>(valid.back().t_ns) - static_cast<double>(valid.front().t_ns)) / 1e9;
  if (baseline.seconds < rules.min_seconds) {
    baseline.reason = "shorter_than_minimum";
    return baseline;
  }
  std::vector<double> all;
  for (const PowerSample& sample : valid) all.push_back(sample.watts);
  baseline.mean_w = mean(all);
  baseline.std_w = spread(all);
  auto groups = members_of(valid, rules, baseline);
  if (groups.empty()) {
    baseline.reason = "too_few_readings";
    return baseline;
  }
  const auto power = [](const Members& m) { return state_from(m, m.size()).watts; };
  std::sort(groups.begin(), groups.end(), [&](const Members& a, const Members& b) { return power(a) < power(b); });
  for (const Members& members : groups) baseline.states.push_back(state_from(members, valid.size()));
  judge_idle(valid, groups, rules, baseline);
  return baseline;
}

ResponseTest test_response(const PowerTrain& train, const EnergyWindow& idle, const EnergyWindow& load,
                           const ResponseRules& rules) {
  ResponseTest test;
  if (!train.ordered()) {
    test.reason = "clock_shift";
    return test;
  }
  const std::int64_t middle = load.start_ns / 2 + load.end_ns / 2;
  const auto before = watts_in(train, idle.start_ns, idle.end_ns);
  const auto plateau = watts_in(train, middle, load.end_ns);
  if (before.empty() || plateau.empty()) {
    test.reason = "no_valid_reads";
    return test;
  }
  const double floor = mean(before);
  test.delta_w = mean(plateau) - floor;
  if (!(*test.delta_w > rules.min_delta_w)) {
    test.reason = "step_too_small";
    return test;
  }
  for (const PowerSample& sample : train.valid()) {
    if (sample.t_ns < load.start_ns || sample.t_ns > load.end_ns || sample.watts < floor + 0.9 * *test.delta_w)
      continue;
    test.rise_ms = (static_cast<double>(sample.t_ns) - static_cast<double>(load.start_ns)) / 1e6;
    break;
  }
  test.pass = test.rise_ms && *test.rise_ms < rules.max_rise_ms;
  if (!test.pass) test.reason = "rise_too_slow";
  return test;
}

}  // namespace phasegate::analysis
