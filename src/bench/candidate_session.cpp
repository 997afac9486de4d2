#include "bench/candidate_session.h"

#include <algorithm>
#include <utility>

#include "analysis/drift.h"
#include "analysis/warmup.h"
#include "bench/identity.h"
#include "core/random.h"

namespace phasegate::bench {

using core::Json;
using core::Result;
using evidence::Reason;
using evidence::Regime;
using evidence::Scenario;
using evidence::Status;

namespace {

// Decode steps that touch every kernel of an eager engine.
constexpr int kPathSteps = 8;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

analysis::WarmupRule rule_of(const WarmupPolicy& policy) {
  analysis::WarmupRule rule;
  rule.window = static_cast<std::size_t>(policy.window);
  rule.tolerance = policy.tolerance;
  rule.min_count = static_cast<std::size_t>(std::max(policy.min_calls, policy.window));
  rule.max_count = static_cast<std::size_t>(policy.max_calls);
  return rule;
}

}  // namespace

SessionDrift session_drift(const std::map<int, std::vector<double>>& control_by_block,
                           const evidence::Thresholds& thresholds) {
  std::vector<double> medians;
  for (const auto& [block, values] : control_by_block) {
    if (!values.empty()) medians.push_back(median(values));
  }
  const auto drift = analysis::control_drift(medians, {thresholds.drift});
  if (!drift) return {};
  return {drift->worst_relative, drift->alarm()};
}

CandidateSession::CandidateSession(const Campaign& campaign, Ledger& ledger, Place place, std::set<Scenario> scenarios)
    : campaign_(campaign),
      ledger_(ledger),
      place_(place),
      scenarios_(std::move(scenarios)),
      attempt_(place.first_attempt),
      warmup_row_(campaign.plan.prompt_rows) {
  name_attempt();
}

void CandidateSession::name_attempt() {
  name_ = fmt::format("r{}-{}", place_.round, campaign_.spec(place_.candidate).label);
  if (attempt_ > 1) name_ += fmt::format("-a{}", attempt_);
  names_.push_back(name_);
}

void CandidateSession::note(const char* key, Json value) { ledger_.session(name_)[key] = std::move(value); }

void CandidateSession::fail(const Outcome& outcome) {
  link_.reset();
  note("state", "failed");
  note("reason", outcome.text);
}

engines::Placement CandidateSession::placement() const {
  const CandidateSpec& spec = campaign_.spec(place_.candidate);
  engines::Placement placement;
  placement.device = spec.device;
  placement.threads = spec.threads;
  placement.compile = spec.compile ? engines::CompileMode::on : engines::CompileMode::off;
  placement.max_context = 2;
  // Of the whole plan, not of what is left of it: the same candidate in every session.
  std::vector<Scenario> all = campaign_.plan.matrix.scenarios;
  if (campaign_.plan.matrix.control) all.push_back(campaign_.plan.matrix.control->scenario);
  const auto limit = campaign_.plan.facts.max_context.find(spec.model);
  for (const Scenario& scenario : all) {
    const int tokens = scenario.depth + scenario.prompt_tokens + scenario.gen_tokens;
    if (limit != campaign_.plan.facts.max_context.end() && tokens > limit->second) continue;
    placement.max_context = std::max(placement.max_context, tokens);
    placement.max_batch = std::max(placement.max_batch, scenario.batch);
  }
  placement.session_seed = core::derive_seed(campaign_.plan.matrix.seed, name_);
  return placement;
}

void CandidateSession::give_up(Outcome outcome) {
  failed_ = std::move(outcome);
  fail(*failed_);
}

Result<Step> CandidateSession::open() {
  while (true) {
    PHASEGATE_TRY(step, open_once());
    if (step == Step::stopped || failed_ || link_) return step;
    // It ended during warm-up; the path that ended it is blocked now.
    if (attempt_ - place_.first_attempt + 1 >= kMaxAttempts) {
      failed_ = Outcome{Status::error, Reason::session_crashed,
                        fmt::format("the session ended {} times in this round", kMaxAttempts)};
      return step;
    }
    ++attempt_;
    name_attempt();
  }
}

Result<Step> CandidateSession::open_once() {
  const CandidateSpec& spec = campaign_.spec(place_.candidate);
  number_ = 0;
  control_.clear();
  note("candidate", spec.label);
  note("round", place_.round);
  note("attempt", attempt_);
  note("state", "used");
  note("reason", "");
  note("load_ns", nullptr);
  note("warmup", Json::array());
  note("control_ns", Json::array());
  note("drift", nullptr);
  note("repeats_round", place_.repeats_round ? Json(*place_.repeats_round) : Json(nullptr));
  Started started = start_and_load(campaign_, spec, placement());
  if (started.stopped) return Step::stopped;
  if (!started.link) {
    give_up(started.outcome);
    return Step::done;
  }
  link_ = std::move(started.link);
  loaded_ = std::move(started.loaded);
  note("load_ns", loaded_.load_time.value);
  PHASEGATE_TRY(attributed, attribute());
  if (attributed == Step::stopped || !link_) return attributed;
  return warm_up();
}

Result<Step> CandidateSession::attribute() {
  const double timeout_s = campaign_.plan.matrix.timeouts.load_s;
  const CandidateSpec& spec = campaign_.spec(place_.candidate);
  doubt_ = {};
  Asked asked = ask(campaign_, *link_, attribution_command(timeout_s), timeout_s);
  if (asked.stopped) return Step::stopped;
  if (link_->over()) {
    give_up(asked.outcome);
    return Step::done;
  }
  auto seen = asked.content
                  ? attribution_from(*asked.content)
                  : Result<engines::Attribution>(core::fail(core::ErrorKind::engine, "{}", asked.outcome.text));
  if (!seen) {
    give_up({Status::error, Reason::attribution_unproven, seen.error().message()});
    return Step::done;
  }
  candidate_ = make_candidate(
      {spec, *campaign_.plan.matrix.find_model(spec.model), loaded_.facts, *seen, placement().max_batch});
  const bool first = ledger_.candidate(spec.label) == nullptr;
  const std::string difference = ledger_.learn(candidate_);
  if (!difference.empty()) {
    // What ran belongs to no candidate of this run: its records bear the first one's id and are not ok.
    candidate_.id = ledger_.candidate(spec.label)->id;
    doubt_ = {Status::degraded, Reason::attribution_unproven,
              "not the candidate that its first session was: " + difference};
  } else if (candidate_.fallback) {
    doubt_ = {Status::degraded, Reason::provider_fallback, candidate_.fallback_reason};
  }
  if (first) PHASEGATE_CHECK_OK(ledger_.save());
  return Step::done;
}

// Scenarios of the plan, so that each warm-up call belongs to a cell: all of them, or for each path the one with the
// fewest decode steps that still are kPathSteps (the most, when none has as many).
std::vector<Scenario> CandidateSession::warmup_shapes() const {
  const auto better = [](const Scenario& a, const Scenario& b) {
    const bool enough = a.gen_tokens >= kPathSteps;
    if (enough != (b.gen_tokens >= kPathSteps)) return enough;
    return enough ? a.gen_tokens < b.gen_tokens : a.gen_tokens > b.gen_tokens;
  };
  std::vector<Scenario> shapes;
  for (const Scenario& scenario : scenarios_) {
    if (blocked_.count(scenario) != 0) continue;
    const auto same =
        std::find_if(shapes.begin(), shapes.end(), [&](const Scenario& other) { return warms(other, scenario); });
    if (same == shapes.end()) {
      shapes.push_back(scenario);
    } else if (better(scenario, *same)) {
      *same = scenario;
    }
  }
  return shapes;
}

bool CandidateSession::warms(const Scenario& shape, const Scenario& scenario) const {
  Scenario same_steps = shape;
  if (campaign_.plan.matrix.warmup.scope == WarmupPolicy::Scope::path) same_steps.gen_tokens = scenario.gen_tokens;
  return same_steps == scenario;
}

Result<Step> CandidateSession::warm_up() {
  for (const Scenario& shape : warmup_shapes()) {
    PHASEGATE_TRY(step, warm_path(shape));
    if (step == Step::stopped) return step;
    if (!link_) return Step::done;
  }
  return Step::done;
}

Result<Step> CandidateSession::warm_path(const Scenario& shape) {
  PHASEGATE_TRY(convergence, analysis::WarmupConvergence::create(rule_of(campaign_.plan.matrix.warmup)));
  Json trajectory = Json::array();
  while (convergence.state() == analysis::WarmupState::running) {
    if (campaign_.stopped()) return Step::stopped;
    if (campaign_.budget_spent()) break;
    PlannedCall planned;
    planned.round = place_.round;
    planned.order = static_cast<int>(convergence.count());
    planned.first_row = warmup_row_;
    planned.candidate = place_.candidate;
    planned.scenario = shape;
    warmup_row_ += shape.batch;
    Called called = make_call(planned, Regime::warmup);
    if (called.stopped) return Step::stopped;
    PHASEGATE_CHECK_OK(ledger_.append(called.records));
    trajectory.push_back(called.e2e ? Json(called.e2e->value) : Json(nullptr));
    convergence.push(called.e2e ? static_cast<double>(called.e2e->value) : 0);
    if (link_->over()) {
      const evidence::Record& last = called.records.back();
      const Outcome outcome{last.status, last.reason, "in warm-up: " + last.error};
      for (const Scenario& scenario : scenarios_) {
        if (warms(shape, scenario)) blocked_[scenario] = outcome;
      }
      fail(outcome);
      break;
    }
  }
  ledger_.session(name_)["warmup"].push_back({{"scenario", shape.id()},
                                              {"e2e_ns", std::move(trajectory)},
                                              {"converged", convergence.state() == analysis::WarmupState::converged},
                                              {"calls", convergence.count()}});
  return Step::done;
}

CallContext CandidateSession::context(const PlannedCall& planned, Regime regime) {
  const CandidateSpec& spec = campaign_.spec(place_.candidate);
  CallContext context;
  context.call = planned;
  context.label = spec.label;
  context.requested = spec.engine;
  context.session = name_;
  context.number = number_++;
  context.regime = regime;
  context.doubt = doubt_;
  if (candidate_.name.empty()) return context;
  context.candidate = candidate_.id;
  context.backend_actual = candidate_.identity.backend;
  context.compile_grade = candidate_.compile_grade;
  context.timing_source = loaded_.timing_source;
  return context;
}

CandidateSession::Called CandidateSession::make_call(const PlannedCall& planned, Regime regime) {
  const double timeout_s = campaign_.plan.matrix.timeouts.call_s;
  const Scenario& scenario = planned.scenario;
  CallContext context = this->context(planned, regime);
  PromptRows prompts = campaign_.prompts.rows(planned.first_row, scenario.batch,
                                              scenario.depth + scenario.prompt_tokens, loaded_.facts.n_vocab);
  context.prompt_hash = prompts.hash;
  context.prompts_distinct = prompts.distinct;
  const CallCommand command{std::move(prompts.rows), scenario.gen_tokens, timeout_s};
  Asked asked = ask(campaign_, *link_, to_json(command), timeout_s);
  Called called;
  called.stopped = asked.stopped;
  if (called.stopped) return called;
  Outcome outcome = asked.outcome;
  if (asked.content) {
    auto answer = call_answer_from(*asked.content);
    if (answer) {
      called.stopped = answer->error && answer->error->kind == core::ErrorKind::aborted;
      called.records = records_of(context, *answer);
      judge_contention(called.records, *answer);
      if (answer->prefill && answer->decode) called.e2e = core::between(answer->prefill->start, answer->decode->stop);
      return called;
    }
    outcome = {Status::error, Reason::invalid_output, answer.error().message()};
  }
  called.records = records_without_result(context, outcome);
  return called;
}

void CandidateSession::judge_contention(std::vector<evidence::Record>& records, const CallAnswer& answer) const {
  const bool marked = is_contended(answer.contention, answer.window, online_cores(), campaign_.options.thresholds);
  for (evidence::Record& record : records) record.contention.marked = marked;
}

Result<Step> CandidateSession::restart_if_needed() {
  if (failed_ || link_) return Step::done;
  if (attempt_ - place_.first_attempt + 1 >= kMaxAttempts) {
    failed_ = Outcome{Status::error, Reason::session_crashed,
                      fmt::format("the session ended {} times in this round", kMaxAttempts)};
    return Step::done;
  }
  ++attempt_;
  name_attempt();
  return open();
}

Result<Step> CandidateSession::call(const PlannedCall& planned) {
  const auto blocked = blocked_.find(planned.scenario);
  if (blocked != blocked_.end()) {
    const Outcome& outcome = blocked->second;
    PHASEGATE_CHECK_OK(
        write_off(planned, {outcome.status, outcome.reason, "not tried again in this round: " + outcome.text}));
    return Step::done;
  }
  PHASEGATE_TRY(restarted, restart_if_needed());
  if (restarted == Step::stopped) return restarted;
  if (blocked_.count(planned.scenario) != 0) return call(planned);  // its warm-up ended the new session
  if (failed_) {
    PHASEGATE_CHECK_OK(write_off(planned, *failed_));
    return Step::done;
  }
  Called called = make_call(planned, Regime::steady);
  if (called.stopped) return Step::stopped;
  PHASEGATE_CHECK_OK(ledger_.append(called.records));
  const evidence::Record& last = called.records.back();
  // A call that ran into its deadline would do so again, at the full price.
  if (link_->over() || last.status == Status::timeout) {
    blocked_[planned.scenario] = {last.status, last.reason, last.error};
  }
  if (link_->over()) fail({last.status, last.reason, last.error});
  if (planned.control && called.e2e) {
    control_[planned.block].push_back(static_cast<double>(called.e2e->value));
    ledger_.session(name_)["control_ns"].push_back(called.e2e->value);
  }
  return Step::done;
}

core::Status CandidateSession::write_off(const PlannedCall& planned, const Outcome& outcome) {
  return ledger_.append(records_without_result(context(planned, Regime::steady), outcome));
}

void CandidateSession::close() {
  if (link_) (void)ask(campaign_, *link_, quit_command(), 0);
  link_.reset();
  if (!ledger_.has_session(name_)) return;  // the budget ended before it was opened
  const SessionDrift drift = session_drift(control_, campaign_.options.thresholds);
  note("drift", drift.relative ? core::finite_or_null(*drift.relative) : Json(nullptr));
  if (drift.alarm && ledger_.session(name_)["state"] == "used") {
    note("state", "drifted");
    note("reason", fmt::format("the control cell moved by {:.1f} % inside the session", *drift.relative * 100));
  }
}

}  // namespace phasegate::bench
