// How often does the comparison that policy uses alarm when there is nothing to find? Both arms are the same
// candidate; every alarm is false. Two counts:
//   p level   an adjusted p below alpha, the threshold of practical effect switched off: what the statistics promise,
//             and what the bound is on. The effect threshold hides a broken test, so it must not help here.
//   verdict   a winner as policy would name it
//
//   aa_false_alarms [--trials N] [--seed S]      simulated sessions, 500 trials, bound 7.5 %
//   aa_false_alarms --resample FILE [...]        {"rounds": [[values of session 1], [of session 2], ...]} of one real
//                                                candidate, 200 trials, bound 9 %
// The bound is on the one-sided 95 % Clopper-Pearson upper limit of the rate. A test that never alarms would pass, so
// the simulation also measures how often a true difference of 10 % is found, and fails below one half.
// Exit: 0 the bound holds, 1 it does not, 2 wrong use.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/compare.h"
#include "analysis/distributions.h"
#include "analysis/hypothesis.h"
#include "analysis/percentile.h"
#include "core/files.h"
#include "core/json.h"
#include "core/random.h"

namespace {

using namespace phasegate;            // NOLINT(google-build-using-namespace)
using namespace phasegate::analysis;  // NOLINT(google-build-using-namespace)

constexpr double kAlpha = 0.05;
constexpr std::size_t kRounds = 5;
constexpr std::size_t kCells = 4;   // scenarios that share a session; one Holm family
constexpr std::size_t kSteps = 40;  // samples of a cell in a session
constexpr std::uint64_t kMaxResampleBytes = 64ULL << 20;

struct Options {
  std::size_t trials = 0;  // 0: the mode's own number
  std::uint64_t seed = 42;
  std::optional<std::string> resample;
};

// cells[cell][round], and the samples behind it for the naive test.
struct Trial {
  std::vector<std::vector<RoundPair>> cells;
  std::vector<double> samples_a;
  std::vector<double> samples_b;
};

struct Count {
  std::int64_t alarms = 0;
  std::int64_t of = 0;

  void add(bool alarm) {
    alarms += alarm ? 1 : 0;
    ++of;
  }
  [[nodiscard]] double rate() const { return static_cast<double>(alarms) / static_cast<double>(of); }
  [[nodiscard]] double upper() const { return clopper_pearson_one_sided(alarms, of, 0.95).high; }
};

struct Tally {
  Count family_p;       // any cell of the family with adjusted p < alpha
  Count family_winner;  // any cell with a winner
  Count blocked_p;      // the comparison over all cells, blocked on the cell
  Count naive_p;        // Welch over pooled samples, as if each sample were independent
};

// Step times of one cell in one session: lognormal noise of 2 %, and now and then a neighbour takes the core away for
// a few steps in a row (3 % of the steps begin such a burst, up to 4 steps, 1.2 to 3 times as slow).
std::vector<double> steps(core::Random& random, double log_level) {
  std::vector<double> values;
  double slow = 1;
  std::uint64_t burst = 0;
  while (values.size() < kSteps) {
    if (burst == 0 && random.uniform() < 0.03) {
      burst = 1 + random.below(4);
      slow = 1.2 + 1.8 * random.uniform();
    }
    values.push_back(std::exp(log_level + 0.02 * random.normal()) * (burst > 0 ? slow : 1));
    if (burst > 0) --burst;
  }
  return values;
}

// The session effect has a standard deviation of 3 %; half its variance belongs to the round and hits both arms.
Trial simulate(core::Random& random, double effect) {
  constexpr double kSessionSd = 0.03;
  constexpr double kCellSd = 0.01;
  Trial trial;
  trial.cells.resize(kCells);
  for (std::size_t round = 0; round < kRounds; ++round) {
    const double shared = kSessionSd * std::sqrt(0.5) * random.normal();
    const double session_a = shared + kSessionSd * std::sqrt(0.5) * random.normal() + std::log1p(effect);
    const double session_b = shared + kSessionSd * std::sqrt(0.5) * random.normal();
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      const double level = 2.0 + static_cast<double>(cell);
      const auto a = steps(random, level + session_a + kCellSd * random.normal());
      const auto b = steps(random, level + session_b + kCellSd * random.normal());
      trial.cells[cell].push_back({static_cast<std::int64_t>(round), median(a), median(b)});
      if (cell == 0) {
        trial.samples_a.insert(trial.samples_a.end(), a.begin(), a.end());
        trial.samples_b.insert(trial.samples_b.end(), b.begin(), b.end());
      }
    }
  }
  return trial;
}

