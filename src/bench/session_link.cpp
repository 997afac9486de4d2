#include "bench/session_link.h"

#include "bench/frame.h"
#include "core/clock.h"

namespace phasegate::bench {

using core::Error;
using core::ErrorKind;
using core::Json;
using evidence::Reason;

namespace {

// A session that was told to stop has a step to finish and an answer to write.
constexpr core::Nanos kStopGrace = core::millis(5'000);

}  // namespace

Answer SessionLink::end(Reason reason, std::string text) {
  over_ = true;
  kill();
  return tl::unexpected(SessionEnd{reason, std::move(text)});
}

Answer SessionLink::end_for(const Error& error) {
  switch (error.kind) {
    case ErrorKind::timeout:
      return end(Reason::deadline_passed, "the session gave no answer before the deadline and was killed");
    case ErrorKind::aborted: return end(Reason::stopped_by_user, "the session was stopped");
    case ErrorKind::io: return end(Reason::session_crashed, "the session ended: " + last_words());
    default: return end(Reason::invalid_output, "the session wrote what is not an answer: " + error.message());
  }
}

Answer SessionLink::ask(const Json& command, const AskLimits& limits) {
  if (over_) return tl::unexpected(SessionEnd{Reason::session_crashed, "the session is over"});
  const core::SystemClock clock;
  FrameWait wait{core::after(clock.now(), limits.wait), limits.stop};
  const auto text = command.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (auto status = write_frame(out(), text, wait); !status) return end_for(status.error());
  auto frame = read_frame(in(), wait);
  if (!frame && frame.error().kind == ErrorKind::aborted) {
    interrupt();
    frame = read_frame(in(), {core::after(clock.now(), kStopGrace), nullptr});
    if (!frame) return end(Reason::stopped_by_user, "the session was stopped");
  }
  if (!frame) return end_for(frame.error());
  auto answer = core::parse_json(*frame, "the session's answer");
  if (!answer) return end_for(answer.error());
  if (!answer->is_object()) return end(Reason::invalid_output, "the session's answer is not an object");
  return std::move(*answer);
}

}  // namespace phasegate::bench
