// Writes a llama decoder with a KV cache as ONNX, in the names and shapes of Optimum and onnxruntime-genai:
//   in   input_ids        int64 [batch, sequence]
//        attention_mask   int64 [batch, total]         1 for a real position; a row is padded on its right
//        past_key_values.{i}.key/.value   f32 [batch, KV heads, past, head size]
//   out  logits           f32 [batch, 1, vocabulary]   of each row's last real position
//        present.{i}.key/.value           f32 [batch, KV heads, total, head size]
// past and present may be one buffer of the capacity's length: GroupQueryAttention then appends in place.
// A step with sequence above 1 and a past that is not empty is for rows of equal length (the operator's own rule).
//
// Matrices: Q4_0 and Q8_0 as MatMulNBits (accuracy_level 4: activations become int8 a block, as llama.cpp does), f16
// as f16 initialisers that ONNX Runtime widens once at load (its CPU has no f16 product), f32 as they are.
#pragma once

#include <filesystem>

#include "models/weight_set.h"

namespace phasegate::models {

struct OnnxFiles {
  FileDigest model;  // model.onnx
  FileDigest data;   // model.onnx.data
};

// Whether every tensor has a form in ONNX; the error names the first that has not and says to pass --quant.
[[nodiscard]] core::Status check_onnx_types(const LlamaShape& shape,
                                            const std::function<ggml_type(const LlamaTensor&)>& type);

// `weights` is a file of write_weight_set. Precondition: check_onnx_types passed.
[[nodiscard]] core::Result<OnnxFiles> write_onnx(const GgufFile& weights, const LlamaShape& shape,
                                                 const std::filesystem::path& folder, const Progress& progress);

}  // namespace phasegate::models
