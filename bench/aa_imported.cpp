// A/A and a true effect on real runs: what do the comparisons of imported runs find where there is nothing to find?
//
//   aa_imported FOLDER [--trials N] [--seed S]
// FOLDER holds report runs with repeated cells (tests/conformance/reports). Both arms of a trial are drawn, with
// replacement, from the repetitions of one real backend and model, so every alarm is false.
//   blocked   as `analyze` compares backends: medians paired inside each scenario, p below alpha
//   rounds    as policy compares candidates: one value a round, p below alpha
//   effect    one arm slowed by 3 %, noise with the shape of the real cells and a CV of 2 %: is it found, in the right
//             direction, from the number of rounds that the power calculation states?
// Alarms are counted before the threshold of practical effect, which would hide a broken test. Bounds: the one-sided
// 95 % upper limit (Clopper-Pearson) of both rates at most 6.4 %, the effect found in at least 90 % of the trials.
// Exit: 0 the bounds hold, 1 they do not, 2 wrong use.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "analysis/compare.h"
#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "analysis/observed.h"
#include "core/random.h"
#include "readers/source.h"

namespace {

using namespace phasegate;            // NOLINT(google-build-using-namespace)
using namespace phasegate::analysis;  // NOLINT(google-build-using-namespace)

constexpr double kAlpha = 0.05;
constexpr double kAlarmBound = 0.064;
constexpr double kEffect = 1.03;
constexpr double kCv = 0.02;
constexpr double kFoundBound = 0.90;
constexpr double kPlannedPower = 0.95;  // for which the stated number of rounds is computed
constexpr std::size_t kLeastScenarios = 3;
constexpr std::size_t kLeastRepetitions = 5;

using Repetitions = std::vector<double>;               // one value a row, ms
using Scenarios = std::map<std::string, Repetitions>;  // of one backend, model and window
using Group = std::tuple<std::string, std::string, std::string, std::string, std::string>;

core::Result<std::vector<Scenarios>> real_cells(const std::filesystem::path& folder) {
  PHASEGATE_TRY(found, readers::discover(folder));
  std::map<Group, Scenarios> groups;
  for (const readers::SourceRun& run : found.runs) {
    PHASEGATE_TRY(
        source, readers::read(run, [&](evidence::Observation& row) -> core::Status {
          const auto value = row.mean_latency_ms();
          if (!row.usable() || row.regime == evidence::Regime::warmup || !value) return {};
          const std::string window(evidence::to_string(row.window));
          groups[{run.root.string() + run.name, row.backend, row.model, row.precision, window}][row.scenario].push_back(
              *value);
          return {};
        }));
    (void)source;
  }
  std::vector<Scenarios> cells;
  for (auto& [group, scenarios] : groups) {
    std::erase_if(scenarios, [](const auto& each) { return each.second.size() < kLeastRepetitions; });
    if (scenarios.size() >= kLeastScenarios) cells.push_back(std::move(scenarios));
  }
  if (cells.empty()) return core::fail({core::ErrorKind::not_found, "no repeated cells", folder.string(), {}});
  return cells;
}

double drawn(const Repetitions& from, core::Random& random) { return from[random.below(from.size())]; }

const Scenarios& any_of(const std::vector<Scenarios>& cells, core::Random& random) {
  return cells[random.below(cells.size())];
}

core::Result<bool> blocked_alarm(const std::vector<Scenarios>& cells, core::Random& random) {
  ObservedAnalyzer analyzer("trial");
  for (const auto& [scenario, values] : any_of(cells, random)) {
    for (const char* arm : {"a", "b"}) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        evidence::Observation row;
        row.backend = arm;
        row.scenario = scenario;
        row.latency_ms = {drawn(values, random)};
        PHASEGATE_CHECK_OK(analyzer.add(row));
      }
    }
  }
  PHASEGATE_TRY(analysis, analyzer.finish());
  const auto& p = analysis.comparisons.at(0).blocked.p;
  return p && *p < kAlpha;
}

const Repetitions& any_cell(const std::vector<Scenarios>& cells, core::Random& random) {
  const Scenarios& scenarios = any_of(cells, random);
  auto at = scenarios.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random.below(scenarios.size())));
  return at->second;
}

core::Result<bool> rounds_alarm(const std::vector<Scenarios>& cells, std::size_t rounds, core::Random& random) {
  const Repetitions& values = any_cell(cells, random);
  std::vector<RoundPair> pairs;
  for (std::size_t i = 0; i < rounds; ++i)
    pairs.push_back({static_cast<std::int64_t>(i), drawn(values, random), drawn(values, random)});
  PHASEGATE_TRY(comparison, compare_rounds(pairs));
  return comparison.p && *comparison.p < kAlpha;
}

