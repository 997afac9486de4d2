// The evidence of one or more runs, pooled: what gates and comparisons look at. Built once per decision; a value, read
// only afterwards. Runs are pooled only when they describe one world: same boundary, same thresholds, and a name means
// the same candidate in all of them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/result.h"
#include "evidence/candidate.h"
#include "policy/decide.h"
#include "policy/tier.h"

namespace phasegate::policy {

// One candidate, scenario and phase over all runs. Sessions whose warm-up did not converge are counted, not used.
struct PooledCell {
  std::string candidate;
  evidence::Scenario scenario;
  evidence::Phase phase = evidence::Phase::prefill;
  std::vector<analysis::SessionValue> sessions;  // `run` is filled; ordered by run, round
  int unconverged = 0;
  int failures = 0;
  std::string failure_reason;
  std::string skip_reason;  // why planned calls were not made, when none was good
  std::set<std::string> sets;
  std::set<std::string> backends_actual;
  std::set<std::string> compile_grades;
  std::vector<std::pair<std::string, const analysis::CellAnalysis*>> parts;  // run id -> that run's own cell
};

// Planned, but never loaded in any run: there is no candidate to judge, only the reason why there is none.
struct Absent {
  std::string candidate;
  std::string reason;  // the commonest reason code of its records
  int calls = 0;       // that were planned and not made
};

struct Pool {
  std::vector<const RunEvidence*> runs;         // ordered by start, then id
  std::vector<evidence::Candidate> candidates;  // in the order in which they are first listed
  Tiers tiers;
  std::vector<Absent> absent;                                 // by name
  std::map<std::string, const evidence::Accuracy*> accuracy;  // of the newest run that has one
  std::map<std::string, std::string> newest_finish;           // candidate -> finish of the newest run that measured it
  std::map<std::tuple<std::string, evidence::Scenario, evidence::Phase>, PooledCell> cells;
  evidence::Thresholds thresholds;
  core::Json thresholds_json;
  std::string thresholds_sha256;
  core::Json boundary;
  std::string created;  // finish of the newest run

  [[nodiscard]] const PooledCell* find(const std::string& candidate, const evidence::Scenario& scenario,
                                       evidence::Phase phase) const;
  [[nodiscard]] const evidence::Candidate* candidate(const std::string& name) const;
  [[nodiscard]] std::vector<const evidence::Candidate*> of_tier(const std::string& tier) const;
  // Scenarios without depth that any candidate of the tier was measured at.
  [[nodiscard]] std::set<evidence::Scenario> scenarios_of(const std::string& tier) const;
  // The smallest decode fraction that any candidate of the tier has at this scenario: no class rests on one engine.
  [[nodiscard]] std::optional<double> decode_fraction(const std::string& tier,
                                                      const evidence::Scenario& scenario) const;
  // Wall seconds that one more round of the newest run would take; empty when its stamps do not tell.
  [[nodiscard]] std::optional<double> seconds_per_round() const;
};

// `inputs` outlives the pool. Errors (evidence): non-canonical, different boundaries, thresholds or candidates.
[[nodiscard]] core::Result<Pool> pool_runs(const DecideInputs& inputs);

}  // namespace phasegate::policy
