// One rule for each claim of the whitepaper: which facts decide it, and how. Internal to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "claims/ledger.h"

namespace phasegate::claims {

struct LedgerFinding {
  Standing status = Standing::not_supported;
  std::string because;
  std::vector<const Fact*> evidence;
};

[[nodiscard]] bool has_rule(std::string_view name);
[[nodiscard]] LedgerFinding apply_rule(std::string_view name, const FactBook& facts);  // has_rule(name)

}  // namespace phasegate::claims
