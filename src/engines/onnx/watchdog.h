// Ends a running pass when its stop token fires: ONNX Runtime looks at RunOptions' terminate flag between nodes, and
// somebody has to set it while the engine's own thread is inside Run.
//
// One thread that sleeps on a condition variable until the deadline, at most kPollPeriod at a time, for a cancellation
// comes without a signal. Ten wake-ups a second of a few microseconds each; nothing while no call is watched.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/stop.h"
#include "engines/onnx/ort_api.h"

namespace phasegate::engines::onnx {

class Watchdog {
 public:
  static constexpr std::chrono::milliseconds kPollPeriod{100};

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // While it lives, `options` is told to terminate as soon as the token fires; afterwards the flag is clear again.
  // At most one at a time.
  class Watch {
   public:
    Watch(Watchdog& dog, const core::StopToken& stop, Ort::RunOptions& options);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Watchdog& dog_;
  };

 private:
  void loop();

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::optional<core::StopToken> stop_;  // empty = nothing to watch
  Ort::RunOptions* options_ = nullptr;
  bool fired_ = false;
  bool quit_ = false;
  std::thread thread_;
};

}  // namespace phasegate::engines::onnx
