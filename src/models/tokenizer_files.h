// tokenizer.json and tokenizer_config.json (Hugging Face tokenizers, transformers, onnxruntime-genai) from the
// vocabulary that a GGUF file carries: byte-level BPE, with the pre-tokenizers "smollm" and "gpt-2". Pure.
#pragma once

#include <string>
#include <variant>

#include "models/llama_shape.h"

namespace phasegate::models {

struct TokenizerFiles {
  std::string tokenizer_json;
  std::string tokenizer_config_json;
};

// The model has no tokenizer, or one that is not written; a sentence that says which.
struct NoTokenizer {
  std::string reason;
};

// invalid_input: the tokenizer's keys contradict each other or the shape.
[[nodiscard]] core::Result<std::variant<TokenizerFiles, NoTokenizer>> make_tokenizer_files(const GgufHeader& header,
                                                                                           const LlamaShape& shape);

}  // namespace phasegate::models
