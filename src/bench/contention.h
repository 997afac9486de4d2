// Signs that something else ran on this machine while a call was measured. The readers of /proc are thin; the parsers
// and the judgement are pure and tested. A sample that is marked stays in the raw data: it is counted, not dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/units.h"
#include "evidence/record.h"
#include "evidence/thresholds.h"

namespace phasegate::bench {

struct CpuTicks {  // sums over all cores since boot
  std::int64_t total = 0;
  std::int64_t steal = 0;  // another guest of the same host had the core
};

// The first line of /proc/stat: "cpu  user nice system idle iowait irq softirq steal guest guest_nice".
[[nodiscard]] core::Result<CpuTicks> parse_proc_stat(std::string_view text);
// Runnable tasks of /proc/loadavg ("0.20 0.18 0.12 2/355 4711" -> 2).
[[nodiscard]] core::Result<int> parse_loadavg_runnable(std::string_view text);
// What this process and machine count at one instant. A file that cannot be read leaves its value empty.
struct ContentionReading {
  std::int64_t involuntary_switches = 0;  // getrusage: all threads of this process
  std::optional<CpuTicks> ticks;
  int runnable = 0;  // beside the reading thread
};
[[nodiscard]] ContentionReading read_contention();

[[nodiscard]] evidence::Contention contention_between(const ContentionReading& before, const ContentionReading& after);

struct ContentionWindow {
  core::Nanos duration;    // of the steady clock, also where the engine's own clock is virtual
  std::int64_t ticks = 0;  // of the machine during the call; 0 when unknown
};

[[nodiscard]] int online_cores();

// Fewer switches than these in one call mean nothing, however short the call was: timers and kernel threads do that.
inline constexpr std::int64_t kFewSwitches = 5;

// True when the switches a second or the stolen share of the machine pass their thresholds, or when the runnable tasks
// are more than the cores. The engine's own helper threads may still spin when the queue is read, so only the reading
// thread is added to it: other load that hides behind them is left to the switches.
[[nodiscard]] bool is_contended(const evidence::Contention& contention, const ContentionWindow& window, int cores,
                                const evidence::Thresholds& thresholds);

}  // namespace phasegate::bench
