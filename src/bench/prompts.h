// Prompts as token ids: slices of a hashed public-domain text, or of seeded random ids when there is no tokenizer. No
// two rows and no two calls of a session start at the same place until the text is used up, so no engine can answer
// from a prefix that it has seen. Values; pure but for the tokenizer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "engines/engine.h"

namespace phasegate::bench {

// Text to ids, without special tokens. The CLI hands in the vocabulary of the GGUF file.
using Tokenizer = std::function<core::Result<std::vector<engines::TokenId>>(std::string_view text)>;

[[nodiscard]] std::string_view default_text();  // data/text/persuasion.txt, compiled in
[[nodiscard]] const std::string& default_text_sha256();

struct PromptRows {
  std::vector<std::vector<engines::TokenId>> rows;
  std::string hash;      // sha256 over the ids of all rows, row by row, as little-endian 32-bit integers
  bool distinct = true;  // no two rows are equal
};

class PromptSource {
 public:
  // Fails when the tokenizer does or when it gives fewer than 2 ids.
  [[nodiscard]] static core::Result<PromptSource> from_text(std::string_view text, const Tokenizer& tokenizer,
                                                            std::uint64_t seed);
  [[nodiscard]] static PromptSource random(std::uint64_t seed);

  // Rows first_row, first_row + 1, …: each number has a start of its own until all starts are used. Ids are below vocab
  // (> 1): one that is not is folded into it, which happens with random ids only.
  [[nodiscard]] PromptRows rows(std::int64_t first_row, int count, int length, int vocab) const;
  // The first ids of the source: what accuracy is measured on.
  [[nodiscard]] std::vector<engines::TokenId> head(int length, int vocab) const;
  // sha256 of the text, or of the ids when they are random.
  [[nodiscard]] const std::string& source_hash() const { return source_hash_; }

 private:
  PromptSource() = default;
  std::vector<engines::TokenId> ids_;
  std::uint64_t start_ = 0;
  std::uint64_t stride_ = 1;  // coprime to ids_.size(): all starts are visited before one comes again
  std::string source_hash_;
};

}  // namespace phasegate::bench
