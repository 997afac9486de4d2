// The ids of a prefill in llama.cpp's batch layout, laid out before the window opens, so that nothing is copied inside.
//
// llama.cpp takes at most kBatchTokens at once and computes kMicroBatchTokens at once, the same number from each row. A
// batch is therefore cut into chunks of whole micro batches, row by row inside a chunk; one row is cut as llama-bench
// cuts it. Logits are asked for at each row's last position alone.
#pragma once

#include <llama.h>

#include <span>
#include <vector>

#include "engines/engine.h"

namespace phasegate::engines::llamacpp {

class PromptBatch {
 public:
  struct Finished {
    int row;
    int index;  // of its last token, inside the chunk
  };
  struct Chunk {
    std::size_t begin;  // of all tokens
    std::size_t size;
    std::vector<Finished> finished;  // rows whose last token is in this chunk
  };

  void fill(std::span<const Prompt> prompts);

  [[nodiscard]] std::span<const Chunk> chunks() const { return chunks_; }
  // Valid until the next fill.
  [[nodiscard]] llama_batch view(const Chunk& chunk);

 private:
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<std::int32_t> counts_;
  std::vector<llama_seq_id> rows_;  // 0, 1, 2, ...: what sequences_ points into
  std::vector<llama_seq_id*> sequences_;
  std::vector<std::int8_t> wanted_;
  std::vector<Chunk> chunks_;
};

// One token of each row: the input of a decode step. Arrays made once.
class StepBatch {
 public:
  explicit StepBatch(int max_rows);

  void begin(std::size_t rows) { rows_ = rows; }
  void set(std::size_t row, TokenId token, llama_pos position) {
    tokens_[row] = token;
    positions_[row] = position;
  }
  [[nodiscard]] llama_batch view();

 private:
  std::size_t rows_ = 0;
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<std::int32_t> counts_;
  std::vector<llama_seq_id> ids_;
  std::vector<llama_seq_id*> sequences_;
  std::vector<std::int8_t> wanted_;
};

// Tokens of one row in one chunk, for a batch of so many rows.
[[nodiscard]] std::size_t chunk_tokens_per_row(std::size_t rows);

}  // namespace phasegate::engines::llamacpp
