// The numbers that define a llama-architecture decoder, and the tensors that GGUF stores for one. Values: they copy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/gguf_header.h"

namespace phasegate::models {

struct LlamaShape {
  std::int64_t n_layer = 0;
  std::int64_t n_embd = 0;
  std::int64_t n_head = 0;
  std::int64_t n_head_kv = 0;
  std::int64_t head_dim = 0;
  std::int64_t n_ff = 0;
  std::int64_t n_vocab = 0;
  std::int64_t n_ctx_train = 0;
  double rope_base = 10000.0;
  std::int64_t rope_dim = 0;
  double rms_eps = 1e-5;
  bool tied_embeddings = true;  // no output.weight: the head is token_embd.weight

  [[nodiscard]] std::int64_t q_rows() const { return n_head * head_dim; }
  [[nodiscard]] std::int64_t kv_rows() const { return n_head_kv * head_dim; }
};

// One tensor as GGUF names it; a norm has one row and is stored with one dimension.
struct LlamaTensor {
  std::string name;
  std::int64_t columns = 0;  // the input width; quantization blocks lie along it
  std::int64_t rows = 1;
  bool norm = false;

  [[nodiscard]] std::int64_t elements() const { return columns * rows; }
};

// All tensors in the order in which forge writes them.
[[nodiscard]] std::vector<LlamaTensor> llama_tensors(const LlamaShape& shape);

// Reads the shape from the keys and checks that exactly these tensors are there, with these sizes. `unsupported` names
// an architecture, a rope scaling or a tensor (bias, expert) that is understood by llama.cpp and not here.
[[nodiscard]] core::Result<LlamaShape> read_llama_shape(const GgufHeader& header);

// Whether the numbers describe a decoder that forge can write at all (used for a seeded model too).
[[nodiscard]] core::Status check_llama_shape(const LlamaShape& shape);

}  // namespace phasegate::models
