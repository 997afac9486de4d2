// What every part of a run needs to see: the plan, the options, the prompts, the clock. Borrowed, read only.
#pragma once

#include <memory>

#include "bench/plan.h"
#include "bench/prompts.h"
#include "bench/recording.h"
#include "bench/runner.h"
#include "bench/session_link.h"

namespace phasegate::bench {

struct Campaign {
  const Plan& plan;
  const RunOptions& options;
  const PromptSource& prompts;
  const core::Clock& clock;
  core::Instant budget_end = core::kNoDeadline;

  [[nodiscard]] bool stopped() const { return options.stop != nullptr && options.stop->load(); }
  [[nodiscard]] bool budget_spent() const { return clock.now() >= budget_end; }
  [[nodiscard]] const CandidateSpec& spec(int candidate) const {
    return plan.matrix.candidates[static_cast<std::size_t>(candidate)];
  }
};

// One question to a session, with every way in which it can end.
struct Asked {
  std::optional<core::Json> content;
  Outcome outcome;       // when there is no content
  bool stopped = false;  // by the user: nothing is recorded, resume asks again
};
// The session's own deadline is `timeout_s`; it is killed a little later, when it did not keep it.
[[nodiscard]] Asked ask(const Campaign& campaign, SessionLink& link, const core::Json& command, double timeout_s);

// A started session that has loaded `spec`; or why not.
struct Started {
  std::unique_ptr<SessionLink> link;  // null when it failed
  LoadAnswer loaded;
  Outcome outcome;
  bool stopped = false;
};
[[nodiscard]] Started start_and_load(const Campaign& campaign, const CandidateSpec& spec,
                                     const engines::Placement& placement);

}  // namespace phasegate::bench
