#include "bench/frame.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "core/clock.h"
#include "core/limits.h"

namespace phasegate::bench {

using core::ErrorKind;
using core::Result;
using core::Status;

namespace {

constexpr std::int64_t kStopSliceMs = 200;

Status wait_ready(int fd, short events, const FrameWait& wait) {
  const core::SystemClock clock;
  while (true) {
    if (wait.stop != nullptr && wait.stop->load()) return core::fail(ErrorKind::aborted, "stopped while waiting");
    int timeout = -1;
    if (wait.deadline != core::kNoDeadline) {
      const std::int64_t left = core::between(clock.now(), wait.deadline).value;
      if (left <= 0) return core::fail(ErrorKind::timeout, "no answer before the deadline");
      timeout = static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 3'600'000));
    }
    if (wait.stop != nullptr) {
      timeout = timeout < 0 ? static_cast<int>(kStopSliceMs) : std::min(timeout, static_cast<int>(kStopSliceMs));
    }
    pollfd ready{fd, events, 0};
    const int n = ::poll(&ready, 1, timeout);
    if (n > 0) return {};
    if (n < 0 && errno != EINTR)
      return core::fail(ErrorKind::io, "poll failed: {}", std::generic_category().message(errno));
  }
}

// Bytes moved by one read or write that may be tried again; 0 from `move` means closed.
template <class Move>
Status move_all(int fd, short events, std::size_t size, const FrameWait& wait, Move&& move) {
  std::size_t done = 0;
  while (done < size) {
    PHASEGATE_CHECK_OK(wait_ready(fd, events, wait));
    const ssize_t n = move(done);
    if (n == 0) return core::fail(ErrorKind::io, "{}", done == 0 ? "closed" : "closed inside a frame");
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return core::fail(ErrorKind::io, "pipe failed: {}", std::generic_category().message(errno));
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Status read_exact(int fd, char* out, std::size_t size, const FrameWait& wait) {
  return move_all(fd, POLLIN, size, wait, [&](std::size_t done) { return ::read(fd, out + done, size - done); });
}

}  // namespace

Status write_frame(int fd, std::string_view bytes, const FrameWait& wait) {
  if (bytes.size() > core::kMaxFrameBytes) {
    return core::fail(ErrorKind::invalid_input, "a message of {} bytes passes the limit of {}", bytes.size(),
                      core::kMaxFrameBytes);
  }
  std::string frame;
  frame.reserve(bytes.size() + 4);
  for (unsigned shift = 0; shift < 32; shift += 8) frame.push_back(static_cast<char>((bytes.size() >> shift) & 0xFFU));
  frame.append(bytes);
  return move_all(fd, POLLOUT, frame.size(), wait,
                  [&](std::size_t done) { return ::write(fd, frame.data() + done, frame.size() - done); });
}

Result<std::string> read_frame(int fd, const FrameWait& wait) {
  std::array<char, 4> head{};
  PHASEGATE_CHECK_OK(read_exact(fd, head.data(), head.size(), wait));
  std::size_t size = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    size |= static_cast<std::size_t>(static_cast<unsigned char>(head[i])) << (8 * i);
  }
  if (size > core::kMaxFrameBytes) {
    return core::fail(ErrorKind::invalid_input, "a frame that claims {} bytes passes the limit of {}", size,
                      core::kMaxFrameBytes);
  }
  std::string bytes(size, '\0');
  PHASEGATE_CHECK_OK(read_exact(fd, bytes.data(), size, wait));
  return bytes;
}

}  // namespace phasegate::bench
