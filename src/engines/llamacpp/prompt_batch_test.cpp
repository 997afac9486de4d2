#include "engines/llamacpp/prompt_batch.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "engines/llamacpp/runtime.h"

namespace phasegate::engines::llamacpp {
namespace {

std::vector<TokenId> ids(std::size_t length, TokenId first) {
  std::vector<TokenId> out(length);
  std::iota(out.begin(), out.end(), first);
  return out;
}

TEST(PromptBatch, OneRowIsCutAsLlamaBenchCutsIt) {
  const auto row = ids(5000, 0);
  PromptBatch batch;
  batch.fill(std::vector<Prompt>{{row}});
  ASSERT_EQ(batch.chunks().size(), 3U);
  EXPECT_EQ(batch.chunks()[0].size, 2048U);
  EXPECT_EQ(batch.chunks()[1].size, 2048U);
  EXPECT_EQ(batch.chunks()[2].size, 904U);
  EXPECT_TRUE(batch.chunks()[1].finished.empty());
  ASSERT_EQ(batch.chunks()[2].finished.size(), 1U);
  EXPECT_EQ(batch.chunks()[2].finished[0].index, 903);
}

TEST(PromptBatch, EveryTokenOnceInOrderWithLogitsAtTheLastAlone) {
  const std::vector<std::vector<TokenId>> rows{ids(700, 0), ids(3, 10'000), ids(1500, 20'000), ids(683, 30'000)};
  std::vector<Prompt> prompts;
  for (const auto& row : rows) prompts.push_back({row});
  PromptBatch batch;
  for (int repeat = 0; repeat < 2; ++repeat) {  // a second fill forgets the first
    batch.fill(prompts);
    std::vector<std::vector<TokenId>> seen(rows.size());
    std::vector<int> wanted(rows.size());
    for (const auto& chunk : batch.chunks()) {
      const llama_batch view = batch.view(chunk);
      ASSERT_LE(view.n_tokens, static_cast<int>(kBatchTokens));
      int asked = 0;
      for (int i = 0; i < view.n_tokens; ++i) {
        const auto row = static_cast<std::size_t>(view.seq_id[i][0]);
        ASSERT_EQ(view.n_seq_id[i], 1);
        ASSERT_EQ(view.pos[i], static_cast<llama_pos>(seen[row].size()));
        seen[row].push_back(view.token[i]);
        if (view.logits[i] == 0) continue;
        EXPECT_EQ(seen[row].size(), rows[row].size());
        ++wanted[row];
        ++asked;
      }
      EXPECT_EQ(static_cast<std::size_t>(asked), chunk.finished.size());
      for (const auto& [row, index] : chunk.finished) EXPECT_EQ(view.seq_id[index][0], row);
    }
    EXPECT_EQ(seen, rows);
    EXPECT_EQ(wanted, std::vector<int>(rows.size(), 1));
  }
}

TEST(PromptBatch, ChunksAreWholeMicroBatchesAndNeverTooLarge) {
  for (std::size_t rows = 1; rows <= 1024; ++rows) {
    const std::size_t per_row = chunk_tokens_per_row(rows);
    ASSERT_GE(per_row, 1U);
    ASSERT_LE(per_row * rows, kBatchTokens);
    if (rows <= kMicroBatchTokens) {
      ASSERT_EQ(per_row % (kMicroBatchTokens / rows), 0U) << rows;
    }
  }
}

TEST(StepBatch, IsOneTokenOfEachRow) {
  StepBatch step(3);
  step.begin(2);
  step.set(0, 5, 17);
  step.set(1, 6, 4);
  const llama_batch view = step.view();
  ASSERT_EQ(view.n_tokens, 2);
  EXPECT_EQ(view.token[1], 6);
  EXPECT_EQ(view.pos[0], 17);
  EXPECT_EQ(view.seq_id[1][0], 1);
  EXPECT_EQ(view.logits[0], 1);
}

}  // namespace
}  // namespace phasegate::engines::llamacpp
