// A million random windows over random sensor trains, most of them hostile: clocks that stand still or run backwards,
// NaN, negative and absurd watts, failed reads, sensors that repeat themselves, windows before, after and across.
// For each, the distinct updates inside the window are counted here a second time, in another way than energy.cpp does.
//
//   energy_fuzz [--windows N] [--seed S]        default 1,000,000
// Bound: 0 energies from fewer than 2 distinct updates, 0 energies that are not finite or outside min..max power * T,
// 0 crashes. A run in which hardly a window has an energy would prove nothing: at least 10 % must have one.
// Exit: 0 the bound holds, 1 it does not, 2 wrong use.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>
#include <vector>

#include "analysis/energy.h"
#include "analysis/power_baseline.h"
#include "core/random.h"

namespace {

using namespace phasegate;            // NOLINT(google-build-using-namespace)
using namespace phasegate::analysis;  // NOLINT(google-build-using-namespace)

constexpr int kWindowsOfATrain = 20;

struct Tally {
  std::int64_t windows = 0;
  std::int64_t with_energy = 0;
  std::int64_t by_status[6] = {};
  std::int64_t too_few_updates = 0;
  std::int64_t out_of_range = 0;
  std::int64_t status_without_number = 0;
};

double any_watts(core::Random& random, bool hostile) {
  if (hostile) {
    switch (random.below(12)) {
      case 0: return std::numeric_limits<double>::quiet_NaN();
      case 1: return std::numeric_limits<double>::infinity();
      case 2: return -random.uniform() * 100;
      case 3: return 1e300 * random.uniform();
      case 4: return 0;
      default: break;
    }
  }
  return random.below(2) == 0 ? static_cast<double>(random.below(3)) * 25 : 300 * random.uniform();
}

std::vector<PowerSample> any_train(core::Random& random) {
  const bool hostile = random.below(3) == 0;
  const std::uint64_t step = 1 + random.below(400'000'000);
  std::vector<PowerSample> samples(random.below(60));
  std::int64_t t = hostile && random.below(20) == 0 ? std::numeric_limits<std::int64_t>::max() - 5'000'000'000
                                                    : static_cast<std::int64_t>(random.below(1'000'000'000));
  double held = any_watts(random, hostile);
  for (PowerSample& sample : samples) {
    if (random.below(3) != 0) held = any_watts(random, hostile);
    sample.t_ns = t;
    sample.watts = held;
    sample.read_ok = random.below(10) != 0;
    const auto forward = static_cast<std::int64_t>(random.below(step));
    const bool back = hostile && random.below(200) == 0;
    t = back ? t - forward : t > std::numeric_limits<std::int64_t>::max() - forward ? t : t + forward;
  }
  return samples;
}

EnergyWindow any_window(core::Random& random, const std::vector<PowerSample>& samples) {
  if (samples.empty() || random.below(50) == 0) {
    return {static_cast<std::int64_t>(random.next()), static_cast<std::int64_t>(random.next())};
  }
  const auto near = [&] {
    const std::int64_t t = samples[random.below(samples.size())].t_ns;
    if (random.below(3) == 0) return t;  // exactly on a reading
    const auto shift = static_cast<std::int64_t>(random.below(600'000'000)) - 300'000'000;
    return shift > 0 && t > std::numeric_limits<std::int64_t>::max() - shift ? t : t + shift;
  };
  EnergyWindow window{near(), near()};
  if (window.start_ns > window.end_ns && random.below(20) != 0) std::swap(window.start_ns, window.end_ns);
  return window;
}

// The independent count: readings in the window that could be real, and how often they differ from the one before.
std::int64_t changes_inside(const std::vector<PowerSample>& samples, const EnergyWindow& window, double& top) {
  std::int64_t changes = 0;
  double last = std::numeric_limits<double>::quiet_NaN();
  for (const PowerSample& sample : samples) {
    const bool real = sample.read_ok && sample.watts >= 0 && sample.watts <= EnergyRules{}.max_plausible_w;
    if (!real) continue;
    top = std::max(top, sample.watts);  // an edge may lie between the last reading inside and the first outside
    if (sample.t_ns < window.start_ns || sample.t_ns > window.end_ns) continue;
    changes += sample.watts == last ? 0 : 1;
    last = sample.watts;
  }
  return changes;
}

void check(const std::vector<PowerSample>& samples, const EnergyWindow& window, const EnergyContext& context,
           Tally& tally) {
  const EventEnergy event = event_energy(PowerTrain(samples), window, context);
  ++tally.windows;
  ++tally.by_status[static_cast<std::size_t>(event.status)];
  if (event.energy_j.has_value() != has_energy(event.status)) ++tally.status_without_number;
  if (event.operational_j && !event.energy_j) ++tally.status_without_number;
  if (!event.energy_j) return;
  ++tally.with_energy;
  double top = 0;
  if (changes_inside(samples, window, top) < 2) ++tally.too_few_updates;
  const bool sane = std::isfinite(*event.energy_j) && *event.energy_j >= 0 &&
                    *event.energy_j <= top * event.seconds * (1 + 1e-9) && std::isfinite(event.sigma_j.value_or(0));
  if (!sane) ++tally.out_of_range;
}

bool number_after(std::string_view flag, int argc, char** argv, std::uint64_t& value) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] != flag) continue;
    const std::string_view text(argv[i + 1]);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  }
  return true;
}

int report(const Tally& tally) {
  fmt::print("{} windows:", tally.windows);
  for (std::size_t i = 0; i < std::size(tally.by_status); ++i)
    fmt::print(" {} {}", tally.by_status[i], to_string(static_cast<EnergyStatus>(i)));
  fmt::print("\nenergies {}, from fewer than 2 distinct updates {}, out of range {}, status and number disagree {}\n",
             tally.with_energy, tally.too_few_updates, tally.out_of_range, tally.status_without_number);
  const bool clean = tally.too_few_updates == 0 && tally.out_of_range == 0 && tally.status_without_number == 0;
  const bool telling = tally.with_energy * 10 >= tally.windows;
  fmt::print("bound: 0, 0, 0 and energies for at least 10 % of the windows: {}\n",
             clean && telling ? "holds" : "BROKEN");
  return clean && telling ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t windows = 1'000'000;
  std::uint64_t seed = 42;
  if (argc % 2 == 0 || !number_after("--windows", argc, argv, windows) || !number_after("--seed", argc, argv, seed)) {
    fmt::print(stderr, "usage: energy_fuzz [--windows N] [--seed S]\n");
    return 2;
  }
  core::Random random(seed);
  std::vector<PowerSample> idle;
  for (std::int64_t i = 0; i < 1300; ++i)
    idle.push_back({i * 100'000'000, (i % 50 < 10 ? 1.2 : 25.8) + 0.1 * random.uniform(), true, {}, {}, {}});
  const Baseline baseline = calibrate_baseline(idle);
  Tally tally;
  while (static_cast<std::uint64_t>(tally.windows) < windows) {
    const auto samples = any_train(random);
    EnergyContext context;
    if (random.below(2) == 0) context.baseline = &baseline;
    for (int i = 0; i < kWindowsOfATrain && static_cast<std::uint64_t>(tally.windows) < windows; ++i)
      check(samples, any_window(random, samples), context, tally);
  }
  return report(tally);
}
