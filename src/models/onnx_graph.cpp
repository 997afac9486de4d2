#include "models/onnx_graph.h"

namespace phasegate::models {
namespace {

// Field numbers of onnx.proto3.
namespace field {
namespace model {
constexpr std::uint32_t kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kGraph = 7, kOpsetImport = 8;
}
namespace opset {
constexpr std::uint32_t kDomain = 1, kVersion = 2;
}
namespace graph {
constexpr std::uint32_t kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node {
constexpr std::uint32_t kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5, kDomain = 7;
}
namespace attribute {
constexpr std::uint32_t kName = 1, kFloat = 2, kInt = 3, kType = 20;
}
namespace tensor {
constexpr std::uint32_t kDims = 1, kDataType = 2, kName = 8, kRawData = 9, kExternalData = 13, kDataLocation = 14;
}
namespace entry {
constexpr std::uint32_t kKey = 1, kValue = 2;
}
namespace value_info {
constexpr std::uint32_t kName = 1, kType = 2;
}
namespace type {
constexpr std::uint32_t kTensorType = 1, kElemType = 1, kShape = 2, kDim = 1, kDimValue = 1, kDimParam = 2;
}
}  // namespace field

constexpr std::int64_t kIrVersion = 11;
constexpr std::int64_t kOpset = 23;  // the first with RMSNormalization
constexpr std::int64_t kAttributeFloat = 1, kAttributeInt = 2, kLocationExternal = 1;
constexpr std::uint64_t kPage = 4096;  // ONNX Runtime maps external data where it is aligned, else it copies

ProtoWriter value_info(std::string_view name, OnnxType type, const std::vector<OnnxDim>& shape) {
  ProtoWriter dims;
  for (const auto& dim : shape) {
    ProtoWriter one;
    if (const auto* size = std::get_if<std::int64_t>(&dim)) {
      one.integer(field::type::kDimValue, *size);
    } else {
      one.text(field::type::kDimParam, std::get<std::string>(dim));
    }
    dims.message(field::type::kDim, one);
  }
  ProtoWriter tensor, wrapped, info;
  tensor.integer(field::type::kElemType, static_cast<std::int64_t>(type));
  tensor.message(field::type::kShape, dims);
  wrapped.message(field::type::kTensorType, tensor);
  info.text(field::value_info::kName, name);
  info.message(field::value_info::kType, wrapped);
  return info;
}

ProtoWriter tensor_head(std::string_view name, OnnxType type, std::span<const std::int64_t> shape) {
  ProtoWriter tensor;
  if (!shape.empty()) tensor.packed(field::tensor::kDims, shape);
  tensor.integer(field::tensor::kDataType, static_cast<std::int64_t>(type));
  tensor.text(field::tensor::kName, name);
  return tensor;
}

ProtoWriter string_entry(std::string_view key, std::string_view value) {
  ProtoWriter entry;
  entry.text(field::entry::kKey, key);
  entry.text(field::entry::kValue, value);
  return entry;
}

ProtoWriter attribute(std::string_view name, const OnnxAttribute& value) {
  ProtoWriter out;
  out.text(field::attribute::kName, name);
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    out.integer(field::attribute::kInt, *number);
    out.integer(field::attribute::kType, kAttributeInt);
  } else {
    out.real(field::attribute::kFloat, std::get<float>(value));
    out.integer(field::attribute::kType, kAttributeFloat);
  }
  return out;
}

ProtoWriter opset(std::string_view domain, std::int64_t version) {
  ProtoWriter out;
  out.text(field::opset::kDomain, domain);
  out.integer(field::opset::kVersion, version);
  return out;
}

}  // namespace

void OnnxGraph::input(std::string_view name, OnnxType type, const std::vector<OnnxDim>& shape) {
  inputs_.message(field::graph::kInput, value_info(name, type, shape));
}

void OnnxGraph::output(std::string_view name, OnnxType type, const std::vector<OnnxDim>& shape) {
  outputs_.message(field::graph::kOutput, value_info(name, type, shape));
}

void OnnxGraph::node(const OnnxNode& node) {
  ProtoWriter out;
  for (const auto& name : node.inputs) out.text(field::node::kInput, name);
  for (const auto& name : node.outputs) out.text(field::node::kOutput, name);
  out.text(field::node::kName, node.outputs.front() + "/" + node.op);
  out.text(field::node::kOpType, node.op);
  for (const auto& [name, value] : node.attributes) out.message(field::node::kAttribute, attribute(name, value));
  if (!node.domain.empty()) out.text(field::node::kDomain, node.domain);
  nodes_.message(field::graph::kNode, out);
}

void OnnxGraph::constant(std::string_view name, OnnxType type, std::span<const std::int64_t> shape,
                         std::span<const std::byte> bytes) {
  ProtoWriter tensor = tensor_head(name, type, shape);
  tensor.text(field::tensor::kRawData, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  initializers_.message(field::graph::kInitializer, tensor);
}

core::Result<ExternalBytes> OnnxGraph::weight(std::string_view name, OnnxType type, std::span<const std::int64_t> shape,
                                              std::span<const std::byte> bytes) {
  PHASEGATE_CHECK_OK(data_.pad_to(kPage));
  const ExternalBytes place{data_.position(), bytes.size()};
  PHASEGATE_CHECK_OK(data_.write(bytes));
  view(name, type, shape, place);
  return place;
}

void OnnxGraph::view(std::string_view name, OnnxType type, std::span<const std::int64_t> shape,
                     const ExternalBytes& bytes) {
  ProtoWriter tensor = tensor_head(name, type, shape);
  tensor.message(field::tensor::kExternalData, string_entry("location", data_name_));
  tensor.message(field::tensor::kExternalData, string_entry("offset", std::to_string(bytes.offset)));
  tensor.message(field::tensor::kExternalData, string_entry("length", std::to_string(bytes.length)));
  tensor.integer(field::tensor::kDataLocation, kLocationExternal);
  initializers_.message(field::graph::kInitializer, tensor);
}

std::string OnnxGraph::model(std::string_view producer_version) const {
  std::string graph = nodes_.bytes();
  ProtoWriter name;
  name.text(field::graph::kName, name_);
  graph += name.bytes() + initializers_.bytes() + inputs_.bytes() + outputs_.bytes();
  ProtoWriter model;
  model.integer(field::model::kIrVersion, kIrVersion);
  model.text(field::model::kProducerName, "phasegate");
  model.text(field::model::kProducerVersion, producer_version);
  model.text(field::model::kGraph, graph);
  model.message(field::model::kOpsetImport, opset("", kOpset));
  model.message(field::model::kOpsetImport, opset("com.microsoft", 1));
  return model.bytes();
}

}  // namespace phasegate::models
