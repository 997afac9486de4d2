// The lock of a store: one writer at a time on one machine. flock() on <store>/lock, so a dead writer's lock is gone
// with it; the pid inside is for the message alone. Children must not inherit the descriptor (it is close-on-exec): a
// forked child that does not exec keeps the store locked as long as it lives. Internal.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace phasegate::evidence {

class StoreLock {
 public:
  StoreLock() = default;
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

  // Error kind conflict when another process (or another Store of this one) holds it.
  [[nodiscard]] static core::Result<StoreLock> take(const std::filesystem::path& path);

 private:
  explicit StoreLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace phasegate::evidence
