// watch: the verdict over the policy in force, made of the boundary, the mix and what the history says already. A
// policy that was marked stale stays so until it is approved again, through a rollback too: a drift that came and went
// is a reason to look, not to forget. Pure; the caller reads the machine and writes the step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/boundary.h"
#include "control/mix.h"
#include "control/propose.h"
#include "control/standing.h"
#include "core/json.h"
#include "evidence/policy.h"

namespace phasegate::control {

struct WatchReport {
  std::string policy_id;
  std::string expires;
  std::string now;
  Comparison boundary;  // drifts of the mix included
  std::optional<MixDistance> mix;
  std::vector<Drift> unrecorded;           // drifts that the history does not know yet
  std::optional<std::string> stale_since;  // marked before
  std::vector<evidence::StepDrift> marked;
  std::vector<Proposal> proposals;
  [[nodiscard]] bool stale() const { return !boundary.drifts.empty() || stale_since.has_value(); }
};

[[nodiscard]] WatchReport watch(const evidence::Policy& policy, const std::string& policy_id, const Here& here,
                                const std::optional<MixDistance>& mix, const Standing& standing, const Origin& origin);

// The step that marks the policy; empty when the history knows every drift already.
[[nodiscard]] std::optional<evidence::Step> stale_step(const WatchReport& report, const std::string& who);

[[nodiscard]] std::string to_text(const WatchReport& report);
[[nodiscard]] core::Json to_json(const WatchReport& report);

}  // namespace phasegate::control
