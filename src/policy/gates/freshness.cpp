// Evidence grows old: beside newer runs, a candidate that was last measured longer ago than a policy lives is not
// compared with them. (Whether the policy itself has expired is for whoever serves it to ask; decide has no clock.)
#include <fmt/format.h>

#include "policy/gates/gates.h"
#include "policy/stamp.h"

namespace phasegate::policy {

std::optional<Finding> freshness_gate(const GateInput& input) {
  const auto measured = seconds_of_stamp(input.measured_at);
  const auto now = seconds_of_stamp(input.as_of);
  if (!measured || !now) return Finding{"expired", "the run's stamps do not say when it was measured"};
  const double days = (*now - *measured) / 86400;
  if (days <= input.thresholds.expires_days) return std::nullopt;
  return Finding{"expired", fmt::format("last measured {:.0f} days before the newest run, evidence holds {} days", days,
                                        input.thresholds.expires_days)};
}

}  // namespace phasegate::policy
