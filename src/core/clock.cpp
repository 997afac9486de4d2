#include "core/clock.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace phasegate::core {

Instant SystemClock::now() const {
  const auto since_epoch = std::chrono::steady_clock::now().time_since_epoch();
  return Instant(std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
}

std::string SystemClock::utc_stamp() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1'000'000);
}

}  // namespace phasegate::core
