#include "engines/llamacpp/prompt_batch.h"

#include <algorithm>
#include <numeric>

#include "engines/llamacpp/runtime.h"

namespace phasegate::engines::llamacpp {

std::size_t chunk_tokens_per_row(std::size_t rows) {
  const std::size_t in_micro_batch = std::max<std::size_t>(1, kMicroBatchTokens / rows);
  const std::size_t wanted = in_micro_batch * (kBatchTokens / kMicroBatchTokens);
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(1, kBatchTokens / rows));
}

void PromptBatch::fill(std::span<const Prompt> prompts) {
  tokens_.clear();
  positions_.clear();
  sequences_.clear();
  wanted_.clear();
  chunks_.clear();
  rows_.resize(prompts.size());
  std::iota(rows_.begin(), rows_.end(), 0);
  std::size_t longest = 0;
  for (const Prompt& prompt : prompts) longest = std::max(longest, prompt.tokens.size());
  const std::size_t stride = chunk_tokens_per_row(prompts.size());
  for (std::size_t from = 0; from < longest; from += stride) {
    Chunk chunk{tokens_.size(), 0, {}};
    for (std::size_t row = 0; row < prompts.size(); ++row) {
      const auto& ids = prompts[row].tokens;
      for (std::size_t position = from; position < std::min(ids.size(), from + stride); ++position) {
        const bool last = position + 1 == ids.size();
        if (last) chunk.finished.push_back({static_cast<int>(row), static_cast<int>(tokens_.size() - chunk.begin)});
        tokens_.push_back(ids[position]);
        positions_.push_back(static_cast<llama_pos>(position));
        sequences_.push_back(&rows_[row]);
        wanted_.push_back(last ? 1 : 0);
      }
    }
    chunk.size = tokens_.size() - chunk.begin;
    chunks_.push_back(std::move(chunk));
  }
  counts_.assign(tokens_.size(), 1);
}

llama_batch PromptBatch::view(const Chunk& chunk) {
  return {static_cast<std::int32_t>(chunk.size), tokens_.data() + chunk.begin, nullptr,
          positions_.data() + chunk.begin,       counts_.data() + chunk.begin, sequences_.data() + chunk.begin,
          wanted_.data() + chunk.begin};
}

StepBatch::StepBatch(int max_rows)
    : tokens_(static_cast<std::size_t>(max_rows)),
      positions_(tokens_.size()),
      counts_(tokens_.size(), 1),
      ids_(tokens_.size()),
      wanted_(tokens_.size(), 1) {
  std::iota(ids_.begin(), ids_.end(), 0);
  for (llama_seq_id& id : ids_) sequences_.push_back(&id);
}

llama_batch StepBatch::view() {
  return {static_cast<std::int32_t>(rows_),
          tokens_.data(),
          nullptr,
          positions_.data(),
          counts_.data(),
          sequences_.data(),
          wanted_.data()};
}

}  // namespace phasegate::engines::llamacpp
