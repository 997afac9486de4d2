#include "policy/decide.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "policy/classify.h"
#include "policy/contest.h"
#include "policy/default_safe.h"
#include "policy/economics.h"
#include "policy/gates/gates.h"
#include "policy/grid.h"
#include "policy/pool.h"
#include "policy/rule_maker.h"
#include "policy/stamp.h"
#include "policy/tables.h"

namespace phasegate::policy {
namespace {

using evidence::Rule;

struct Kept {
  const Box* box;
  Rule rule;
};

// Larger boxes come first. A face is kept when it says more than the boxes that hold it: a winner where they have none,
// or where no box of its class reaches.
std::vector<Rule> make_rules(const RuleContext& context, const std::vector<Box>& boxes) {
  std::vector<Kept> kept;
  for (const Box& box : boxes) {
    Rule rule = make_rule(context, box);
    bool covered = false;
    bool covered_by_winner = false;
    for (const Kept& larger : kept) {
      if (!box.inside(*larger.box)) continue;
      covered = true;
      covered_by_winner = covered_by_winner || larger.rule.winner.has_value();
    }
    if (!covered || (rule.winner && !covered_by_winner)) kept.push_back({&box, std::move(rule)});
  }
  std::vector<Rule> rules;
  for (Kept& one : kept) rules.push_back(std::move(one.rule));
  std::stable_sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
    return std::tie(a.workload, a.bucket) < std::tie(b.workload, b.bucket);
  });
  return rules;
}

// Candidates of the tier that pass the gates which concern a candidate alone.
std::vector<std::string> fit_candidates(const Pool& pool, const std::string& scope, const std::string& tier) {
  std::vector<std::string> names;
  for (const evidence::Candidate* candidate : pool.of_tier(tier)) {
    const GateInput input = gate_input(pool, scope, *candidate, evidence::Phase::e2e, {});
    if (!ask_gates(input, false)) names.push_back(candidate->name);
  }
  return names;
}

Contests::Division division_of(std::vector<std::string> names, const std::vector<Box>& boxes) {
  std::set<Contests::ShapeKey> shapes;
  for (const Box& box : boxes) {
    for (const evidence::Scenario& corner : box.corners) shapes.insert({corner, phase_of(box.workload)});
  }
  return {std::move(names), {shapes.begin(), shapes.end()}};
}

void mark_provisional(const Pool& pool, evidence::Policy& policy) {
  std::vector<std::string> reasons;
  for (const RunEvidence* run : pool.runs) {
    if (run->manifest.state != "provisional") continue;
    const std::string& why = run->manifest.state_reason;
    reasons.push_back(fmt::format("run {}: {}", run->manifest.run_id, why.empty() ? "provisional" : why));
  }
  policy.provisional = !reasons.empty();
  policy.provisional_reason = fmt::format("{}", fmt::join(reasons, "; "));
}

core::Status check_inputs(const DecideInputs& inputs) {
  if (inputs.scope != "engine" && inputs.scope != "service") {
    return core::fail(core::Error{core::ErrorKind::invalid_input, "unknown scope " + inputs.scope, "scope",
                                  "it is engine or service"});
  }
  for (const Weight& weight : inputs.weights) {
    if (!(weight.share > 0)) {
      return core::fail(core::Error{core::ErrorKind::invalid_input,
                                    fmt::format("the share {} is not above 0", weight.share),
                                    "weights: " + weight.scenario.id(), "give each shape its share of the traffic"});
    }
  }
  return {};
}

}  // namespace

core::Result<evidence::Policy> decide(const DecideInputs& inputs) {
  PHASEGATE_CHECK_OK(check_inputs(inputs));
  PHASEGATE_TRY(pool, pool_runs(inputs));
  std::map<std::string, std::vector<Box>> boxes;
  std::map<std::string, std::vector<std::string>> fit;
  std::map<std::string, DefaultSafe> default_safe;
  std::vector<Contests::Division> divisions;
  for (const std::string& tier : pool.tiers.names()) {
    PHASEGATE_TRY(safe, choose_default_safe(pool, tier));
    default_safe[tier] = safe;
    const auto fraction = [&](const evidence::Scenario& scenario) { return pool.decode_fraction(tier, scenario); };
    boxes[tier] = boxes_of(pool.scenarios_of(tier), fraction, pool.thresholds);
    fit[tier] = fit_candidates(pool, inputs.scope, tier);
    divisions.push_back(division_of(fit[tier], boxes[tier]));
  }
  PHASEGATE_TRY(contests, Contests::hold(pool, divisions));
  evidence::Policy policy;
  policy.scope = inputs.scope;
  policy.created = pool.created;
  policy.expires = add_days(pool.created, pool.thresholds.expires_days);
  for (const RunEvidence* run : pool.runs) {
    policy.runs.push_back(run->manifest.run_id);
    policy.run_hashes.push_back(run->validation.manifest_sha256);
  }
  policy.boundary = pool.boundary;
  policy.thresholds = pool.thresholds_json;
  policy.thresholds_sha256 = pool.thresholds_sha256;
  const DefaultSafe& first_safe = default_safe.at(pool.tiers.names().front());
  policy.default_safe = first_safe.candidate;
  policy.default_safe_reason = first_safe.reason;
  policy.candidates = pool.candidates;
  for (const std::string& tier : pool.tiers.names()) {
    const RuleContext context{pool, contests, inputs.scope, tier, default_safe.at(tier).candidate};
    for (Rule& rule : make_rules(context, boxes[tier])) policy.rules.push_back(std::move(rule));
  }
  policy.economics = economics_of(pool, inputs.pricing, inputs.weights);
  policy.tables = tables_of(pool, contests, default_safe);
  PHASEGATE_TRY(global, global_winners(pool, fit, inputs.weights));
  policy.tables["global"] = global;
  mark_provisional(pool, policy);
  return policy;
}

}  // namespace phasegate::policy
