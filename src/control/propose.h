// From what drifted to the command that mends it. Only commands that exist, with the arguments that made the evidence
// where the store still knows them; what a person has to fill in is named. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/boundary.h"
#include "evidence/policy.h"

namespace phasegate::control {

// What the store and the user know of how the policy came to be.
struct Origin {
  std::vector<std::string> argv;            // of the newest run of the policy that is in the store; empty: unknown
  std::vector<std::string> runs;            // of the policy, those that are in the store
  std::string pricing;                      // file, named by the user or by the run's matrix; empty: unknown
  std::string mix;                          // file, named by the user; empty: unknown
  std::vector<std::string> changed_models;  // files of the user that are none of the policy's
};

struct Proposal {
  std::vector<Trigger> triggers;
  std::string rerun;  // rerun_of
  std::vector<std::string> commands;
  std::string note;  // what a person has to fill in or to know; may be empty
};

// The command line that made a run, ready to be typed again: without --store, --html and --json. Empty when it was no
// `run`, or one that resumed another.
[[nodiscard]] std::optional<std::string> command_of(const std::vector<std::string>& argv,
                                                    const std::vector<std::string>& models);

// One proposal for each part of S0-S3 that a drift asks for, the largest first.
[[nodiscard]] std::vector<Proposal> propose(const evidence::Policy& policy, const std::string& policy_id,
                                            const std::vector<Drift>& drifts, const Origin& origin);

}  // namespace phasegate::control
