// A stop token with a deadline, passed to every call that can take long. Checked inside loops, at least once a step.
#pragma once

#include <atomic>
#include <limits>

#include "core/clock.h"

namespace phasegate::core {

// Borrows the flag and the clock; both outlive it. Copyable, thread-safe to read.
class StopToken {
 public:
  StopToken(const Clock& clock, Instant deadline, const std::atomic<bool>* flag = nullptr)
      : clock_(&clock), deadline_(deadline), flag_(flag) {}

  [[nodiscard]] bool expired() const { return clock_->now() >= deadline_; }
  [[nodiscard]] bool cancelled() const { return flag_ != nullptr && flag_->load(std::memory_order_relaxed); }
  [[nodiscard]] bool stop() const { return cancelled() || expired(); }
  [[nodiscard]] Instant deadline() const { return deadline_; }

 private:
  const Clock* clock_;
  Instant deadline_;
  const std::atomic<bool>* flag_;
};

inline constexpr Instant kNoDeadline{std::numeric_limits<std::int64_t>::max()};

}  // namespace phasegate::core
