// The small JSON files that make a folder loadable: Hugging Face's config.json and generation_config.json, and
// onnxruntime-genai's genai_config.json. Pure: shape and keys in, text out.
#pragma once

#include <optional>
#include <string>

#include "models/llama_shape.h"

namespace phasegate::models {

// Absent where the GGUF does not say.
struct SpecialTokens {
  std::optional<std::uint64_t> bos;
  std::optional<std::uint64_t> eos;
  std::optional<std::uint64_t> pad;
  std::optional<std::uint64_t> unknown;
};

[[nodiscard]] core::Result<SpecialTokens> read_special_tokens(const GgufHeader& header);

// `dtype` is the type of the safetensors file: "float16" or "float32".
[[nodiscard]] std::string hf_config(const LlamaShape& shape, const SpecialTokens& tokens, std::string_view dtype);
[[nodiscard]] std::string hf_generation_config(const SpecialTokens& tokens);
[[nodiscard]] std::string genai_config(const LlamaShape& shape, const SpecialTokens& tokens);

}  // namespace phasegate::models
