// What a GGUF model file holds, read from its header without loading weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "models/llama_shape.h"

namespace phasegate::models {

struct ModelInfo {
  std::string architecture;
  std::string name;  // general.name; empty when the file does not say
  LlamaShape shape;
  std::uint64_t parameters = 0;                       // exact: values stored in the file; a tied head counts once
  std::map<std::string, std::uint64_t> tensor_types;  // ggml type name -> tensors of that type
  std::string tokenizer_model;                        // "none" for a seeded model; empty when the file does not say
  std::string tokenizer_pre;                          // the pre-tokenizer; empty when the file does not say
  std::uint64_t bytes = 0;
  std::string sha256;
};

// Reads the whole file once for its hash. Errors: not_found, io, invalid_input (cut short, inconsistent),
// unsupported (an architecture other than llama, a tensor type or tensor that is not known: the message names it).
[[nodiscard]] core::Result<ModelInfo> inspect(const std::filesystem::path& path);

}  // namespace phasegate::models
