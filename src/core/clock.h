// The clock is injected. Durations come from the steady clock alone; wall time is only a stamp.
// std::chrono::high_resolution_clock is banned: in libstdc++ it is the system clock and can step.
#pragma once

#include <string>

#include "core/units.h"

namespace phasegate::core {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;            // steady, ns; comparable inside one boot of this machine
  [[nodiscard]] virtual std::string utc_stamp() const = 0;  // "2026-01-31T12:00:00.123Z"
};

// Thread-safe: it has no state.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] std::string utc_stamp() const override;
};

// For tests: time moves only when told. One thread.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] std::string utc_stamp() const override { return stamp_; }
  void advance(Nanos by) { now_ = after(now_, by); }
  void set_stamp(std::string stamp) { stamp_ = std::move(stamp); }

 private:
  Instant now_{1'000'000'000};
  std::string stamp_ = "2000-01-01T00:00:00.000Z";
};

}  // namespace phasegate::core
