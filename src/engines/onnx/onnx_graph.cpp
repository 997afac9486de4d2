#include "engines/onnx/onnx_graph.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "engines/onnx/wire_reader.h"

namespace phasegate::engines::onnx {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;

namespace {

// Far above any decoder (SmolLM2 has 700 nodes), low enough that a hostile file cannot fill the memory.
constexpr std::size_t kMaxNodes = 200'000;
constexpr std::size_t kMaxTensors = 200'000;
constexpr std::size_t kMaxEdges = 4096;  // inputs or outputs of one node
constexpr std::size_t kMaxDims = 16;
constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxDataFiles = 64;

// Calls `visit(field, message)` for each field of `message`.
template <class Visit>
Status each_field(WireMessage message, Visit&& visit) {
  for (;;) {
    PHASEGATE_TRY(field, message.next());
    if (!field) return {};
    PHASEGATE_CHECK_OK(visit(*field, message));
  }
}

Status read_text(const WireField& field, WireMessage& message, std::string& out) {
  PHASEGATE_TRY(text, message.text(field, kMaxTextBytes));
  out = std::move(text);
  return {};
}

Status append_text(const WireField& field, WireMessage& message, std::vector<std::string>& out) {
  if (out.size() >= kMaxEdges) return fail(ErrorKind::invalid_input, "a node has more than {} edges", kMaxEdges);
  return read_text(field, message, out.emplace_back());
}

Status read_attribute(WireMessage message, GraphNode& node) {
  std::string name;
  std::int64_t value = 0;
  bool is_integer = false;
  PHASEGATE_CHECK_OK(each_field(message, [&](const WireField& field, WireMessage& at) -> Status {
    if (field.number == 1) return read_text(field, at, name);
    if (field.number == 3 && field.kind == WireField::Kind::varint) {
      value = static_cast<std::int64_t>(field.value);
      is_integer = true;
    }
    return {};
  }));
  if (is_integer) node.integers[name] = value;
  return {};
}

Status read_node(WireMessage message, OnnxGraph& graph) {
  if (graph.nodes.size() >= kMaxNodes) return fail(ErrorKind::invalid_input, "more than {} nodes", kMaxNodes);
  GraphNode& node = graph.nodes.emplace_back();
  return each_field(message, [&](const WireField& field, WireMessage& at) -> Status {
    switch (field.number) {
      case 1: return append_text(field, at, node.inputs);
      case 2: return append_text(field, at, node.outputs);
      case 4: return read_text(field, at, node.op);
      case 5: return field.kind == WireField::Kind::bytes ? read_attribute(at.descend(field), node) : Status{};
      case 7: return read_text(field, at, node.domain);
      default: return {};
    }
  });
}

Status read_external_entry(WireMessage message, GraphTensor& tensor) {
  std::string key;
  std::string value;
  PHASEGATE_CHECK_OK(each_field(message, [&](const WireField& field, WireMessage& at) -> Status {
    if (field.number == 1) return read_text(field, at, key);
    if (field.number == 2) return read_text(field, at, value);
    return {};
  }));
  if (key == "location") tensor.location = value;
  if (key == "offset" || key == "length") {
    std::uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
      return fail(ErrorKind::invalid_input, "external data has {} '{}', not a number", key, value);
    }
    (key == "offset" ? tensor.offset : tensor.bytes) = number;
  }
  return {};
}

Status read_tensor(WireMessage message, OnnxGraph& graph) {
  if (graph.initializers.size() >= kMaxTensors)
    return fail(ErrorKind::invalid_input, "more than {} tensors", kMaxTensors);
  GraphTensor tensor;
  PHASEGATE_CHECK_OK(each_field(message, [&](const WireField& field, WireMessage& at) -> Status {
    switch (field.number) {
      case 1: return at.integers(field, kMaxDims, tensor.dims);
      case 2: tensor.type = static_cast<ElementType>(field.value); return {};
      case 4:
      case 5:
      case 7:
      case 9:
      case 10:
      case 11:  // float, int32, int64, raw, double and uint64 data
        tensor.bytes += field.range.size();
        return {};
      case 8: return read_text(field, at, tensor.name);
      case 13: return field.kind == WireField::Kind::bytes ? read_external_entry(at.descend(field), tensor) : Status{};
      default: return {};
    }
  }));
  std::string name = tensor.name;
  graph.initializers[std::move(name)] = std::move(tensor);
  return {};
}

Status read_input(WireMessage message, OnnxGraph& graph) {
  if (graph.inputs.size() >= kMaxTensors) return fail(ErrorKind::invalid_input, "more than {} inputs", kMaxTensors);
  return each_field(message, [&](const WireField& field, WireMessage& at) -> Status {
    return field.number == 1 ? read_text(field, at, graph.inputs.emplace_back()) : Status{};
  });
}

Status read_graph(WireMessage message, OnnxGraph& graph) {
  return each_field(message, [&](const WireField& field, WireMessage& at) -> Status {
    if (field.kind != WireField::Kind::bytes) return {};
    if (field.number == 1) return read_node(at.descend(field), graph);
    if (field.number == 5) return read_tensor(at.descend(field), graph);
    if (field.number == 11) return read_input(at.descend(field), graph);
    return {};
  });
}

Status check_data_file(const fs::path& folder, const std::string& location, const OnnxGraph& graph) {
  const fs::path name(location);
  if (name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end()) {
    return fail(ErrorKind::invalid_input, "its weights are said to lie in '{}', outside its folder", location);
  }
  const std::string where = (folder / name).string();
  std::error_code code;
  const std::uint64_t size = fs::file_size(where, code);
  if (code) {
    return fail(
        Error{ErrorKind::not_found, "the model's weights are not there", where, "forge or copy the model again"});
  }
  for (const auto& [_, tensor] : graph.initializers) {
    if (tensor.location != location || (tensor.offset <= size && tensor.bytes <= size - tensor.offset)) continue;
    return fail(Error{ErrorKind::invalid_input,
                      fmt::format("is cut: {} bytes, but tensor '{}' ends at {}", size, tensor.name,
                                  static_cast<double>(tensor.offset) + static_cast<double>(tensor.bytes)),
                      where, "forge or copy the model again"});
  }
  return {};
}

}  // namespace

