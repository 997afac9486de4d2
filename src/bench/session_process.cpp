// Sessions as child processes and, for tests, as threads.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "bench/session.h"
#include "bench/session_link.h"

namespace phasegate::bench {

using core::ErrorKind;
using core::Result;

namespace {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }
  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    return core::fail(ErrorKind::io, "a pipe cannot be made: {}", std::generic_category().message(errno));
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// Without it a session that died would end this process at the next write.
void ignore_sigpipe() {
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

// Runs in the child between fork and exec: only calls that are safe after a fork of a program with threads.
[[noreturn]] void become_session(const char* executable, int input, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before prctl
  // Both ends move above the fixed numbers first, so that neither overwrites the other.
  const int high_input = ::fcntl(input, F_DUPFD, kSessionOutput + 1);
  const int high_output = ::fcntl(output, F_DUPFD, kSessionOutput + 1);
  if (high_input < 0 || high_output < 0 || ::dup2(high_input, kSessionInput) < 0 ||
      ::dup2(high_output, kSessionOutput) < 0) {
    ::_exit(127);
  }
  ::close(high_input);
  ::close(high_output);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0 && null != STDIN_FILENO) {
    ::dup2(null, STDIN_FILENO);
    ::close(null);
  }
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execl(executable, executable, "session", static_cast<char*>(nullptr));
  ::_exit(127);
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return fmt::format("signal {} ({})", WTERMSIG(status), name != nullptr ? name : "unknown");
  }
  if (WIFEXITED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  return "unknown";
}

class ProcessLink final : public SessionLink {
 public:
  ProcessLink(pid_t pid, Fd in, Fd out) : pid_(pid), in_(std::move(in)), out_(std::move(out)) {}
  ~ProcessLink() override { kill(); }

 protected:
  int in() const override { return in_.get(); }
  int out() const override { return out_.get(); }
  void interrupt() override {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
  }
  void kill() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    reap();
  }
  std::string last_words() override {
    // Its output is closed, so it is ending; one that is not is killed. Then the status says SIGKILL, which is true.
    for (int slice = 0; slice < 100 && pid_ > 0; ++slice) {
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        words_ = describe(status);
        return words_;
      }
      ::poll(nullptr, 0, 20);
    }
    kill();
    return words_;
  }

 private:
  void reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    words_ = describe(status);
  }

  pid_t pid_;
  Fd in_;
  Fd out_;
  std::string words_;
};

class ThreadLink final : public SessionLink {
 public:
  ThreadLink(Fd ours, Fd theirs, const std::vector<engines::EngineFactory>& factories)
      : ours_(std::move(ours)), theirs_(std::move(theirs)), factories_(factories) {
    thread_ = std::thread([this] {
      words_ = fmt::format("exit code {}", run_session(theirs_.get(), theirs_.get(), factories_, stop_));
      ::shutdown(theirs_.get(), SHUT_RDWR);
    });
  }
  ~ThreadLink() override { kill(); }

 protected:
  int in() const override { return ours_.get(); }
  int out() const override { return ours_.get(); }
  void interrupt() override { stop_.store(true); }
  void kill() override {
    stop_.store(true);
    ::shutdown(ours_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  std::string last_words() override {
    kill();
    return words_;
  }

 private:
  Fd ours_;
  Fd theirs_;
  std::vector<engines::EngineFactory> factories_;
  std::atomic<bool> stop_{false};
  std::string words_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<SessionLink>> start_session_process(const std::filesystem::path& executable) {
  ignore_sigpipe();
  PHASEGATE_TRY(commands, make_pipe());
  PHASEGATE_TRY(answers, make_pipe());
  const std::string path = executable.string();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return core::fail(core::Error{ErrorKind::io, fmt::format("fork failed: {}", std::generic_category().message(errno)),
                                  path, "close other programs and run again"});
  }
  if (pid == 0) become_session(path.c_str(), commands.read.get(), answers.write.get(), parent);
  return std::make_unique<ProcessLink>(pid, std::move(answers.read), std::move(commands.write));
}

Result<std::unique_ptr<SessionLink>> start_session_thread(const std::vector<engines::EngineFactory>& factories) {
  ignore_sigpipe();
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return core::fail(ErrorKind::io, "a socket pair cannot be made: {}", std::generic_category().message(errno));
  }
  return std::make_unique<ThreadLink>(Fd(fds[0]), Fd(fds[1]), factories);
}

}  // namespace phasegate::bench
