// Progress with the time left, on stderr: one rewritten line in a terminal, a line every ten seconds in a pipe.
#pragma once

#include <string>

#include "core/clock.h"

namespace phasegate::cli {

// One thread.
class Progress {
 public:
  Progress(const core::Clock& clock, bool terminal, bool quiet) : clock_(clock), terminal_(terminal), quiet_(quiet) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // fraction 0..1; left < 0 = unknown.
  void show(double fraction, double seconds_left, const std::string& what);
  // Ends the rewritten line and prints a line that stays.
  void say(const std::string& line);

 private:
  const core::Clock& clock_;
  bool terminal_;
  bool quiet_;
  bool open_ = false;
  core::Instant last_{0};
};

// "1m 40s", "35 s"
[[nodiscard]] std::string human_seconds(double seconds);

}  // namespace phasegate::cli
