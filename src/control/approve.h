// Which step may be written: approve, rollback, freeze and lift as pure functions that either give the step or refuse
// with the reason. A refusal that can be set aside says with which option; setting it aside is written into the step.
#pragma once

#include <optional>
#include <string>

#include "control/boundary.h"
#include "control/standing.h"
#include "core/result.h"
#include "evidence/approvals.h"
#include "evidence/policy.h"

namespace phasegate::control {

struct Author {
  std::string who;
  std::string why;
  std::string now;  // UTC stamp
};

struct ApproveRequest {
  std::string policy_id;
  std::string against;        // id of the policy that the approver compared it with; empty: not said
  std::string other_machine;  // why a policy of another machine is right here; empty: refuse it
  std::string override_;      // why the freeze does not hold for this; empty: it holds
};

// Refuses (kind evidence): a provisional or expired policy, one of another machine or stack, a moment inside a freeze;
// (conflict): `against` missing or not the policy in force, which somebody else may have changed meanwhile.
[[nodiscard]] core::Result<evidence::Step> approve(const evidence::Policy& policy, const Comparison& boundary,
                                                   const Standing& standing, const ApproveRequest& request,
                                                   const Author& author);

// The policy that was in force before, or a named one that was approved earlier here. Inside a freeze a rollback is the
// way out of an incident, so it is allowed, and the step says so.
[[nodiscard]] core::Result<std::string> rollback_target(const Standing& standing,
                                                        const std::optional<std::string>& named);
// `policy` is the target. Refuses (evidence) an expired one unless `override_reason` says why.
[[nodiscard]] core::Result<evidence::Step> rollback(const evidence::Policy& policy, const std::string& policy_id,
                                                    const Standing& standing, const std::string& override_reason,
                                                    const Author& author);

// Stamps or days ("2026-12-20", taken as its first moment); until must lie after from and after now.
[[nodiscard]] core::Result<evidence::Step> freeze(const std::string& from, const std::string& until,
                                                  const Author& author);
[[nodiscard]] core::Result<evidence::Step> lift(const Standing& standing, const Author& author);

}  // namespace phasegate::control
