#include "bench/contention.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

namespace phasegate::bench {

using core::ErrorKind;
using core::Result;

namespace {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  std::size_t at = 0;
  while (true) {
    at = line.find_first_not_of(" \t", at);
    if (at == std::string_view::npos) return out;
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    out.push_back(line.substr(at, end - at));
    at = end;
  }
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// /proc files have no size and are read in one go: no allocation beyond the buffer, so that a reading stays cheap.
std::string_view read_proc(const char* path, std::array<char, 8192>& buffer) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  return n > 0 ? std::string_view(buffer.data(), static_cast<std::size_t>(n)) : std::string_view();
}

}  // namespace

Result<CpuTicks> parse_proc_stat(std::string_view text) {
  const auto fields = words(text.substr(0, text.find('\n')));
  if (fields.size() < 9 || fields[0] != "cpu") {
    return core::fail(ErrorKind::invalid_input, "/proc/stat starts with no cpu line of at least 8 counters");
  }
  CpuTicks ticks;
  // guest and guest_nice (9th and 10th) are already inside user and nice.
  for (std::size_t i = 1; i <= 8; ++i) {
    const auto value = number(fields[i]);
    if (!value) return core::fail(ErrorKind::invalid_input, "/proc/stat: \"{}\" is no counter", fields[i]);
    ticks.total += *value;
    if (i == 8) ticks.steal = *value;
  }
  return ticks;
}

Result<int> parse_loadavg_runnable(std::string_view text) {
  const auto fields = words(text.substr(0, text.find('\n')));
  if (fields.size() >= 4) {
    const auto runnable = number(fields[3].substr(0, fields[3].find('/')));
    if (runnable && fields[3].find('/') != std::string_view::npos && *runnable < 1'000'000) {
      return static_cast<int>(*runnable);
    }
  }
  return core::fail(ErrorKind::invalid_input, "/proc/loadavg has no runnable/total as its fourth field");
}

ContentionReading read_contention() {
  ContentionReading reading;
  std::array<char, 8192> buffer;
  if (const auto ticks = parse_proc_stat(read_proc("/proc/stat", buffer))) reading.ticks = *ticks;
  if (const auto runnable = parse_loadavg_runnable(read_proc("/proc/loadavg", buffer))) {
    reading.runnable = std::max(*runnable - 1, 0);
  }
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) reading.involuntary_switches = usage.ru_nivcsw;
  return reading;
}

evidence::Contention contention_between(const ContentionReading& before, const ContentionReading& after) {
  evidence::Contention contention;
  contention.involuntary_switches = after.involuntary_switches - before.involuntary_switches;
  if (before.ticks && after.ticks) contention.steal_ticks = after.ticks->steal - before.ticks->steal;
  contention.run_queue = after.runnable;
  return contention;
}

int online_cores() { return static_cast<int>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L)); }

bool is_contended(const evidence::Contention& contention, const ContentionWindow& window, int cores,
                  const evidence::Thresholds& thresholds) {
  const double seconds = core::to_seconds(window.duration);
  if (contention.involuntary_switches > kFewSwitches &&
      static_cast<double>(contention.involuntary_switches) > thresholds.contention_switches_per_s * seconds) {
    return true;
  }
  if (contention.run_queue + 1 > cores) return true;
  return window.ticks > 0 && static_cast<double>(contention.steal_ticks) >
                                 thresholds.contention_steal_fraction * static_cast<double>(window.ticks);
}

}  // namespace phasegate::bench
