#include "bench/runner.h"

#include "bench/run_fixture.h"
#include "core/clock.h"

namespace phasegate::bench {
namespace {

using evidence::Phase;
using evidence::Reason;
using evidence::Record;
using evidence::Regime;
using evidence::Status;

std::size_t planned(const std::vector<Record>& records) {
  std::size_t count = 0;
  for (const Record& record : records) count += record.regime == Regime::steady ? 1U : 0U;
  return count;
}

TEST_F(RunTest, EndsCompleteAndCanonicalWithTheRecordsThatThePlanPromised) {
  const Plan plan = plan_for({});
  const RunOutcome outcome = run(plan, options());
  EXPECT_EQ(outcome.state, "complete") << outcome.state_reason;
  const auto records = records_of_run(outcome.folder);
  EXPECT_EQ(static_cast<std::int64_t>(planned(records)), plan.records_expected);
  EXPECT_GT(records.size(), planned(records));  // warm-up
  expect_canonical(outcome.folder);
  EXPECT_EQ(outcome.manifest.candidates.size(), 2U);
  EXPECT_EQ(outcome.manifest.plan_sha256, plan.hash);
}

TEST_F(RunTest, TheFasterEngineHasTheShorterDecode) {
  const RunOutcome outcome = run(plan_for({}), options());
  for (const Record& record : records_of_run(outcome.folder)) {
    ASSERT_EQ(record.status, Status::ok) << record.error;
    if (record.phase != Phase::decode) continue;
    const double ms_per_step = core::to_ms(*record.duration()) / record.scenario.gen_tokens;
    EXPECT_EQ(record.candidate_name == "fast", ms_per_step < 3) << record.cell << " " << ms_per_step;
    EXPECT_EQ(static_cast<int>(record.steps.size()), record.scenario.gen_tokens);
  }
}

TEST_F(RunTest, EachRoundIsAFreshSessionOfEachCandidate) {
  const RunOutcome outcome = run(plan_for({}), options());
  std::set<std::string> sessions;
  for (const auto& [name, entry] : outcome.manifest.sessions.items()) sessions.insert(name);
  EXPECT_EQ(sessions, (std::set<std::string>{"r0-fast", "r0-slow", "r1-fast", "r1-slow"}));
}

TEST_F(RunTest, WarmupIsRecordedAsSuchAndEndsOnConvergence) {
  SimMatrix sim;
  sim.models = {{"warm", "warmup: {factor: 20, decay: 0.3}\n"}};
  sim.scenarios = "  list: [{prompt: 8, gen: 8, batch: 1}]\n";
  sim.rounds = 1;
  const RunOutcome outcome = run(plan_for(sim), options());
  std::vector<double> warm;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.regime == Regime::warmup && record.phase == Phase::e2e) warm.push_back(core::to_ms(*record.duration()));
  }
  ASSERT_GT(warm.size(), 4U);
  EXPECT_GT(warm.front(), 5 * warm.back());
  const auto& entry = outcome.manifest.sessions.at("r0-warm").at("warmup").at(0);
  EXPECT_TRUE(entry.at("converged").get<bool>());
  EXPECT_EQ(entry.at("e2e_ns").size(), warm.size());
}

TEST_F(RunTest, NanIsADegradedOutcomeOfItsCallAlone) {
  SimMatrix sim;
  sim.models[1].profile = "faults: [{kind: nan, phase: decode, call: 20}]\n";
  const RunOutcome outcome = run(plan_for(sim), options());
  EXPECT_EQ(outcome.state, "complete");
  int bad = 0;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.status == Status::ok) continue;
    ++bad;
    EXPECT_EQ(record.candidate_name, "slow");
    EXPECT_EQ(record.status, Status::degraded);
    EXPECT_EQ(record.reason, Reason::invalid_output) << record.error;
    EXPECT_FALSE(record.duration());
  }
  EXPECT_EQ(bad, 2 * 2);  // decode and e2e, in both rounds; the prefill before it is good
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, TooFewTokensHaveTheirReason) {
  SimMatrix sim;
  sim.models[1].profile = "faults: [{kind: few_tokens, phase: decode, call: 20}]\n";
  const RunOutcome outcome = run(plan_for(sim), options());
  int bad = 0;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.status == Status::ok) continue;
    ++bad;
    EXPECT_EQ(record.reason, Reason::too_few_tokens) << record.error;
  }
  EXPECT_EQ(bad, 4);
}

