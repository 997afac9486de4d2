#include "bench/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>

namespace phasegate::bench {
namespace {

const evidence::Thresholds kThresholds;

AccuracyMeasurement measured(double nll, const std::string& weight_type) {
  AccuracyMeasurement measured;
  measured.score = ScoreAnswer{std::vector<double>(100, nll), std::vector<engines::TokenId>(100, 5)};
  measured.greedy = GreedyAnswer{{1, 2, 3, 4}, {1, 1, 1, 1}};
  measured.weight_type = weight_type;
  return measured;
}

evidence::Accuracy judge(const AccuracyMeasurement& candidate, const std::optional<AccuracyMeasurement>& reference) {
  return judge_accuracy({"c", "f32", "hash"}, candidate, reference, kThresholds);
}

TEST(Accuracy, ThresholdComesFromTheWeightType) {
  EXPECT_EQ(allowed_growth("f32", kThresholds), kThresholds.accuracy_f32);
  EXPECT_EQ(allowed_growth("f16", kThresholds), kThresholds.accuracy_f16);
  EXPECT_EQ(allowed_growth("bf16", kThresholds), kThresholds.accuracy_f16);
  EXPECT_EQ(allowed_growth("q8_0", kThresholds), kThresholds.accuracy_int8);
  EXPECT_EQ(allowed_growth("q4_0", kThresholds), kThresholds.accuracy_int4);
  EXPECT_FALSE(allowed_growth("mystery", kThresholds));
}

TEST(Accuracy, PerplexityIsTheExponentialOfTheMean) {
  const auto accuracy = judge(measured(2.0, "q8_0"), measured(2.0, "f32"));
  EXPECT_NEAR(*accuracy.perplexity, std::exp(2.0), 1e-12);
  EXPECT_EQ(accuracy.status, "pass");
  EXPECT_EQ(accuracy.scored_tokens, 100);
}

TEST(Accuracy, EachWeightTypeFailsBeyondItsOwnGrowth) {
  const auto reference = measured(2.0, "f32");
  const auto by_growth = [&](double growth, const char* type) {
    return judge(measured(2.0 + std::log(1 + growth), type), reference).status;
  };
  EXPECT_EQ(by_growth(0.0009, "f32"), "pass");
  EXPECT_EQ(by_growth(0.0011, "f32"), "fail");
  EXPECT_EQ(by_growth(0.0049, "f16"), "pass");
  EXPECT_EQ(by_growth(0.0051, "f16"), "fail");
  EXPECT_EQ(by_growth(0.019, "q8_0"), "pass");
  EXPECT_EQ(by_growth(0.021, "q8_0"), "fail");
}

TEST(Accuracy, BetterBeyondTheToleranceIsSaid) {
  const auto accuracy = judge(measured(1.9, "q8_0"), measured(2.0, "f32"));
  EXPECT_EQ(accuracy.status, "pass");
  EXPECT_NE(accuracy.reason.find("below the reference"), std::string::npos);
}

TEST(Accuracy, LittleAgreementFails) {
  AccuracyMeasurement candidate = measured(2.0, "q4_0");
  for (std::size_t i = 0; i < 11; ++i) candidate.score->best[i] = 6;
  const auto accuracy = judge(candidate, measured(2.0, "f32"));
  EXPECT_NEAR(*accuracy.top1_agreement, 0.89, 1e-12);
  EXPECT_EQ(accuracy.status, "fail");
}

TEST(Accuracy, Fp32TokensMayPartOnlyWhereTheReferenceIsUndecided) {
  AccuracyMeasurement candidate = measured(2.0, "f32");
  AccuracyMeasurement reference = measured(2.0, "f32");
  candidate.greedy->tokens = {1, 2, 9, 9};
  reference.greedy->gaps = {1, 1, 1e-4, 1};
  auto accuracy = judge(candidate, reference);
  EXPECT_EQ(accuracy.greedy_equal_tokens, 2);
  EXPECT_DOUBLE_EQ(*accuracy.gap_at_divergence, 1e-4);
  EXPECT_EQ(accuracy.status, "pass");
  reference.greedy->gaps[2] = 0.5;
  EXPECT_EQ(judge(candidate, reference).status, "fail");
  candidate.weight_type = "q8_0";  // another weight type may part anywhere
  EXPECT_EQ(judge(candidate, reference).status, "pass");
}

TEST(Accuracy, WhatIsMissingSaysSoAndIsNoPass) {
  EXPECT_EQ(judge(measured(2.0, "f32"), std::nullopt).status, "missing");
  AccuracyMeasurement failed;
  failed.failure = "it crashed";
  EXPECT_EQ(judge(failed, measured(2.0, "f32")).reason, "it crashed");
  EXPECT_EQ(judge(measured(2.0, "f32"), failed).status, "missing");
  EXPECT_EQ(judge(measured(std::nan(""), "f32"), measured(2.0, "f32")).status, "missing");
  EXPECT_EQ(judge(measured(2.0, "mystery"), measured(2.0, "f32")).status, "missing");
}

}  // namespace
}  // namespace phasegate::bench