// The logarithms of a real cell, centred, with a standard deviation of kCv: real noise at a stated size.
std::optional<Repetitions> noise_of(const Repetitions& values) {
  Repetitions logs;
  for (const double value : values) logs.push_back(std::log(value));
  const double centre = mean(logs);
  const auto n = static_cast<double>(logs.size());
  const double sd = std::sqrt(variance(logs) * (n - 1) / n);  // of the draws, which are with replacement
  if (!(sd > 0)) return std::nullopt;
  for (double& each : logs) each = (each - centre) / sd * kCv;
  return logs;
}

core::Result<bool> effect_found(const std::vector<Scenarios>& cells, std::size_t rounds, core::Random& random) {
  std::optional<Repetitions> noise;
  while (!noise) noise = noise_of(any_cell(cells, random));
  std::vector<RoundPair> pairs;
  for (std::size_t i = 0; i < rounds; ++i) {
    pairs.push_back(
        {static_cast<std::int64_t>(i), kEffect * std::exp(drawn(*noise, random)), std::exp(drawn(*noise, random))});
  }
  PHASEGATE_TRY(comparison, compare_rounds(pairs));
  return comparison.p && *comparison.p < kAlpha && comparison.ci95 && comparison.ci95->low > 1;
}

std::size_t rounds_for(double power) {
  const double effect = std::log(kEffect) / (kCv * std::sqrt(2.0));  // in standard deviations of a round's log ratio
  std::int64_t n = 5;
  while (t_test_power(effect, n, kAlpha) < power) ++n;
  return static_cast<std::size_t>(n);
}

template <class Trial>
core::Result<std::int64_t> count(std::size_t trials, const Trial& trial) {
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < trials; ++i) {
    PHASEGATE_TRY(hit, trial());
    hits += hit ? 1 : 0;
  }
  return hits;
}

bool report_alarms(const char* name, std::int64_t alarms, std::size_t trials) {
  const auto n = static_cast<std::int64_t>(trials);
  const double upper = clopper_pearson_one_sided(alarms, n, 0.95).high;
  const bool holds = upper <= kAlarmBound;
  fmt::print("  {:<8} {} alarms in {}: {:.2f} %, upper limit {:.2f} %   bound {:.1f} %   {}\n", name, alarms, trials,
             100.0 * static_cast<double>(alarms) / static_cast<double>(n), 100 * upper, 100 * kAlarmBound,
             holds ? "holds" : "DOES NOT HOLD");
  return holds;
}

core::Result<bool> run(const std::filesystem::path& folder, std::size_t trials, std::uint64_t seed) {
  PHASEGATE_TRY(cells, real_cells(folder));
  const std::size_t rounds = rounds_for(kPlannedPower);
  core::Random random(seed);
  fmt::print("A/A on {} real backends and models, {} trials each, seed {} ({})\n", cells.size(), trials, seed,
             core::kGeneratorName);
  PHASEGATE_TRY(blocked, count(trials, [&] { return blocked_alarm(cells, random); }));
  PHASEGATE_TRY(paired, count(trials, [&] { return rounds_alarm(cells, rounds, random); }));
  PHASEGATE_TRY(found, count(trials, [&] { return effect_found(cells, rounds, random); }));
  const bool blocked_holds = report_alarms("blocked", blocked, trials);
  const bool rounds_hold = report_alarms("rounds", paired, trials);
  const double share = static_cast<double>(found) / static_cast<double>(trials);
  const bool effect_holds = share >= kFoundBound;
  fmt::print("  effect   {:.0f} % at CV {:.0f} % found in {:.1f} % with {} rounds   bound {:.0f} %   {}\n",
             100 * (kEffect - 1), 100 * kCv, 100 * share, rounds, 100 * kFoundBound,
             effect_holds ? "holds" : "DOES NOT HOLD");
  return blocked_holds && rounds_hold && effect_holds;
}

template <class T>
bool parse(std::string_view text, T& value) {
  return std::from_chars(text.data(), text.data() + text.size(), value).ptr == text.data() + text.size();
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t trials = 10'000;
  std::uint64_t seed = 42;
  bool usable = argc >= 2 && argc % 2 == 0;
  for (int i = 2; usable && i < argc; i += 2) {
    const std::string_view name = argv[i];
    usable = (name == "--trials" && parse(argv[i + 1], trials) && trials > 0) ||
             (name == "--seed" && parse(argv[i + 1], seed));
  }
  if (!usable) {
    fmt::print(stderr, "usage: aa_imported FOLDER [--trials N] [--seed S]\n");
    return 2;
  }
  const auto holds = run(argv[1], trials, seed);
  if (!holds) {
    fmt::print(stderr, "{}\n", holds.error().message());
    return 1;
  }
  return *holds ? 0 : 1;
}
