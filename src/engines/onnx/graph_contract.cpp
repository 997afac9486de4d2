#include "engines/onnx/graph_contract.h"

#include <limits>
#include <map>
#include <utility>

namespace phasegate::engines::onnx {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;

namespace {

struct Port {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<std::int64_t> shape;  // -1 = known at run time
};
using Ports = std::map<std::string, Port>;

constexpr std::int64_t kAny = -1;
constexpr const char* kNext = "give a folder that `phasegate forge --to onnx` wrote";

Port port_of(const Ort::TypeInfo& info) {
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) return {};
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  return {tensor.GetElementType(), tensor.GetShape()};
}

Ports inputs_of(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  Ports out;
  for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
    out[session.GetInputNameAllocated(i, allocator).get()] = port_of(session.GetInputTypeInfo(i));
  }
  return out;
}

Ports outputs_of(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  Ports out;
  for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
    out[session.GetOutputNameAllocated(i, allocator).get()] = port_of(session.GetOutputTypeInfo(i));
  }
  return out;
}

std::string listed(const Ports& ports) {
  constexpr std::size_t kShown = 8;
  std::string out;
  std::size_t shown = 0;
  for (const auto& [name, _] : ports) {
    if (shown++ == kShown) return out + ", ...";
    out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "none" : out;
}

const char* type_name(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT: return "f32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16: return "f16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16: return "bf16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64: return "int64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32: return "int32";
    default: return "another type";
  }
}

std::string dims_text(const std::vector<std::int64_t>& dims) {
  std::string out;
  for (const std::int64_t dim : dims)
    out += (out.empty() ? "" : ",") + (dim < 0 ? std::string("?") : fmt::format("{}", dim));
  return "[" + out + "]";
}

tl::unexpected<Error> foreign(std::string what) {
  return fail(
      Error{ErrorKind::unsupported, "not a decoder of phasegate's ONNX contract: " + std::move(what), {}, kNext});
}

// Takes the port out of `ports` when it has the type and the shape (kAny matches every size), else says what is wrong.
Result<Port> take(Ports& ports, const char* side, const std::string& name, ONNXTensorElementDataType type,
                  const std::vector<std::int64_t>& shape) {
  const auto found = ports.find(name);
  if (found == ports.end()) {
    return foreign(fmt::format("it has no {} '{}' (it has: {})", side, name, listed(ports)));
  }
  Port port = std::move(found->second);
  ports.erase(found);
  bool fits = port.type == type && port.shape.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] == kAny || port.shape[i] == shape[i];
  if (!fits) {
    return foreign(fmt::format("{} '{}' is {} {}, expected {} {}", side, name, type_name(port.type),
                               dims_text(port.shape), type_name(type), dims_text(shape)));
  }
  return port;
}

Result<int> fixed(const Port& port, std::size_t index, const std::string& name) {
  const std::int64_t size = port.shape[index];
  if (size < 1 || size > std::numeric_limits<int>::max()) {
    return foreign(fmt::format("dimension {} of '{}' is not fixed by the graph", index, name));
  }
  return static_cast<int>(size);
}

Status check_layer(Ports& inputs, Ports& outputs, int layer, DecoderShape& shape) {
  for (const bool value : {false, true}) {
    const std::vector<std::int64_t> expected =
        layer == 0 && !value ? std::vector<std::int64_t>{kAny, kAny, kAny, kAny}
                             : std::vector<std::int64_t>{kAny, shape.n_head_kv, kAny, shape.head_size};
    const std::string name = past_name(layer, value);
    PHASEGATE_TRY(past, take(inputs, "input", name, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, expected));
    PHASEGATE_TRY(heads, fixed(past, 1, name));
    PHASEGATE_TRY(size, fixed(past, 3, name));
    shape.n_head_kv = heads;
    shape.head_size = size;
    PHASEGATE_CHECK_OK(take(outputs, "output", present_name(layer, value), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                            {kAny, heads, kAny, size}));
  }
  return {};
}

}  // namespace

std::string past_name(int layer, bool value) {
  return fmt::format("past_key_values.{}.{}", layer, value ? "value" : "key");
}

std::string present_name(int layer, bool value) { return fmt::format("present.{}.{}", layer, value ? "value" : "key"); }

Result<DecoderShape> check_contract(const Ort::Session& session) {
  Ports inputs = inputs_of(session);
  Ports outputs = outputs_of(session);
  PHASEGATE_CHECK_OK(take(inputs, "input", "input_ids", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, {kAny, kAny}));
  PHASEGATE_CHECK_OK(take(inputs, "input", "attention_mask", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, {kAny, kAny}));
  PHASEGATE_TRY(logits, take(outputs, "output", "logits", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, {kAny, 1, kAny}));
  DecoderShape shape;
  PHASEGATE_TRY(vocabulary, fixed(logits, 2, "logits"));
  shape.n_vocab = vocabulary;
  do {
    PHASEGATE_CHECK_OK(check_layer(inputs, outputs, shape.n_layer, shape));
    ++shape.n_layer;
  } while (inputs.contains(past_name(shape.n_layer, false)));
  if (!inputs.empty()) return foreign("it also wants " + listed(inputs));
  return shape;
}

}  // namespace phasegate::engines::onnx
