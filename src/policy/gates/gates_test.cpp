// Each gate alone: an input that passes all of them, and one change that trips exactly the gate under test.
#include "policy/gates/gates.h"

#include <gtest/gtest.h>

#include <limits>

namespace phasegate::policy {
namespace {

using analysis::Outcome;

class Gates : public testing::Test {
 protected:
  Gates() {
    candidate.identity.engine = "sim";
    candidate.identity.backend = "CPUBackend";
    candidate.identity.device = "CPU";
    candidate.identity.weight_type = "q8_0";
    candidate.name = "alpha";
    candidate.prefill_nodes_by_device = {{"CPU", 300}};
    candidate.decode_nodes_by_device = {{"CPU", 300}};
    candidate.weight_tensors_by_type = {{"q8_0", 210}, {"f32", 61}};
    accuracy.status = "pass";
    accuracy.delta_fraction = 0.001;
    accuracy.top1_agreement = 0.97;
    cell.candidate = "alpha";
    cell.scenario = scenario;
    cell.sets = {"S1"};
    cell.backends_actual = {"CPUBackend"};
    cell.compile_grades = {"not_requested"};
    for (int round = 0; round < 5; ++round) cell.sessions.push_back({"run-a", round, "", 40, 25, 25, 4});
    contest.a = "alpha";
    contest.b = "beta";
    contest.scenario = scenario;
    contest.comparison.n = 5;
    contest.comparison.ratio = 1.5;
    contest.comparison.ci95 = analysis::Interval{1.4, 1.6};
    contest.p_adjusted = 0.001;
    contest.verdict = {Outcome::winner_a, "separated", false};
  }

  GateInput input() {
    GateInput made{candidate, &accuracy, thresholds, "engine", "2026-01-10T10:00:00.000Z", "2026-01-10T10:00:00.000Z",
                   {},        {}};
    made.corners.push_back({scenario, &cell, tail, {contest}});
    return made;
  }

  // The gate that says no, and its reason; "none" when all pass.
  std::string rejection() {
    const auto no = ask_gates(input(), true);
    if (!no) return "none";
    EXPECT_FALSE(no->finding.detail.empty());
    return std::string(no->gate) + ": " + no->finding.reason;
  }

