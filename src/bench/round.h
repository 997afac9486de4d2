// One session round: a fresh session for each candidate, then the calls of the plan in their order. One thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/campaign.h"
#include "bench/candidate_session.h"
#include "bench/ledger.h"

namespace phasegate::bench {

struct RoundWork {
  int number = 0;                    // as it stands in the records
  std::optional<int> repeats_round;  // set when it replaces one that drifted
  std::vector<PlannedCall> calls;    // what is still to do, in order
};

// What outlives a round.
struct RoundMemory {
  std::map<int, Outcome> hopeless;      // candidates whose load took its whole time: not tried again
  std::map<std::string, int> attempts;  // session base name -> attempts so far, over all starts of this run
  std::function<void(const char* doing, const std::string& cell)> on_step;  // before each session and each call
  std::function<void(const PlannedCall&)> on_done;                          // the call has its records
};

enum class RoundEnd { done, stopped };

// When the budget ends, the rest of the calls is written as skipped (budget_spent). Errors are faults of the store.
[[nodiscard]] core::Result<RoundEnd> run_round(const Campaign& campaign, Ledger& ledger, const RoundWork& work,
                                               RoundMemory& memory);

// The base of a session's name, "r3-label".
[[nodiscard]] std::string session_base(int round, const std::string& label);

}  // namespace phasegate::bench
