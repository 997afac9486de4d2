// policy.tables: what the card shows beside the rules. Every number with its run, file and key, so that a card needs
// nothing but its policy. Keys: runs, environment, cells, shapes, accuracy, family, flags, conflicts, tiers, absent,
// global, energy.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "policy/contest.h"
#include "policy/decide.h"
#include "policy/default_safe.h"
#include "policy/pool.h"

namespace phasegate::policy {

[[nodiscard]] core::Json tables_of(const Pool& pool, const Contests& contests,
                                   const std::map<std::string, DefaultSafe>& default_safe);

// The one candidate for everything, which only declared weights can name (requirement 118): per tier
// {"tier", "winner"|null, "reason", "ratio", "ci95", "p_adjusted", "against", "weights"}.
[[nodiscard]] core::Result<core::Json> global_winners(const Pool& pool,
                                                      const std::map<std::string, std::vector<std::string>>& fit,
                                                      const std::vector<Weight>& weights);

}  // namespace phasegate::policy
