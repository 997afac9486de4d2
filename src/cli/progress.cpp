#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace phasegate::cli {

std::string human_seconds(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (whole < 90) return fmt::format("{} s", whole);
  if (whole < 5400) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
}

Progress::~Progress() {
  if (open_) std::fputc('\n', stderr);
}

void Progress::show(double fraction, double seconds_left, const std::string& what) {
  if (quiet_) return;
  const core::Instant now = clock_.now();
  const double since = core::to_seconds(core::between(last_, now));
  if (last_.value != 0 && since < (terminal_ ? 0.1 : 10.0)) return;
  last_ = now;
  const std::string left = seconds_left < 0 ? "time left unknown" : human_seconds(seconds_left) + " left";
  const std::string line = fmt::format("{:3.0f} %  {}  {}", std::clamp(fraction, 0.0, 1.0) * 100, left, what);
  if (terminal_) {
    const int filled = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * 20));
    std::string bar;
    for (int i = 0; i < 20; ++i) bar += i < filled ? "█" : "░";
    fmt::print(stderr, "\r\x1b[2K{} {:.100}", bar, line);
    std::fflush(stderr);
    open_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

void Progress::say(const std::string& line) {
  if (quiet_) return;
  if (open_) fmt::print(stderr, "\r\x1b[2K");
  open_ = false;
  fmt::print(stderr, "{}\n", line);
}

}  // namespace phasegate::cli