  evidence::Scenario scenario{64, 64, 1, 0};
  evidence::Candidate candidate;
  evidence::Accuracy accuracy;
  evidence::Thresholds thresholds = evidence::default_thresholds();
  PooledCell cell;
  TailEvidence tail;
  Contest contest;
};

TEST_F(Gates, AllPass) { EXPECT_EQ(rejection(), "none"); }

TEST_F(Gates, AttributionFallback) {
  candidate.fallback = true;
  EXPECT_EQ(rejection(), "attribution: provider_fallback");
}

TEST_F(Gates, AttributionNodesUnknown) {
  candidate.decode_nodes_by_device.clear();
  EXPECT_EQ(rejection(), "attribution: attribution_unproven");
}

TEST_F(Gates, AttributionNodesMostlyElsewhere) {
  candidate.identity.device = "CUDA";
  candidate.prefill_nodes_by_device = {{"CPU", 290}, {"CUDA", 10}};
  candidate.decode_nodes_by_device = {{"CPU", 10}, {"CUDA", 290}};
  EXPECT_EQ(rejection(), "attribution: provider_fallback");
  candidate.prefill_nodes_by_device = {{"CPU", 10}, {"CUDA", 290}};  // shape arithmetic beside a GPU is normal
  EXPECT_EQ(rejection(), "none");
}

TEST_F(Gates, AttributionLabelWithoutTensors) {
  candidate.weight_tensors_by_type = {{"f32", 271}};
  EXPECT_EQ(rejection(), "attribution: attribution_unproven");
}

TEST_F(Gates, AttributionRecordsDisagree) {
  cell.backends_actual = {"CPUBackend", "OtherBackend"};
  EXPECT_EQ(rejection(), "attribution: provider_fallback");
}

TEST_F(Gates, AccuracyMissingNanOrTooFarOff) {
  accuracy.status = "missing";
  EXPECT_EQ(rejection(), "accuracy: accuracy_missing");
  accuracy.status = "pass";
  accuracy.delta_fraction = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(rejection(), "accuracy: accuracy_missing");
  accuracy.delta_fraction = 0.0201;
  EXPECT_EQ(rejection(), "accuracy: accuracy_failed");
  accuracy.delta_fraction = 0.0199;
  EXPECT_EQ(rejection(), "none");
  accuracy.status = "fail";
  EXPECT_EQ(rejection(), "accuracy: accuracy_failed");
}

TEST_F(Gates, AccuracyBoundFollowsThePrecision) {
  accuracy.delta_fraction = 0.004;
  candidate.identity.weight_type = "f16";
  candidate.weight_tensors_by_type = {{"f16", 210}};
  EXPECT_EQ(rejection(), "none");
  candidate.identity.weight_type = "f32";
  candidate.weight_tensors_by_type = {{"f32", 271}};
  EXPECT_EQ(rejection(), "accuracy: accuracy_failed");
}

TEST_F(Gates, AccuracyTopOneAgreement) {
  accuracy.top1_agreement = 0.89;
  EXPECT_EQ(rejection(), "accuracy: accuracy_failed");
}

TEST_F(Gates, Scope) {
  cell.sets = {"S1", "S3"};
  EXPECT_EQ(rejection(), "scope: wrong_scope");
}

TEST_F(Gates, Freshness) {
  GateInput old = input();
  old.measured_at = "2025-12-11T10:00:00.000Z";  // 30 days: still good
  EXPECT_FALSE(freshness_gate(old));
  old.measured_at = "2025-12-11T09:59:59.000Z";
  ASSERT_TRUE(freshness_gate(old));
  EXPECT_EQ(freshness_gate(old)->reason, "expired");
  old.measured_at = "yesterday";
  EXPECT_TRUE(freshness_gate(old));
}

TEST_F(Gates, CompileNeedsAWitnessForEachCallAndItsTail) {
  candidate.identity.compile = true;
  for (const char* grade : {"label_only", "counter_consistent", "refuted", "not_requested"}) {
    cell.compile_grades = {grade};
    EXPECT_EQ(rejection(), "compile: compile_unproven") << grade;
  }
  cell.compile_grades = {"witnessed", "label_only"};
  EXPECT_EQ(rejection(), "compile: compile_unproven");
  cell.compile_grades = {"witnessed"};
  EXPECT_EQ(rejection(), "compile: compile_unproven");  // no p99 yet
  tail.compiled_p99_ms = 11;
  tail.eager_p99_ms = 10;
  EXPECT_EQ(rejection(), "compile: slower");
  tail.compiled_p99_ms = 10;
  EXPECT_EQ(rejection(), "none");
}

TEST_F(Gates, EnergyOnlyWhereItIsRanked) {
  GateInput made = input();
  EXPECT_FALSE(energy_gate(made));
  made.energy.ranked = true;
  for (const char* status : {"no_data", "gappy", "estimate", "invalid"}) {
    made.energy.status = status;
    ASSERT_TRUE(energy_gate(made)) << status;
    EXPECT_EQ(energy_gate(made)->reason, "energy_no_data");
  }
  for (const char* status : {"good", "billable"}) {
    made.energy.status = status;
    EXPECT_FALSE(energy_gate(made)) << status;
  }
}

TEST_F(Gates, EnvelopeNeverMeasured) {
  GateInput made = input();
  made.corners.push_back({{128, 64, 1, 0}, nullptr, {}, {}});
  const auto no = ask_gates(made, false);
  ASSERT_TRUE(no);
  EXPECT_EQ(no->gate, "envelope");
  EXPECT_EQ(no->finding.kind, FindingKind::unfit);
}

TEST_F(Gates, EnvelopeSkippedSaysWhy) {
  cell.sessions.clear();
  cell.skip_reason = "shape_out_of_range";
  EXPECT_EQ(rejection(), "envelope: shape_out_of_range");
}

TEST_F(Gates, EnvelopeOneFailureIsOneTooMany) {
  cell.failures = 1;
  cell.failure_reason = "out_of_memory";
  EXPECT_EQ(rejection(), "envelope: out_of_memory");
}

TEST_F(Gates, WarmupOnlyWhenItLeavesTooFew) {
  cell.unconverged = 2;
  EXPECT_EQ(rejection(), "none");  // five good sessions remain
  cell.sessions.pop_back();
  EXPECT_EQ(rejection(), "warmup: warmup_not_converged");
}

TEST_F(Gates, SessionsAreThinNotUnfit) {
  cell.sessions.pop_back();
  const auto no = ask_gates(input(), false);
  ASSERT_TRUE(no);
  EXPECT_EQ(no->gate, "sessions");
  EXPECT_EQ(no->finding.kind, FindingKind::thin);
}

TEST_F(Gates, SignificanceSaysWhatIsMissing) {
  contest.verdict = {Outcome::winner_b, "separated", false};
  EXPECT_EQ(rejection(), "significance: slower");
  contest.verdict = {Outcome::tie, "effect_below_threshold", false};
  EXPECT_EQ(rejection(), "significance: effect_too_small");
  contest.verdict = {Outcome::tie, "not_significant", false};
  EXPECT_EQ(rejection(), "significance: not_significant");
  contest.verdict = {Outcome::tie, "interval_includes_one", false};
  EXPECT_EQ(rejection(), "significance: interval_includes_one");
  contest.verdict = {Outcome::tie, "not_significant", true};
  EXPECT_EQ(rejection(), "significance: tie");
  contest.verdict = {Outcome::too_few, "few_sessions", false};
  EXPECT_EQ(rejection(), "significance: few_sessions");
}

TEST_F(Gates, SignificanceFlipAndConflictOverrideAWin) {
  contest.flip = true;
  EXPECT_EQ(rejection(), "significance: mean_median_flip");
  contest.conflict = true;
  contest.conflict_detail = "run-a says so, run-b not";
  EXPECT_EQ(rejection(), "significance: conflicting_runs");
}

TEST_F(Gates, SignificanceNeedsEveryCorner) {
  GateInput made = input();
  Contest lost = contest;
  lost.verdict = {Outcome::winner_b, "separated", false};
  made.corners.push_back({{128, 64, 1, 0}, &cell, {}, {lost}});
  const auto no = ask_gates(made, true);
  ASSERT_TRUE(no);
  EXPECT_EQ(no->finding.reason, "slower");
}

TEST_F(Gates, OrderIsSafetyThenEvidenceThenMerit) {
  candidate.fallback = true;
  accuracy.status = "missing";
  cell.sessions.clear();
  EXPECT_EQ(rejection(), "attribution: provider_fallback");
  candidate.fallback = false;
  EXPECT_EQ(rejection(), "accuracy: accuracy_missing");
}

}  // namespace
}  // namespace phasegate::policy
