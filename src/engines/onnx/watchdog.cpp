#include "engines/onnx/watchdog.h"

#include <algorithm>

namespace phasegate::engines::onnx {

namespace {

// Until the token's deadline by the system's clock. A token of another clock is only polled.
std::chrono::nanoseconds until(const core::StopToken& stop) {
  const std::int64_t left = stop.deadline().value - core::SystemClock().now().value;
  return std::clamp<std::chrono::nanoseconds>(std::chrono::nanoseconds(left), std::chrono::milliseconds(1),
                                              Watchdog::kPollPeriod);
}

}  // namespace

Watchdog::Watchdog() : thread_([this] { loop(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watchdog::loop() {
  std::unique_lock lock(mutex_);
  while (!quit_) {
    if (!stop_ || fired_) {
      changed_.wait(lock);
    } else if (stop_->stop()) {
      options_->SetTerminate();
      fired_ = true;
    } else {
      changed_.wait_for(lock, until(*stop_));
    }
  }
}

Watchdog::Watch::Watch(Watchdog& dog, const core::StopToken& stop, Ort::RunOptions& options) : dog_(dog) {
  {
    const std::lock_guard lock(dog.mutex_);
    dog.stop_ = stop;
    dog.options_ = &options;
    dog.fired_ = false;
  }
  dog.changed_.notify_one();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(dog_.mutex_);
  dog_.stop_.reset();
  if (dog_.fired_) dog_.options_->UnsetTerminate();
}

}  // namespace phasegate::engines::onnx