TEST_F(RunTest, AHangRunsIntoTheDeadlineAndItsCellIsNotTriedAgainInTheRound) {
  SimMatrix sim;
  sim.models[1].profile = "faults: [{kind: hang, phase: prefill, call: 22}]\n";
  sim.more += "timeouts: {call_s: 5}\n";
  const Plan plan = plan_for(sim);
  const RunOutcome outcome = run(plan, options());
  const auto records = records_of_run(outcome.folder);
  int late = 0;
  for (const Record& record : records) {
    if (record.status == Status::ok) continue;
    EXPECT_EQ(record.status, Status::timeout) << record.error;
    EXPECT_EQ(record.reason, Reason::deadline_passed);
    ++late;
  }
  EXPECT_GE(late, 2 * 3);
  EXPECT_EQ(static_cast<std::int64_t>(planned(records)), plan.records_expected);
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, AModelThatDoesNotLoadGivesErrorsAndTheOtherCandidateGoesOn) {
  SimMatrix sim;
  sim.models[1].profile = "no_such_key: 1\n";
  const Plan plan = plan_for(sim);
  const RunOutcome outcome = run(plan, options());
  EXPECT_EQ(outcome.state, "complete");
  const auto records = records_of_run(outcome.folder);
  for (const Record& record : records) {
    if (record.candidate_name == "slow") {
      EXPECT_EQ(record.status, Status::error);
      EXPECT_EQ(record.reason, Reason::load_failed);
      EXPECT_NE(record.error.find("no_such_key"), std::string::npos);
    } else {
      EXPECT_EQ(record.status, Status::ok);
    }
  }
  EXPECT_EQ(static_cast<std::int64_t>(planned(records)), plan.records_expected);
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, AnEngineThatIsNotInstalledIsSkippedWithTheWayToGetIt) {
  RunOptions with_absent = options();
  with_absent.factories[0].probe = [] { return engines::EngineAvailability{false, "", "no library", "get it so"}; };
  const RunOutcome outcome = run(plan_for({}), with_absent);
  for (const Record& record : records_of_run(outcome.folder)) {
    EXPECT_EQ(record.status, Status::skipped);
    EXPECT_EQ(record.reason, Reason::toolchain_missing);
    EXPECT_NE(record.error.find("get it so"), std::string::npos);
  }
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, ASilentFallbackIsDegradedNeverOk) {
  SimMatrix sim;
  sim.models[1].profile = "attribution: {decode_nodes: {CPU: 90, GPU: 10}}\n";
  const RunOutcome outcome = run(plan_for(sim), options());
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.candidate_name == "fast") continue;
    EXPECT_EQ(record.status, Status::degraded);
    EXPECT_EQ(record.reason, Reason::provider_fallback);
  }
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, CombinationsBeyondTheContextAreSkippedRecords) {
  facts_.max_context = {{"slow", 20}};
  const Plan plan = plan_for({});
  const RunOutcome outcome = run(plan, options());
  std::set<std::string> skipped;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.status != Status::skipped) continue;
    EXPECT_EQ(record.reason, Reason::incompatible_combination);
    skipped.insert(record.cell);
  }
  EXPECT_EQ(skipped, (std::set<std::string>{"slow/p16-g8-b1", "slow/p16-g8-b2"}));
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, ADriftingRoundIsRepeatedUnderItsOwnNumberAndDoesNotCount) {
  SimMatrix sim;
  sim.models[1].profile = "noise: {drift_per_second: 0.5}\n";
  const Plan plan = plan_for(sim);
  const RunOutcome outcome = run(plan, options());
  EXPECT_EQ(outcome.state, "provisional");
  EXPECT_NE(outcome.state_reason.find("drifted, and so did its repetition"), std::string::npos) << outcome.state_reason;
  EXPECT_EQ(outcome.manifest.sessions.at("r2-slow").at("repeats_round"), 0);
  EXPECT_EQ(outcome.manifest.sessions.at("r3-slow").at("repeats_round"), 1);
  EXPECT_FALSE(session_counts(outcome.manifest, "r0-slow"));
  EXPECT_FALSE(session_counts(outcome.manifest, "r0-fast"));  // the pair goes together
  EXPECT_EQ(outcome.manifest.counts.expected, 2 * plan.records_expected);
  EXPECT_EQ(static_cast<std::int64_t>(planned(records_of_run(outcome.folder))), outcome.manifest.counts.expected);
}

