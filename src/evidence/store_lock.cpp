#include "evidence/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace phasegate::evidence {

StoreLock::StoreLock(StoreLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
StoreLock::~StoreLock() {
  if (fd_ >= 0) ::close(fd_);
}

core::Result<StoreLock> StoreLock::take(const std::filesystem::path& path) {
  const auto io = [&](const char* action) {
    return core::fail(core::Error{core::ErrorKind::io,
                                  fmt::format("{} failed: {}", action, std::generic_category().message(errno)),
                                  path.string(), "check the permissions of the store, or use another --store"});
  };
  StoreLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.fd_ < 0) return io("opening the lock");
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io("locking");
    char pid[32] = {};
    const ssize_t n = ::pread(lock.fd_, pid, sizeof pid - 1, 0);
    std::string holder(pid, n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return core::fail(
        core::Error{core::ErrorKind::conflict,
                    fmt::format("the store is being written by process {}", holder.empty() ? "(unknown)" : holder),
                    path.string(), "wait until it ends, or use another --store"});
  }
  const auto text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock.fd_, 0) != 0 || ::pwrite(lock.fd_, text.data(), text.size(), 0) < 0)
    return io("writing the pid");
  return lock;
}

}  // namespace phasegate::evidence
