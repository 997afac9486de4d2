// Frames over a pipe or socket: 4 bytes little-endian length, then that many bytes. Bounded by core::kMaxFrameBytes, so
// that garbage cannot make the reader allocate. Every wait has a deadline and may have a stop flag; waiting is poll(),
// so it costs nothing. Works with blocking and non-blocking descriptors. SIGPIPE has to be ignored by the program.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/stop.h"

namespace phasegate::bench {

struct FrameWait {
  core::Instant deadline = core::kNoDeadline;  // of core::SystemClock
  const std::atomic<bool>* stop = nullptr;     // looked at after each signal and at least every 200 ms
};

// Kinds of error: io (closed by the other side, or a fault), invalid_input (not a frame), timeout, aborted (stop flag).
[[nodiscard]] core::Status write_frame(int fd, std::string_view bytes, const FrameWait& wait = {});
[[nodiscard]] core::Result<std::string> read_frame(int fd, const FrameWait& wait = {});

}  // namespace phasegate::bench
