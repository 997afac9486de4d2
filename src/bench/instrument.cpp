#include "bench/instrument.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engines/recorder.h"

namespace phasegate::bench {

using core::Instant;
using core::Nanos;

namespace {

constexpr Nanos kGap(10'000);

Nanos quantile(std::vector<std::int64_t>& sorted, double q) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return Nanos(sorted[static_cast<std::size_t>(q * last)]);
}

}  // namespace

RecorderCost measure_recorder(const core::Clock& clock, int calls, int steps_per_call, int rows) {
  engines::StepRecorder recorder(static_cast<std::size_t>(steps_per_call), static_cast<std::size_t>(rows));
  const std::vector<std::int32_t> tokens(static_cast<std::size_t>(rows), 1);
  std::vector<std::int64_t> costs;
  costs.reserve(static_cast<std::size_t>(calls) * static_cast<std::size_t>(steps_per_call));
  for (int call = 0; call < calls; ++call) {
    recorder.begin(static_cast<std::size_t>(rows));
    recorder.first(tokens);
    for (int step = 0; step < steps_per_call; ++step) recorder.step(clock.now(), tokens);
    // The null engine does nothing between two stamps, so their difference is the cost of one step.
    const auto stamps = recorder.stamps();
    for (std::size_t i = 1; i < stamps.size(); ++i) costs.push_back(core::between(stamps[i - 1], stamps[i]).value);
  }
  std::sort(costs.begin(), costs.end());
  return {quantile(costs, 0.5), quantile(costs, 0.99), static_cast<std::int64_t>(costs.size())};
}

SpinNoise measure_spin_noise(const core::Clock& clock, Nanos duration) {
  SpinNoise noise;
  const Instant start = clock.now();
  const Instant end = core::after(start, duration);
  Nanos lost;
  Instant previous = start;
  while (previous < end) {
    const Instant now = clock.now();
    const Nanos gap = core::between(previous, now);
    if (gap.value > 0 && (noise.resolution.value == 0 || gap < noise.resolution)) noise.resolution = gap;
    noise.longest_gap = std::max(noise.longest_gap, gap);
    if (gap > kGap) lost += gap;
    previous = now;
  }
  noise.lost_fraction = static_cast<double>(lost.value) / static_cast<double>(core::between(start, previous).value);
  return noise;
}

core::Json measure_instrument() {
  const core::SystemClock clock;
  const RecorderCost recorder = measure_recorder(clock, 100, 512, 4);
  const SpinNoise noise = measure_spin_noise(clock, core::millis(50));
  return {{"recorder",
           {{"step_ns_p50", recorder.p50.value}, {"step_ns_p99", recorder.p99.value}, {"steps", recorder.steps}}},
          {"clock", {{"name", "steady_clock"}, {"resolution_ns", noise.resolution.value}}},
          {"noise",
           {{"longest_gap_ns", noise.longest_gap.value},
            {"lost_fraction", core::finite_or_null(noise.lost_fraction)},
            {"spin_ns", core::millis(50).value}}}};
}

}  // namespace phasegate::bench
