#include "engines/llamacpp/llamacpp_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "engines/llamacpp/test_models.h"

namespace phasegate::engines::llamacpp {
namespace {

using core::ErrorKind;

class LlamacppEngineTest : public ::testing::Test {
 protected:
  core::Result<LoadReport> load(const ModelRef& model) { return engine->load(model, placement, never()); }
  core::StopToken never() const { return {engine->clock(), core::kNoDeadline}; }

  std::unique_ptr<PhaseEngine> engine = make_checked(*factory().make());
  Placement placement;
  StepRecorder recorder{16, 8};
};

TEST_F(LlamacppEngineTest, ProbeSaysWhichVariantRuns) {
  const EngineAvailability found = factory().probe();
  EXPECT_TRUE(found.present);
  EXPECT_NE(found.detail.find("ggml-cpu"), std::string::npos) << found.detail;
}

TEST_F(LlamacppEngineTest, OtherDevicesCompilersAndTooManyRowsAreRefused) {
  placement.device = "cuda";
  EXPECT_EQ(load(forged_model()).error().kind, ErrorKind::unsupported);
  placement = {};
  placement.compile = CompileMode::on;
  EXPECT_EQ(load(forged_model()).error().kind, ErrorKind::unsupported);
  placement = {};
  placement.max_batch = 1024;
  EXPECT_EQ(load(forged_model()).error().kind, ErrorKind::unsupported);
  placement = {};
  placement.max_context = 100'000;
  const auto too_long = load(forged_model());
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().what.find("was trained for 2048"), std::string::npos) << too_long.error().what;
}

struct Types {
  std::optional<models::Quant> quant;
  const char* weight;
  const char* activation;
};

TEST_F(LlamacppEngineTest, AttributionTellsTheTypesThatRan) {
  const Types cases[] = {{std::nullopt, "f32", "f32"},
                         {models::Quant::f16, "f16", "f16"},
                         {models::Quant::q8_0, "q8_0", "q8_0"},
                         {models::Quant::q4_0, "q4_0", "q8_0"}};
  for (const Types& expected : cases) {
    SCOPED_TRACE(expected.weight);
    ASSERT_TRUE(load(forged_model(expected.quant)));
    const auto a = engine->attribution(never());
    ASSERT_TRUE(a) << a.error().message();
    EXPECT_EQ(a->weight_type, expected.weight);
    EXPECT_EQ(a->activation_type, expected.activation);
    EXPECT_EQ(a->kv_type, "f16");
    EXPECT_EQ(a->device_actual, "CPU");
    EXPECT_EQ(a->attention, "flash");
    EXPECT_EQ(a->decode.nodes_by_op.at("FLASH_ATTN_EXT"), 2);  // one for each layer
    EXPECT_EQ(a->prefill.nodes_by_op.at("FLASH_ATTN_EXT"), 2);
    EXPECT_EQ(a->prefill.nodes_by_op.count("VIEW"), 0U);
  }
}

// More tokens than one llama_decode takes, and rows that end in different chunks. A short last chunk takes an attention
// kernel that sums in f16, a long one sums in f32: 8e-3 (2e-2 on the x64 variant) seen after 690 tokens, less than
// 1e-4 with flash attention off and an f32 cache.
TEST_F(LlamacppEngineTest, PromptsBeyondOneBatchKeepEachRowsLogits) {
  placement.max_context = 1200;
  placement.max_batch = 3;
  ASSERT_TRUE(load(forged_model()));
  core::Random random(3);
  std::vector<std::vector<TokenId>> rows{std::vector<TokenId>(1100), std::vector<TokenId>(7),
                                         std::vector<TokenId>(690)};
  for (auto& row : rows) {
    for (TokenId& id : row) id = static_cast<TokenId>(random.below(512));
  }
  std::vector<Prompt> prompts;
  for (const auto& row : rows) prompts.push_back({row});
  ASSERT_TRUE(engine->prefill(prompts, recorder, never()));
  std::vector<std::vector<float>> batch;
  for (int row = 0; row < 3; ++row) batch.emplace_back(engine->logits(row).begin(), engine->logits(row).end());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_TRUE(engine->reset());
    ASSERT_TRUE(engine->prefill(std::vector<Prompt>{{rows[row]}}, recorder, never()));
    const auto alone = engine->logits(0);
    float other = 0.0F;
    for (std::size_t id = 0; id < alone.size(); ++id) {
      ASSERT_NEAR(batch[row][id], alone[id], 3e-2F) << "row " << row;
      other = std::max(other, std::abs(batch[(row + 1) % 3][id] - alone[id]));
    }
    EXPECT_GT(other, 0.5F);  // rows are not interchangeable
  }
}

TEST_F(LlamacppEngineTest, TwoThreadsChooseTheSameTokens) {
  const std::vector<TokenId> ids{4, 8, 15, 16, 23, 42};
  std::vector<TokenId> chosen[2];
  for (const int threads : {1, 2}) {
    placement.threads = threads;
    ASSERT_TRUE(load(forged_model()));
    ASSERT_TRUE(engine->prefill(std::vector<Prompt>{{ids}}, recorder, never()));
    ASSERT_TRUE(engine->decode(8, recorder, never()));
    for (std::size_t step = 0; step <= 8; ++step) chosen[threads - 1].push_back(recorder.tokens(step)[0]);
    EXPECT_EQ(engine->attribution(never())->threads, threads);
  }
  EXPECT_EQ(chosen[0], chosen[1]);
}

}  // namespace
}  // namespace phasegate::engines::llamacpp
