// What a model file says about its own graph, without the payload of the weights: nodes with their integer attributes,
// and the initializers with type, shape and place. Evidence for precision comes from here and from the runtime, never
// from the name of a file, a node or a tensor.
//
// Field numbers: onnx.proto3 of ONNX 1.x (ModelProto, GraphProto, NodeProto, TensorProto), frozen there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace phasegate::engines::onnx {

// TensorProto.DataType, those that weights come in.
enum class ElementType : std::int32_t {
  f32 = 1,
  u8 = 2,
  i8 = 3,
  i32 = 6,
  i64 = 7,
  f16 = 10,
  f64 = 11,
  bf16 = 16,
  u4 = 21,
  i4 = 22
};

struct GraphTensor {
  std::string name;
  ElementType type{};
  std::vector<std::int64_t> dims;
  std::string location;      // file that holds the data, relative to the model's folder; empty = inside the model
  std::uint64_t offset = 0;  // in that file
  std::uint64_t bytes = 0;   // as the tensor's place declares it

  [[nodiscard]] std::int64_t elements() const;  // product of dims, 1 for a scalar, 0 when it would overflow
};

struct GraphNode {
  std::string op;
  std::string domain;  // empty = ai.onnx
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, std::int64_t> integers;  // attributes of type INT

  [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t otherwise) const;
  [[nodiscard]] const std::string& input(std::size_t index) const;  // empty when it is not there
};

struct OnnxGraph {
  std::vector<std::string> inputs;  // names; older files list initializers here too
  std::vector<GraphNode> nodes;
  std::map<std::string, GraphTensor> initializers;

  [[nodiscard]] const GraphTensor* initializer(const std::string& name) const;  // null when there is none
  [[nodiscard]] std::vector<std::string> data_files() const;                    // distinct locations, sorted
};

// Errors: not_found; invalid_input for a file that is cut, is no ONNX model or points outside its folder; the same for
// an external data file that is missing or shorter than its tensors need.
[[nodiscard]] core::Result<OnnxGraph> read_onnx_graph(const std::filesystem::path& model);

}  // namespace phasegate::engines::onnx
