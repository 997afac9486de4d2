// Builds an ONNX model: nodes, inputs, outputs and initializers. Large initializers go to an external data file as
// they come, so that memory holds one of them at a time; small ones lie inside the model.
// One owner, one thread. The order of the calls is the order in the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/output_file.h"
#include "models/proto_writer.h"

namespace phasegate::models {

enum class OnnxType : std::int32_t { f32 = 1, u8 = 2, i32 = 6, i64 = 7, f16 = 10 };  // TensorProto.DataType

using OnnxDim = std::variant<std::int64_t, std::string>;  // a size, or the name of one that is known at run time
using OnnxAttribute = std::variant<std::int64_t, float>;

struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;  // "" is an absent optional input
  std::vector<std::string> outputs;
  std::vector<std::pair<std::string, OnnxAttribute>> attributes;
  std::string domain;  // "" is ai.onnx
};

// Where an initializer's bytes lie in the data file: a second initializer may view the same bytes in another shape.
struct ExternalBytes {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

class OnnxGraph {
 public:
  // Borrows the data file; `data_name` is its name beside the model.
  OnnxGraph(std::string name, OutputFile& data, std::string data_name)
      : name_(std::move(name)), data_(data), data_name_(std::move(data_name)) {}

  void input(std::string_view name, OnnxType type, const std::vector<OnnxDim>& shape);
  void output(std::string_view name, OnnxType type, const std::vector<OnnxDim>& shape);
  void node(const OnnxNode& node);  // its name is that of its first output
  void constant(std::string_view name, OnnxType type, std::span<const std::int64_t> shape,
                std::span<const std::byte> bytes);
  [[nodiscard]] core::Result<ExternalBytes> weight(std::string_view name, OnnxType type,
                                                   std::span<const std::int64_t> shape,
                                                   std::span<const std::byte> bytes);
  void view(std::string_view name, OnnxType type, std::span<const std::int64_t> shape, const ExternalBytes& bytes);

  // The ModelProto.
  [[nodiscard]] std::string model(std::string_view producer_version) const;

 private:
  std::string name_;
  OutputFile& data_;
  std::string data_name_;
  ProtoWriter nodes_, initializers_, inputs_, outputs_;
};

}  // namespace phasegate::models
