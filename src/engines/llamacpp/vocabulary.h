// Text to token ids and back, through the vocabulary that a GGUF file carries. Loads no weights.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "engines/engine.h"
#include "engines/llamacpp/runtime.h"

namespace phasegate::engines::llamacpp {

// A resource: move only. Thread-safe to read.
class Vocabulary {
 public:
  // Errors: unsupported for a file without a tokenizer ("none": ids only), not_found, invalid_input.
  [[nodiscard]] static core::Result<Vocabulary> load(const std::string& path);

  // `special` adds what the model puts around a text (begin of sequence). Text that looks like a control token is text.
  [[nodiscard]] core::Result<std::vector<TokenId>> tokenize(std::string_view text, bool special) const;
  // Control tokens are left out.
  [[nodiscard]] core::Result<std::string> detokenize(std::span<const TokenId> tokens) const;
  [[nodiscard]] int size() const;

 private:
  explicit Vocabulary(ModelPtr model) : model_(std::move(model)) {}
  [[nodiscard]] const llama_vocab& vocab() const { return *llama_model_get_vocab(model_.get()); }

  ModelPtr model_;
};

}  // namespace phasegate::engines::llamacpp
