#include "analysis/run_analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "evidence/thresholds.h"

namespace phasegate::analysis {
namespace {

using evidence::Phase;
using evidence::Record;
using evidence::Regime;

evidence::Manifest manifest() {
  evidence::Manifest made;
  made.run_id = "run-a";
  made.thresholds = evidence::to_json(evidence::default_thresholds());
  return made;
}

struct Call {
  int round = 0;
  int number = 0;
  double prefill_ms = 10;
  double decode_ms = 30;
  Regime regime = Regime::steady;
  std::string candidate = "alpha";
  evidence::Status status = evidence::Status::ok;
  evidence::Reason reason = evidence::Reason::none;
};

// Three records of p16-g8-b1 with an e2e that is 2 ms longer than its parts.
std::vector<Record> records_of(const Call& call, std::int64_t first_seq) {
  std::vector<Record> records;
  for (const Phase phase : {Phase::prefill, Phase::decode, Phase::e2e}) {
    Record record;
    record.seq = first_seq++;
    record.candidate_name = call.candidate;
    record.scenario = {16, 8, 1, 0};
    record.round = call.round;
    record.session = "r" + std::to_string(call.round) + "-" + call.candidate;
    record.call = call.number;
    record.phase = phase;
    record.regime = call.regime;
    record.status = call.status;
    record.reason = call.reason;
    record.prompt_tokens_semantic = 16;
    record.generated_tokens = phase == Phase::prefill ? 0 : 8;
    record.backend_actual = "CPUBackend";
    const double ms = phase == Phase::prefill  ? call.prefill_ms
                      : phase == Phase::decode ? call.decode_ms
                                               : call.prefill_ms + call.decode_ms + 2;
    if (call.status == evidence::Status::ok) {
      record.start = core::Instant(0);
      record.stop = core::Instant(static_cast<std::int64_t>(ms * 1e6));
    }
    records.push_back(record);
  }
  return records;
}

RunAnalysis analyze(const std::vector<Call>& calls, const evidence::Manifest& of = manifest(), bool shuffled = false) {
  std::vector<Record> records;
  for (const Call& call : calls) {
    for (Record& record : records_of(call, static_cast<std::int64_t>(records.size()))) records.push_back(record);
  }
  if (shuffled) std::shuffle(records.begin(), records.end(), std::mt19937(3));
  RunAnalyzer analyzer(of);
  for (const Record& record : records) analyzer.add(record);
  return analyzer.finish();
}

const CellAnalysis& cell(const RunAnalysis& analysis, Phase phase, const std::string& candidate = "alpha") {
  const CellAnalysis* found = analysis.find(candidate, {16, 8, 1, 0}, phase);
  EXPECT_NE(found, nullptr);
  return *found;
}

std::vector<Call> five_sessions() {
  std::vector<Call> calls;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i) calls.push_back({round, i, 10.0 + round, 30.0 + round});
  }
  return calls;
}

TEST(RunAnalysis, MedianOfSessionMediansWithAnInterval) {
  const RunAnalysis analysis = analyze(five_sessions());
  const CellAnalysis& prefill = cell(analysis, Phase::prefill);
  EXPECT_DOUBLE_EQ(*prefill.ms.value, 12);
  EXPECT_DOUBLE_EQ(*prefill.tok_s.value, 16 / 0.012);
  EXPECT_EQ(prefill.ms.n, 5U);
  ASSERT_TRUE(prefill.ms.ci95);
  // exp(mean(ln x) -+ t(0.975, 4) sd(ln x) / sqrt(5)) of 10, 11, 12, 13, 14 with t(0.975, 4) = 2.77644510519779
  EXPECT_NEAR(prefill.ms.ci95->low, 10.102294653, 1e-8);
  EXPECT_NEAR(prefill.ms.ci95->high, 14.055234514, 1e-8);
  EXPECT_EQ(prefill.calls_ms.n, 15U);
  EXPECT_EQ(prefill.seqs.size(), 15U);
  EXPECT_DOUBLE_EQ(*prefill.success_rate.value, 1);
}

TEST(RunAnalysis, ASessionCountsOnceHoweverManyCallsItMade) {
  std::vector<Call> calls = five_sessions();
  for (int i = 3; i < 40; ++i) calls.push_back({0, i, 10, 30});
  EXPECT_DOUBLE_EQ(*cell(analyze(calls), Phase::prefill).ms.value, 12);
}

TEST(RunAnalysis, OrderOfRecordsDoesNotMatter) {
  EXPECT_EQ(to_json(analyze(five_sessions())), to_json(analyze(five_sessions(), manifest(), true)));
}

TEST(RunAnalysis, WarmupNeverEntersSteadyAndGivesTheRatio) {
  std::vector<Call> calls = five_sessions();
  const core::Json before = to_json(cell(analyze(calls), Phase::prefill).ms);
  for (int round = 0; round < 5; ++round) {
    calls.push_back({round, -2, 10 * (10.0 + round), 30.0 + round, Regime::warmup});
    calls.push_back({round, -1, 12, 30, Regime::warmup});
  }
  const RunAnalysis analysis = analyze(calls);
  EXPECT_EQ(to_json(cell(analysis, Phase::prefill).ms), before);
  EXPECT_NEAR(*cell(analysis, Phase::prefill).warmup.ratio.value, 10, 1e-9);
  EXPECT_NEAR(*cell(analysis, Phase::prefill).warmup.delta_ms.value, 108, 1e-9);
  EXPECT_EQ(cell(analysis, Phase::prefill).warmup.calls, 10);
}

