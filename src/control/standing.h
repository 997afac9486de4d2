// What the history adds up to: which policy is in force, what it can roll back to, which windows are frozen, whether
// somebody marked it stale. A fold over verified steps (evidence/approvals.h); pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "evidence/approvals.h"

namespace phasegate::control {

struct Freeze {
  evidence::FreezeWindow window;
  std::string who;
  std::string why;
  std::int64_t seq = 0;
};

struct Standing {
  std::optional<std::string> approved;     // in force
  std::optional<std::size_t> approved_at;  // its step
  // The line of policies that rollback goes back along: each approval adds to it, a rollback cuts it.
  std::vector<std::string> line;
  std::vector<std::string> ever;           // all that were approved once
  std::vector<Freeze> freezes;             // not lifted
  std::vector<evidence::StepDrift> stale;  // of the policy in force, since it was last approved
  std::optional<std::string> stale_since;

  // The window that holds this moment. Stamps compare as text: all are UTC of one form.
  [[nodiscard]] const Freeze* frozen(const std::string& now) const;
};

[[nodiscard]] Standing standing_of(const evidence::History& history);

[[nodiscard]] std::string history_text(const evidence::History& history);
[[nodiscard]] core::Json history_json(const evidence::History& history);

}  // namespace phasegate::control
