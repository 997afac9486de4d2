// Any bytes as a sensor's readings and a window: no crash, and no energy without two distinct updates in the window.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "analysis/energy.h"
#include "core/check.h"

using namespace phasegate::analysis;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kReading = sizeof(std::int64_t) + sizeof(double) + 1;
  EnergyWindow window;
  if (size < sizeof(window)) return 0;
  std::memcpy(&window, data, sizeof(window));
  std::vector<PowerSample> samples;
  for (std::size_t at = sizeof(window); at + kReading <= size; at += kReading) {
    PowerSample sample;
    std::memcpy(&sample.t_ns, data + at, sizeof(sample.t_ns));
    std::memcpy(&sample.watts, data + at + sizeof(sample.t_ns), sizeof(sample.watts));
    sample.read_ok = data[at + kReading - 1] % 2 == 1;
    samples.push_back(sample);
  }
  const EventEnergy event = event_energy(PowerTrain(samples), window);
  PHASEGATE_CHECK(event.energy_j.has_value() == has_energy(event.status));
  if (!event.energy_j) return 0;
  std::int64_t inside = 0;
  for (const PowerSample& sample : samples)
    inside += sample.read_ok && sample.t_ns >= window.start_ns && sample.t_ns <= window.end_ns ? 1 : 0;
  PHASEGATE_CHECK(inside >= 2 && event.updates >= 2 && std::isfinite(*event.energy_j) && *event.energy_j >= 0);
  return 0;
}
