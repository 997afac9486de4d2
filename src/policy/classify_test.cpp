#include "policy/classify.h"

#include <gtest/gtest.h>

namespace phasegate::policy {
namespace {

using evidence::WorkloadClass;

struct Row {
  Shape shape;
  std::optional<double> fraction;
  WorkloadClass expected;
};

TEST(Classify, FollowsTheTable) {
  const std::vector<Row> rows = {
      {{16, 64, 1}, std::nullopt, WorkloadClass::decode_heavy},   // the bound itself
      {{16, 63, 1}, std::nullopt, WorkloadClass::mixed},          // one below
      {{16, 32, 1}, 0.91, WorkloadClass::decode_heavy},           // by fraction
      {{16, 32, 1}, 0.90, WorkloadClass::mixed},                  // above, not at
      {{512, 8, 4}, 0.30, WorkloadClass::prefill_heavy},          //
      {{512, 9, 4}, 0.30, WorkloadClass::mixed},                  // one token too many
      {{512, 8, 1}, 0.30, WorkloadClass::mixed},                  // a batch of one
      {{512, 8, 4}, 0.95, WorkloadClass::decode_heavy},           // decode is asked first
      {{512, 64, 4}, std::nullopt, WorkloadClass::decode_heavy},  //
  };
  for (const Row& row : rows) {
    const Classification got = classify(row.shape, row.fraction, evidence::default_thresholds());
    EXPECT_EQ(got.workload, row.expected)
        << row.shape.prompt_tokens << " " << row.shape.gen_tokens << " " << row.shape.batch << ": " << got.why;
    EXPECT_FALSE(got.why.empty());
  }
}

TEST(Classify, ThresholdsMoveTheBound) {
  evidence::Thresholds thresholds = evidence::default_thresholds();
  thresholds.decode_heavy_gen_tokens = 32;
  EXPECT_EQ(classify({16, 32, 1}, std::nullopt, thresholds).workload, WorkloadClass::decode_heavy);
}

TEST(Classify, EachClassHasItsObjective) {
  EXPECT_EQ(objective_of(WorkloadClass::decode_heavy), "decode_tok_s");
  EXPECT_EQ(objective_of(WorkloadClass::prefill_heavy), "prefill_tok_s");
  EXPECT_EQ(objective_of(WorkloadClass::mixed), "e2e_ms");
}

}  // namespace
}  // namespace phasegate::policy
