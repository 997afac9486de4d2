// The instrument's own cost: one step of an engine that does nothing, that is one clock reading and one
// StepRecorder::step. Fails above 1 us at p50, above 5 us at p99, or when a step allocates.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "bench/instrument.h"
#include "core/clock.h"
#include "engines/recorder.h"

namespace {
std::atomic<long> g_allocations{0};
}  // namespace

void* operator new(std::size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr int kRows = 8;
constexpr int kSteps = 4096;

long allocations_of_steps() {
  const phasegate::core::SystemClock clock;
  phasegate::engines::StepRecorder recorder(kSteps, kRows);
  const std::int32_t tokens[kRows] = {};
  const long before = g_allocations.load();
  for (int call = 0; call < 10; ++call) {
    recorder.begin(kRows);
    recorder.first(tokens);
    for (int step = 0; step < kSteps; ++step) recorder.step(clock.now(), tokens);
  }
  return g_allocations.load() - before;
}

}  // namespace

int main() {
  const phasegate::core::SystemClock clock;
  const auto cost = phasegate::bench::measure_recorder(clock, 50, kSteps, kRows);
  const long allocations = allocations_of_steps();
  const bool good = cost.p50.value <= 1'000 && cost.p99.value <= 5'000 && allocations == 0;
  std::printf(
      "recorder on the null engine: p50 %lld ns (bound 1000), p99 %lld ns (bound 5000), %ld allocations (bound 0)"
      " in %lld steps: %s\n",
      static_cast<long long>(cost.p50.value), static_cast<long long>(cost.p99.value), allocations,
      static_cast<long long>(cost.steps), good ? "ok" : "FAILED");
  return good ? 0 : 1;
}