TEST(RunAnalysis, ControlAndDriftedSessionsAreNotEvidence) {
  evidence::Manifest with_drift = manifest();
  with_drift.sessions = {{"r4-alpha", {{"state", "drifted"}}}};
  const RunAnalysis analysis = analyze(five_sessions(), with_drift);
  EXPECT_EQ(cell(analysis, Phase::prefill).ms.n, 4U);
  RunAnalyzer analyzer(manifest());
  for (Record record : records_of({}, 0)) {
    record.control = true;
    analyzer.add(record);
  }
  EXPECT_TRUE(analyzer.finish().cells.empty());
}

TEST(RunAnalysis, FailuresAreCountedAndTheMachinesFaultIsNotTheEngines) {
  std::vector<Call> calls = five_sessions();
  using evidence::Reason;
  using evidence::Status;
  calls.push_back({0, 50, 0, 0, Regime::steady, "alpha", Status::error, Reason::session_crashed});
  calls.push_back({1, 50, 0, 0, Regime::steady, "alpha", Status::timeout, Reason::deadline_passed});
  calls.push_back({2, 50, 0, 0, Regime::steady, "alpha", Status::error, Reason::session_crashed});
  calls.push_back({3, 50, 0, 0, Regime::steady, "alpha", Status::degraded, Reason::contention});
  calls.push_back({4, 50, 0, 0, Regime::steady, "alpha", Status::skipped, Reason::budget_spent});
  const RunAnalysis analysis = analyze(calls);
  const CellAnalysis& decode = cell(analysis, Phase::decode);
  EXPECT_EQ(decode.failures, 3);
  EXPECT_EQ(decode.failure_reason, "session_crashed");
  EXPECT_DOUBLE_EQ(*decode.success_rate.value, 1 - 3.0 / 18);
  EXPECT_EQ(decode.by_status.at("degraded"), 1);
  EXPECT_EQ(decode.by_status.at("skipped"), 1);
  EXPECT_EQ(decode.ms.n, 5U);
}

TEST(RunAnalysis, TwoCallsAreTooFewForAMedian) {
  const RunAnalysis analysis = analyze({{0, 0}, {0, 1}});
  EXPECT_FALSE(cell(analysis, Phase::prefill).ms.value);
  EXPECT_EQ(cell(analysis, Phase::prefill).ms.reason, "few_samples");
  EXPECT_FALSE(cell(analysis, Phase::prefill).calls_ms.p95.value);
}

TEST(RunAnalysis, FractionAndDiscrepancyAreJoinedByCall) {
  const RunAnalysis analysis = analyze({{0, 0, 10, 30}, {0, 1, 10, 30}, {0, 2, 10, 30}});
  const ShapeAnalysis* shape = analysis.find_shape("alpha", {16, 8, 1, 0});
  ASSERT_NE(shape, nullptr);
  EXPECT_DOUBLE_EQ(*shape->decode_fraction.value, 0.75);
  EXPECT_NEAR(*shape->e2e_discrepancy.value, 2.0 / 42, 1e-12);
}

TEST(RunAnalysis, MeanAndMedianThatDisagreeAreFlagged) {
  std::vector<Call> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back({0, i, 10, i % 4 == 0 ? 200.0 : 20.0});
    calls.push_back({0, i, 10, 30, Regime::steady, "beta"});
  }
  const RunAnalysis analysis = analyze(calls);
  const auto flip = std::find_if(analysis.flips.begin(), analysis.flips.end(),
                                 [](const MeanMedianFlip& one) { return one.phase == Phase::decode; });
  ASSERT_NE(flip, analysis.flips.end());
  EXPECT_EQ(flip->faster_by_median, "alpha");
  EXPECT_EQ(flip->faster_by_mean, "beta");
  EXPECT_TRUE(cell(analysis, Phase::decode).flags.bimodal);
}

TEST(RunAnalysis, FirstSteadyCallThatSticksOut) {
  std::vector<Call> calls;
  for (int i = 0; i < 5; ++i) calls.push_back({0, i, i == 0 ? 25.0 : 10.0, 30});
  const CellFlags flags = cell(analyze(calls), Phase::prefill).flags;
  EXPECT_DOUBLE_EQ(*flags.first_ratio, 2.5);
  EXPECT_TRUE(flags.first_over_2x);
  EXPECT_FALSE(flags.first_over_3x);
}

TEST(RunAnalysis, JsonNamesCellsByKey) {
  const core::Json json = to_json(analyze(five_sessions()));
  EXPECT_TRUE(json.at("cells").contains("alpha/p16-g8-b1/decode"));
  EXPECT_EQ(json.at("cells").at("alpha/p16-g8-b1/decode").at("sessions").size(), 5U);
  EXPECT_TRUE(core::canonical_json(json));
}

}  // namespace
}  // namespace phasegate::analysis
