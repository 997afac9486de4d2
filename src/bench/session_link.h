// The parent's end of a session: it asks one command and waits for the answer, up to a deadline. Whatever else happens
// (the session crashed, hung, was stopped, or wrote garbage) is a SessionEnd with a reason, and the session is then
// over and its process gone. One owner, one thread.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/stop.h"
#include "engines/engine.h"
#include "evidence/reason.h"

namespace phasegate::bench {

struct SessionEnd {
  evidence::Reason reason = evidence::Reason::session_crashed;
  std::string text;
};

using Answer = tl::expected<core::Json, SessionEnd>;

struct AskLimits {
  core::Nanos wait;                         // of real time; then the session is killed
  const std::atomic<bool>* stop = nullptr;  // then it is asked to end its call, and killed if it does not
};

class SessionLink {
 public:
  SessionLink() = default;
  SessionLink(const SessionLink&) = delete;
  SessionLink& operator=(const SessionLink&) = delete;
  virtual ~SessionLink() = default;

  [[nodiscard]] Answer ask(const core::Json& command, const AskLimits& limits);
  [[nodiscard]] bool over() const { return over_; }

 protected:
  // Descriptors of this end.
  [[nodiscard]] virtual int in() const = 0;
  [[nodiscard]] virtual int out() const = 0;
  virtual void interrupt() = 0;  // ends the call that runs
  virtual void kill() = 0;       // the session is gone afterwards; harmless when it is already
  // After the other side closed: how it ended, e.g. "signal 11 (Segmentation fault)".
  [[nodiscard]] virtual std::string last_words() = 0;

 private:
  [[nodiscard]] Answer end(evidence::Reason reason, std::string text);
  [[nodiscard]] Answer end_for(const core::Error& error);

  bool over_ = false;
};

// A child process `executable session`, with the pipe ends at kSessionInput and kSessionOutput. It dies with this
// process, and by the destructor. Its standard output goes to standard error.
[[nodiscard]] core::Result<std::unique_ptr<SessionLink>> start_session_process(const std::filesystem::path& executable);

// The same messages with a thread over a socket pair: for tests and sanitizers. An engine that hangs beyond its stop
// token or crashes takes the program with it.
[[nodiscard]] core::Result<std::unique_ptr<SessionLink>> start_session_thread(
    const std::vector<engines::EngineFactory>& factories);

}  // namespace phasegate::bench