std::int64_t GraphTensor::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0 || __builtin_mul_overflow(product, dim, &product)) return 0;
  }
  return product;
}

std::int64_t GraphNode::integer(const std::string& name, std::int64_t otherwise) const {
  const auto found = integers.find(name);
  return found == integers.end() ? otherwise : found->second;
}

const std::string& GraphNode::input(std::size_t index) const {
  static const std::string none;
  return index < inputs.size() ? inputs[index] : none;
}

const GraphTensor* OnnxGraph::initializer(const std::string& name) const {
  const auto found = initializers.find(name);
  return found == initializers.end() ? nullptr : &found->second;
}

std::vector<std::string> OnnxGraph::data_files() const {
  std::vector<std::string> out;
  for (const auto& [_, tensor] : initializers) {
    if (!tensor.location.empty()) out.push_back(tensor.location);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<OnnxGraph> read_onnx_graph(const fs::path& model) {
  PHASEGATE_TRY(file, WireFile::open(model));
  OnnxGraph graph;
  bool has_graph = false;
  const Status read = each_field(WireMessage(file, {0, file.size()}), [&](const WireField& field, WireMessage& at) {
    if (field.number != 7 || field.kind != WireField::Kind::bytes) return Status{};
    has_graph = true;
    return read_graph(at.descend(field), graph);
  });
  if (!read) return core::at(model.string(), read.error());
  if (!has_graph || graph.nodes.empty()) {
    return fail(Error{ErrorKind::invalid_input, "not an ONNX model (no graph in it)", model.string(),
                      "give a folder that `phasegate forge --to onnx` wrote"});
  }
  const std::vector<std::string> data_files = graph.data_files();
  if (data_files.size() > kMaxDataFiles) {
    return fail(Error{
        ErrorKind::invalid_input, fmt::format("weights in more than {} files", kMaxDataFiles), model.string(), {}});
  }
  for (const std::string& location : data_files) {
    if (auto checked = check_data_file(model.parent_path(), location, graph); !checked) {
      return core::at(model.string(), checked.error());
    }
  }
  return graph;
}

}  // namespace phasegate::engines::onnx
