// Writes a weight set as safetensors with Hugging Face's tensor names and row order: u64 length of a JSON header, the
// header (name -> dtype, shape, data_offsets), the data. f32 where every tensor of the set is f32, else f16, which
// is what transformers and vLLM load; values of quantised blocks are then rounded, and how many is counted.
#pragma once

#include <cstdint>
#include <filesystem>

#include "models/weight_set.h"

namespace phasegate::models {

struct SafetensorsFile {
  FileDigest file;
  ggml_type type = GGML_TYPE_F32;  // F32 or F16
  std::uint64_t values = 0;
  std::uint64_t rounded = 0;  // values that f16 does not hold exactly
};

// `weights` is a file of write_weight_set.
[[nodiscard]] core::Result<SafetensorsFile> write_safetensors(const GgufFile& weights, const LlamaShape& shape,
                                                              const std::filesystem::path& path,
                                                              const Progress& progress);

// "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight". Precondition: a name of llama_tensors.
[[nodiscard]] std::string hf_tensor_name(const std::string& gguf_name);

}  // namespace phasegate::models
