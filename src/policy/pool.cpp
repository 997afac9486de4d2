#include "policy/pool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "evidence/store.h"
#include "policy/stamp.h"

namespace phasegate::policy {
namespace {

using core::ErrorKind;
using evidence::Phase;
using evidence::Scenario;

core::Status check_run(const RunEvidence& run) {
  const std::string& id = run.manifest.run_id;
  if (!run.validation.canonical && !evidence::only_provisional(run.validation)) {
    std::vector<std::string> issues;
    for (const evidence::Issue& issue : run.validation.issues) {
      issues.push_back(fmt::format("{} at {}: {}", issue.rule, issue.where, issue.what));
      if (issues.size() == 5) break;
    }
    const char* whose = evidence::is_imported(run.manifest) ? "an import of another tool's result" : "not canonical";
    return core::fail(core::Error{ErrorKind::evidence,
                                  fmt::format("the run is {} and can make no policy: {} issue(s): {}", whose,
                                              run.validation.issues.size(), fmt::join(issues, "; ")),
                                  id, "`phasegate validate " + id + "` lists all of them"});
  }
  if (run.manifest.state != "complete" && run.manifest.state != "provisional") {
    return core::fail(core::Error{ErrorKind::evidence, "the run is " + run.manifest.state, id,
                                  "finish it with `phasegate run --resume " + id + "`"});
  }
  if (run.manifest.candidates.empty()) {
    return core::fail(core::Error{ErrorKind::evidence, "no candidate of the run ever loaded", id,
                                  "`phasegate doctor` says which engines work here"});
  }
  return {};
}

core::Status check_same_world(const Pool& pool) {
  const RunEvidence& first = *pool.runs.front();
  const core::Json boundary = evidence::boundary_of(first.manifest.environment, {});
  for (const RunEvidence* run : pool.runs) {
    const core::Json other = evidence::boundary_of(run->manifest.environment, {});
    if (other != boundary) {
      return core::fail(core::Error{ErrorKind::evidence,
                                    "runs of different boundaries make no common policy: the machine or its software "
                                    "differs from that of run " +
                                        first.manifest.run_id,
                                    run->manifest.run_id, "decide on the runs of one boundary alone"});
    }
    for (const evidence::Candidate& candidate : run->manifest.candidates) {
      const evidence::Candidate* known = pool.candidate(candidate.name);
      if (known != nullptr && known->id != candidate.id) {
        return core::fail(
            core::Error{ErrorKind::evidence,
                        fmt::format("the runs call two different candidates {}: {} and {}", candidate.name,
                                    known->id.value.substr(0, 12), candidate.id.value.substr(0, 12)),
                        run->manifest.run_id,
                        "an engine, model or type changed: measure again, or leave "
                        "the older run out"});
      }
    }
  }
  return {};
}

core::Status choose_thresholds(const DecideInputs& inputs, Pool& pool) {
  if (inputs.thresholds) {
    pool.thresholds = *inputs.thresholds;
    pool.thresholds_json = evidence::to_json(pool.thresholds);
    PHASEGATE_TRY(hash, core::json_hash(pool.thresholds_json));
    pool.thresholds_sha256 = hash;
    return {};
  }
  const evidence::Manifest& first = pool.runs.front()->manifest;
  for (const RunEvidence* run : pool.runs) {
    if (run->manifest.thresholds_sha256 != first.thresholds_sha256) {
      return core::fail(core::Error{ErrorKind::evidence, "the runs were made under different thresholds",
                                    run->manifest.run_id, "give the ones to decide by with --thresholds FILE"});
    }
  }
  PHASEGATE_TRY(thresholds, evidence::thresholds_from_json(first.thresholds));
  pool.thresholds = thresholds;
  pool.thresholds_json = first.thresholds;
  pool.thresholds_sha256 = first.thresholds_sha256;
  return {};
}

// manifest.sessions: session -> {"warmup": [{"scenario": id, "converged": bool}]}. An eager engine is warmed once for
// each prompt and batch, a compiler for each scenario, so the warm-up of a scenario is that of its prompt and batch.
bool warmed_up(const evidence::Manifest& manifest, const std::string& session, const Scenario& scenario) {
  if (!manifest.sessions.is_object()) return false;
  const auto facts = manifest.sessions.find(session);
  if (facts == manifest.sessions.end() || !facts->is_object()) return false;
  const auto warmups = facts->find("warmup");
  if (warmups == facts->end() || !warmups->is_array()) return false;
  const std::string path = fmt::format("p{}-", scenario.prompt_tokens);
  const std::string batch = fmt::format("-b{}", scenario.batch);
  bool seen = false;
  for (const core::Json& warmup : *warmups) {
    const std::string id = warmup.value("scenario", "");
    const bool exact = id == scenario.id();
    const bool same_path = id.starts_with(path) && (id.ends_with(batch) || id.find(batch + "-") != std::string::npos);
    if (!exact && !same_path) continue;
    const bool converged = warmup.value("converged", false);
    if (exact) return converged;
    seen = true;
    if (!converged) return false;
  }
  return seen;
}

void add_cells(const RunEvidence& run, Pool& pool) {
  for (const analysis::CellAnalysis& cell : run.analysis.cells) {
    PooledCell& pooled = pool.cells[{cell.candidate, cell.scenario, cell.phase}];
    pooled.candidate = cell.candidate;
    pooled.scenario = cell.scenario;
    pooled.phase = cell.phase;
    pooled.sets.insert(cell.set);
    pooled.failures += cell.failures;
    if (!cell.failure_reason.empty()) pooled.failure_reason = cell.failure_reason;
    if (cell.sessions.empty()) {
      for (const auto& [reason, count] : cell.by_reason) pooled.skip_reason = reason;
    }
    for (const auto& [backend, count] : cell.backends_actual) pooled.backends_actual.insert(backend);
    for (const auto& [grade, count] : cell.compile_grades) pooled.compile_grades.insert(grade);
    for (analysis::SessionValue session : cell.sessions) {
      if (!warmed_up(run.manifest, session.session, cell.scenario)) {
        ++pooled.unconverged;
        continue;
      }
      session.run = run.manifest.run_id;
      pooled.sessions.push_back(std::move(session));
    }
    pooled.parts.emplace_back(run.manifest.run_id, &cell);
  }
}

std::vector<Absent> find_absent(const Pool& pool) {
  std::map<std::string, std::map<std::string, int>> reasons;
  for (const auto& [key, cell] : pool.cells) {
    if (cell.phase != Phase::e2e || pool.candidate(cell.candidate) != nullptr) continue;
    for (const auto& [run, part] : cell.parts) {
      for (const auto& [reason, count] : part->by_reason) reasons[cell.candidate][reason] += count;
    }
  }
  std::vector<Absent> absent;
  for (const auto& [candidate, counts] : reasons) {
    Absent one{candidate, {}, 0};
    int most = 0;
    for (const auto& [reason, count] : counts) {
      if (count > most) one.reason = reason;
      most = std::max(most, count);
      one.calls += count;
    }
    absent.push_back(std::move(one));
  }
  return absent;
}

}  // namespace

core::Result<RunEvidence> read_run_evidence(const std::filesystem::path& run) {
  PHASEGATE_TRY(manifest, evidence::read_manifest(run));
  PHASEGATE_TRY(validation, evidence::validate_run(run));
  RunEvidence evidence{std::move(manifest), std::move(validation), {}};
  // What does not validate is not analysed: decide refuses it with the validation's own words.
  if (evidence.validation.canonical || evidence::only_provisional(evidence.validation)) {
    PHASEGATE_TRY(analysis, analysis::analyze_run(run));
    evidence.analysis = std::move(analysis);
  }
  return evidence;
}

core::Result<Pool> pool_runs(const DecideInputs& inputs) {
  if (inputs.runs.empty()) {
    return core::fail(core::Error{ErrorKind::invalid_input, "no run to decide on", {}, "name a run, or `last`"});
  }
  Pool pool;
  for (const RunEvidence& run : inputs.runs) {
    PHASEGATE_CHECK_OK(check_run(run));
    pool.runs.push_back(&run);
  }
  std::sort(pool.runs.begin(), pool.runs.end(), [](const RunEvidence* a, const RunEvidence* b) {
    return std::tie(a->manifest.started, a->manifest.run_id) < std::tie(b->manifest.started, b->manifest.run_id);
  });
  for (const RunEvidence* run : pool.runs) {
    for (const evidence::Candidate& candidate : run->manifest.candidates) {
      if (pool.candidate(candidate.name) == nullptr) pool.candidates.push_back(candidate);
    }
  }
  PHASEGATE_CHECK_OK(check_same_world(pool));
  pool.tiers = Tiers(pool.candidates);
  PHASEGATE_CHECK_OK(choose_thresholds(inputs, pool));
  pool.boundary = evidence::boundary_of(pool.runs.back()->manifest.environment, pool.candidates);
  for (const RunEvidence* run : pool.runs) {
    const std::string finished = run->manifest.finished.value_or(run->manifest.started);
    pool.created = std::max(pool.created, finished);
    for (const evidence::Accuracy& accuracy : run->manifest.accuracy) {
      pool.accuracy[accuracy.candidate_name] = &accuracy;
    }
    for (const evidence::Candidate& candidate : run->manifest.candidates) {
      std::string& newest = pool.newest_finish[candidate.name];
      newest = std::max(newest, finished);
    }
    add_cells(*run, pool);
  }
  pool.absent = find_absent(pool);
  return pool;
}

const PooledCell* Pool::find(const std::string& candidate_name, const Scenario& scenario, Phase phase) const {
  const auto found = cells.find({candidate_name, scenario, phase});
  return found == cells.end() ? nullptr : &found->second;
}

const evidence::Candidate* Pool::candidate(const std::string& name) const {
  const auto found =
      std::find_if(candidates.begin(), candidates.end(), [&name](const auto& known) { return known.name == name; });
  return found == candidates.end() ? nullptr : &*found;
}

std::vector<const evidence::Candidate*> Pool::of_tier(const std::string& tier) const {
  std::vector<const evidence::Candidate*> members;
  for (const evidence::Candidate& known : candidates) {
    if (tiers.of(known.name) == tier) members.push_back(&known);
  }
  return members;
}

std::set<Scenario> Pool::scenarios_of(const std::string& tier) const {
  std::set<Scenario> scenarios;
  for (const auto& [key, cell] : cells) {
    if (cell.scenario.depth == 0 && tiers.of(cell.candidate) == tier) scenarios.insert(cell.scenario);
  }
  return scenarios;
}

std::optional<double> Pool::decode_fraction(const std::string& tier, const Scenario& scenario) const {
  std::optional<double> smallest;
  for (const evidence::Candidate* known : of_tier(tier)) {
    for (const RunEvidence* run : runs) {
      const analysis::ShapeAnalysis* shape = run->analysis.find_shape(known->name, scenario);
      if (shape == nullptr || !shape->decode_fraction.value) continue;
      smallest = std::min(smallest.value_or(1), *shape->decode_fraction.value);
    }
  }
  return smallest;
}

std::optional<double> Pool::seconds_per_round() const {
  const evidence::Manifest& manifest = runs.back()->manifest;
  const auto start = seconds_of_stamp(manifest.started);
  const auto stop = seconds_of_stamp(manifest.finished.value_or(""));
  std::set<int> rounds;
  for (const auto& [key, cell] : cells) {
    for (const analysis::SessionValue& session : cell.sessions) {
      if (session.run == manifest.run_id) rounds.insert(session.round);
    }
  }
  if (!start || !stop || *stop <= *start || rounds.empty()) return std::nullopt;
  return (*stop - *start) / static_cast<double>(rounds.size());
}

}  // namespace phasegate::policy