TEST_F(RunTest, ARepetitionThatIsSteadyMakesTheRunComplete) {
  SimMatrix sim;
  sim.rounds = 5;
  sim.models[1].profile = "noise: {drift_per_second: 0.5, drift_probability: 0.2}\n";
  sim.more += "seed: 3\n";
  const RunOutcome outcome = run(plan_for(sim), options());
  int counting = 0;
  int drifted = 0;
  for (const auto& [name, entry] : outcome.manifest.sessions.items()) {
    counting += session_counts(outcome.manifest, name) ? 1 : 0;
    drifted += session_counts(outcome.manifest, name) ? 0 : 1;
  }
  EXPECT_EQ(outcome.state, "complete") << outcome.state_reason;
  EXPECT_EQ(counting, 10);
  EXPECT_GT(drifted, 0);
  expect_canonical(outcome.folder);
}

// Time passes by one second at each look, so that a budget ends at a known place without waiting.
class TickingClock final : public core::Clock {
 public:
  core::Instant now() const override {
    now_ = core::after(now_, core::seconds(1));
    return now_;
  }
  std::string utc_stamp() const override { return "2000-01-01T00:00:00.000Z"; }

 private:
  mutable core::Instant now_{0};
};

TEST_F(RunTest, WhatTheBudgetDoesNotReachSaysSoAndWhatItReachedIsBalanced) {
  const TickingClock clock;
  RunOptions short_run = options();
  short_run.clock = &clock;
  short_run.budget_s = 150;
  const Plan plan = plan_for({});
  const RunOutcome outcome = run(plan, short_run);
  EXPECT_EQ(outcome.state, "complete");
  std::map<std::string, int> measured;
  int spent = 0;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.regime != Regime::steady || record.phase != Phase::e2e) continue;
    if (record.status == Status::ok && !record.control) ++measured[record.cell];
    if (record.reason == Reason::budget_spent) {
      EXPECT_EQ(record.status, Status::skipped);
      ++spent;
    }
  }
  EXPECT_GT(spent, 0);
  ASSERT_FALSE(measured.empty());
  int least = 1000;
  int most = 0;
  for (const auto& [cell, n] : measured) {
    least = std::min(least, n);
    most = std::max(most, n);
  }
  EXPECT_LE(most - least, 2);  // one round
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, ABudgetThatIsSpentBeforeASessionOpensStillWritesEveryCall) {
  const TickingClock clock;
  RunOptions none = options();
  none.clock = &clock;
  none.budget_s = 0;
  const Plan plan = plan_for({});
  const RunOutcome outcome = run(plan, none);
  EXPECT_EQ(outcome.state, "complete");
  const auto records = records_of_run(outcome.folder);
  EXPECT_EQ(static_cast<std::int64_t>(records.size()), plan.records_expected);
  for (const Record& record : records) EXPECT_EQ(record.reason, Reason::budget_spent);
  expect_canonical(outcome.folder);
}

TEST_F(RunTest, ProgressEndsAtTheTotalAndKnowsTheTimeLeft) {
  Progress last;
  std::int64_t before = 0;
  RunOptions watched = options();
  watched.on_progress = [&](const Progress& progress) {
    EXPECT_GE(progress.done, before);
    before = progress.done;
    last = progress;
  };
  const Plan plan = plan_for({});
  (void)run(plan, watched);
  EXPECT_EQ(last.done, plan.calls());
  EXPECT_EQ(last.total, plan.calls());
  ASSERT_TRUE(last.eta_s);
  EXPECT_NEAR(*last.eta_s, 0, 1e-6);
}

