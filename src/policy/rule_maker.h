// One bucket in, one rule out: gates for each candidate, significance between those that are left, then what the rule
// says when nobody wins.
#pragma once

#include <string>

#include "policy/contest.h"
#include "policy/gates/gates.h"
#include "policy/grid.h"
#include "policy/pool.h"

namespace phasegate::policy {

struct RuleContext {
  const Pool& pool;
  const Contests& contests;
  std::string scope;
  std::string tier;
  std::string default_safe;  // of this tier
};

[[nodiscard]] evidence::Rule make_rule(const RuleContext& context, const Box& box);

// A candidate in the bucket; the contests are left empty.
[[nodiscard]] GateInput gate_input(const Pool& pool, const std::string& scope, const evidence::Candidate& candidate,
                                   evidence::Phase phase, const std::vector<evidence::Scenario>& corners);

// "llamacpp-q8_0/p64-g64-b1/decode#tok_s" inside analysis/cells.json, once for each run that measured the cell.
[[nodiscard]] std::vector<evidence::EvidenceRef> refs_of(const PooledCell& cell, const std::string& field);

}  // namespace phasegate::policy
