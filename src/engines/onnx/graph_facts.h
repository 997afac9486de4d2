// Architecture and precision of a decoder graph, derived from its nodes and initializers alone (pure functions).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/result.h"
#include "engines/onnx/onnx_graph.h"

namespace phasegate::engines::onnx {

struct GraphFacts {
  int n_layer = 0;  // GroupQueryAttention nodes
  int n_head = 0;
  int n_head_kv = 0;
  int n_embd = 0;
  std::int64_t rotary_positions = 0;  // rows of the rotary table: the longest context that the graph can do
  std::int64_t parameters = 0;        // logical weights; bytes that two initializers share count once
  std::string weight_type;            // dominant by bytes: "f32", "f16", "q4_0", "q8_0", ...
  std::map<std::string, int> weight_tensors_by_type;
  std::string activation_type;  // of the matrix products: "f32", "f16", "int8 per block"
};

// Block-quantized products (MatMulNBits) are q4_0 or q8_0 when the block is 32 and there are no zero points (the
// formats' own fixed ones then hold); their accuracy level 4 means that ONNX Runtime quantizes activations to int8.
// Errors: unsupported for a graph that lacks a decoder's inputs (named), has no GroupQueryAttention, or whose layers
// differ in their heads.
[[nodiscard]] core::Result<GraphFacts> describe_graph(const OnnxGraph& graph);

}  // namespace phasegate::engines::onnx