TEST_F(RunTest, AStopLeavesAnInterruptedRunAndResumeEndsInTheSameCells) {
  const Plan plan = plan_for({});
  const auto whole = cells_of(records_of_run(run(plan, options()).folder));

  RunOptions interrupted = options();
  interrupted.on_progress = [this](const Progress& progress) {
    if (progress.done == 25) stop_.store(true);
  };
  const RunOutcome cut = run(plan, interrupted);
  EXPECT_EQ(cut.state, "interrupted");
  EXPECT_LT(planned(records_of_run(cut.folder)), static_cast<std::size_t>(plan.records_expected));

  stop_.store(false);
  auto store = open_store();
  const auto resumed = resume(store, cut.run_id, options());
  ASSERT_TRUE(resumed) << resumed.error().message();
  EXPECT_EQ(resumed->state, "complete");
  EXPECT_EQ(cells_of(records_of_run(resumed->folder)), whole);
  EXPECT_TRUE(resumed->manifest.sessions.contains("r0-fast-a2"));
  expect_canonical(resumed->folder);
}

// As after kill -9: the manifest is in its first phase and the last line may be torn.
TEST_F(RunTest, ResumeAfterAKillAtAnyRecordEndsInTheSameCells) {
  SimMatrix sim;
  sim.scenarios = "  axes: {prompt: [8], gen: [4, 8]}\n";
  const Plan plan = plan_for(sim);
  const RunOutcome outcome = run(plan, options());
  const auto records = records_of_run(outcome.folder);
  const auto whole = cells_of(records);
  for (const std::size_t kept :
       {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{47}, records.size() - 1}) {
    evidence::Manifest manifest = outcome.manifest;
    manifest.run_id = "killed-" + std::to_string(kept);
    manifest.state = "running";
    manifest.finished.reset();
    manifest.sessions = core::Json::object();  // died before it was saved
    auto store = open_store();
    {
      auto writer = store.create_run(manifest, to_json(plan));
      ASSERT_TRUE(writer) << writer.error().message();
      for (std::size_t i = 0; i < kept; ++i) ASSERT_TRUE(writer->append(records[i]));
      std::ofstream(writer->folder() / "records.jsonl", std::ios::app) << R"({"version":1,"seq)";
    }
    const auto resumed = resume(store, manifest.run_id, options());
    ASSERT_TRUE(resumed) << resumed.error().message();
    EXPECT_EQ(resumed->state, "complete");
    EXPECT_EQ(cells_of(records_of_run(resumed->folder)), whole) << kept;
    expect_canonical(resumed->folder);
  }
}

TEST_F(RunTest, ARunOfAnotherPlanIsNotResumed) {
  const Plan plan = plan_for({});
  evidence::Manifest manifest = run(plan, options()).manifest;
  auto store = open_store();
  manifest.run_id = "other";
  core::Json stored = to_json(plan);
  stored["records_expected"] = 1;
  const auto writer = store.create_run(manifest, stored);
  ASSERT_TRUE(writer) << writer.error().message();
  const auto resumed = resume(store, "other", options());
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().kind, core::ErrorKind::conflict) << resumed.error().message();
}

TEST_F(RunTest, AccuracyIsMeasuredAgainstTheReference) {
  SimMatrix sim;
  sim.models = {{"exact", "name: exact\n"},
                {"bad", "attribution: {weight_type: q8_0}\naccuracy: {perturb: 3}\n"},
                {"reference", "name: reference\n"}};
  sim.rounds = 1;
  sim.more = "accuracy: {tokens: 64, greedy_tokens: 8, reference: {engine: sim, model: reference}}\n";
  const RunOutcome outcome = run(plan_for(sim), options());
  std::map<std::string, evidence::Accuracy> by_name;
  for (const auto& accuracy : outcome.manifest.accuracy) by_name[accuracy.candidate_name] = accuracy;
  EXPECT_EQ(by_name.at("exact").status, "pass") << by_name.at("exact").reason;
  EXPECT_EQ(by_name.at("exact").greedy_equal_tokens, 9);
  EXPECT_DOUBLE_EQ(*by_name.at("exact").delta_fraction, 0);
  EXPECT_EQ(by_name.at("bad").status, "fail");
  EXPECT_LT(*by_name.at("bad").top1_agreement, 0.9);
}

}  // namespace
}  // namespace phasegate::bench
