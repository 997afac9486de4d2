#include "evidence/bounded_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "core/clock.h"

namespace phasegate::evidence {
namespace {

constexpr std::size_t kMaxOutput = 1 << 20;

// Reads until the end of the output; false at the deadline or above the limit.
bool read_until(int fd, core::Instant deadline, std::string& output) {
  const core::SystemClock clock;
  for (;;) {
    const auto left = core::between(clock.now(), deadline).value / 1'000'000;
    if (left <= 0 || output.size() > kMaxOutput) return false;
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 1000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    char chunk[4096];
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n == 0) return true;
    if (n > 0) output.append(chunk, static_cast<std::size_t>(n));
  }
}

core::Result<std::pair<pid_t, int>> spawn(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return core::fail(core::ErrorKind::io, "pipe: {}", std::generic_category().message(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return core::fail(core::ErrorKind::not_found, "cannot be started: {}", std::generic_category().message(failed));
  }
  return std::pair(child, ends[0]);
}

}  // namespace

core::Result<std::string> run_bounded(const std::vector<std::string>& command, core::Nanos deadline) {
  PHASEGATE_TRY(child, spawn(command));
  std::string output;
  const bool ended = read_until(child.second, core::after(core::SystemClock().now(), deadline), output);
  ::close(child.second);
  if (!ended) ::kill(child.first, SIGKILL);
  int status = 0;
  while (::waitpid(child.first, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return core::fail(core::ErrorKind::timeout, "gave no answer in {} s", core::to_seconds(deadline));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return core::fail(core::ErrorKind::io, "failed with status {}", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  return output;
}

}  // namespace phasegate::evidence