using Sessions = std::vector<std::vector<double>>;

std::vector<double> redraw(core::Random& random, const std::vector<double>& values) {
  std::vector<double> drawn;
  for (std::size_t i = 0; i < values.size(); ++i) drawn.push_back(values[random.below(values.size())]);
  return drawn;
}

// Two arms of one candidate: sessions are drawn for both arms, without replacement where there are enough for all
// rounds, and the samples inside each are drawn again.
Trial resample(core::Random& random, const Sessions& sessions) {
  std::vector<std::size_t> order(sessions.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  random.shuffle(std::span(order));
  const bool enough = sessions.size() >= 2 * kRounds;
  Trial trial;
  trial.cells.resize(1);
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::size_t i = enough ? order[2 * round] : random.below(sessions.size());
    const std::size_t j = enough ? order[2 * round + 1] : random.below(sessions.size());
    const auto a = redraw(random, sessions[i]);
    const auto b = redraw(random, sessions[j]);
    trial.cells[0].push_back({static_cast<std::int64_t>(round), median(a), median(b)});
    trial.samples_a.insert(trial.samples_a.end(), a.begin(), a.end());
    trial.samples_b.insert(trial.samples_b.end(), b.begin(), b.end());
  }
  return trial;
}

core::Status count(const Trial& trial, Tally& tally) {
  std::vector<Comparison> family;
  std::vector<ScenarioPairs> scenarios;
  for (const auto& cell : trial.cells) {
    PHASEGATE_TRY(comparison, compare_rounds(cell));
    family.push_back(comparison);
    scenarios.push_back({std::to_string(scenarios.size()), cell, 1});
  }
  const auto adjusted = adjust_family(family);
  bool alarm = false;
  bool winner = false;
  for (std::size_t i = 0; i < family.size(); ++i) {
    alarm = alarm || adjusted[i].value_or(1) < kAlpha;
    const Outcome outcome = verdict(family[i], adjusted[i], Better::lower, {.alpha = kAlpha}).outcome;
    winner = winner || outcome == Outcome::winner_a || outcome == Outcome::winner_b;
  }
  tally.family_p.add(alarm);
  tally.family_winner.add(winner);
  PHASEGATE_TRY(blocked, compare_blocked(scenarios));
  tally.blocked_p.add(blocked.p.value_or(1) < kAlpha);
  PHASEGATE_TRY(naive, welch_t(trial.samples_a, trial.samples_b));
  tally.naive_p.add(naive.p < kAlpha);
  return {};
}

core::Result<Tally> run(std::size_t trials, core::Random& random, const std::function<Trial(core::Random&)>& draw) {
  Tally tally;
  for (std::size_t i = 0; i < trials; ++i) PHASEGATE_CHECK_OK(count(draw(random), tally));
  return tally;
}

void show(const char* name, const Count& count) {
  fmt::print("  {:<44} {:>4} of {}  {:>5.1f} %  95 % upper bound {:>5.2f} %\n", name, count.alarms, count.of,
             100 * count.rate(), 100 * count.upper());
}

void show(const Tally& tally, bool with_blocked) {
  show("adjusted p < 0.05 in the family", tally.family_p);
  if (with_blocked) show("p < 0.05 blocked on the cell", tally.blocked_p);
  show("winner named (p, interval, effect > 5 %)", tally.family_winner);
  show("for contrast: Welch over pooled samples", tally.naive_p);
}

int judged(const Count& count, double bound, bool sharp) {
  const bool holds = count.upper() <= bound;
  fmt::print("{}: {:.2f} % against a bound of {:.1f} %\n", holds && sharp ? "HOLDS" : "FAILS", 100 * count.upper(),
             100 * bound);
  return holds && sharp ? 0 : 1;
}

core::Result<int> simulated(const Options& options) {
  const std::size_t trials = options.trials > 0 ? options.trials : 500;
  core::Random random(core::derive_seed(options.seed, "aa_simulated"));
  PHASEGATE_TRY(same, run(trials, random, [](core::Random& r) { return simulate(r, 0); }));
  PHASEGATE_TRY(apart, run(trials, random, [](core::Random& r) { return simulate(r, 0.10); }));
  fmt::print("A/A on simulated sessions: {} trials of {} rounds, {} cells, seed {}, {}\n", trials, kRounds, kCells,
             options.seed, core::kGeneratorName);
  show(same, true);
  const bool sharp = apart.family_winner.rate() >= 0.5;
  fmt::print("  a true difference of 10 % gets a winner in {:.1f} % of the trials (at least 50 % is asked)\n",
             100 * apart.family_winner.rate());
  return judged(same.family_p, 0.075, sharp);
}

core::Result<Sessions> read_sessions(const std::string& path) {
  const auto fault = [&](const char* what) {
    return core::fail({core::ErrorKind::invalid_input, what, path,
                       "give {\"rounds\": [[v1, v2, ...] of each session]} with at least 5 sessions of one candidate"});
  };
  PHASEGATE_TRY(text, core::read_file(path, kMaxResampleBytes));
  PHASEGATE_TRY(json, core::parse_json(text, path));
  if (!json.is_object() || !json.contains("rounds") || !json["rounds"].is_array()) return fault("no list \"rounds\"");
  Sessions sessions;
  for (const auto& session : json["rounds"]) {
    if (!session.is_array() || session.empty()) return fault("a session is not a list of values");
    std::vector<double> values;
    for (const auto& value : session) {
      if (!value.is_number() || value.get<double>() <= 0) return fault("a value is not a positive number");
      values.push_back(value.get<double>());
    }
    sessions.push_back(std::move(values));
  }
  if (sessions.size() < kRounds) return fault("too few sessions");
  return sessions;
}

core::Result<int> resampled(const Options& options) {
  const std::size_t trials = options.trials > 0 ? options.trials : 200;
  PHASEGATE_TRY(sessions, read_sessions(*options.resample));
  core::Random random(core::derive_seed(options.seed, "aa_resampled"));
  PHASEGATE_TRY(same, run(trials, random, [&](core::Random& r) { return resample(r, sessions); }));
  fmt::print("A/A on {} real sessions of {}: {} trials of {} rounds drawn {} replacement, seed {}, {}\n",
             sessions.size(), *options.resample, trials, kRounds, sessions.size() >= 2 * kRounds ? "without" : "with",
             options.seed, core::kGeneratorName);
  show(same, false);
  return judged(same.family_p, 0.09, true);
}

template <class Number>
bool parse(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out > 0;
}

std::optional<Options> parse_arguments(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) return std::nullopt;
    const std::string_view value = argv[i + 1];
    if (name == "--resample") {
      options.resample = std::string(value);
    } else if (!(name == "--trials" && parse(value, options.trials)) &&
               !(name == "--seed" && parse(value, options.seed))) {
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse_arguments(argc, argv);
  if (!options) {
    fmt::print(stderr, "usage: aa_false_alarms [--trials N] [--seed S] [--resample FILE]\n");
    return 2;
  }
  const auto outcome = options->resample ? resampled(*options) : simulated(*options);
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().message());
    return 2;
  }
  return *outcome;
}
