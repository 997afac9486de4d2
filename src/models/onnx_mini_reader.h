// Reads back, for the tests, as much of an ONNX file as forge writes: an own reader of the wire format, so that the
// writer is not checked against itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace phasegate::models {

struct MiniField {
  std::uint64_t number = 0;
  std::uint64_t integer = 0;
  std::string_view bytes;
};

inline std::uint64_t mini_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in.empty()) throw std::runtime_error("varint is cut short");
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  throw std::runtime_error("varint is too long");
}

inline std::vector<MiniField> mini_fields(std::string_view in) {
  std::vector<MiniField> out;
  while (!in.empty()) {
    const std::uint64_t tag = mini_varint(in);
    MiniField field;
    field.number = tag >> 3;
    if ((tag & 7) == 0) {
      field.integer = mini_varint(in);
    } else {
      const std::uint64_t length = (tag & 7) == 5 ? 4 : mini_varint(in);
      if (((tag & 7) != 2 && (tag & 7) != 5) || length > in.size()) throw std::runtime_error("bad field");
      field.bytes = in.substr(0, length);
      in.remove_prefix(length);
    }
    out.push_back(field);
  }
  return out;
}

struct MiniTensor {
  std::vector<std::uint64_t> dims;
  std::uint64_t type = 0;
  std::string bytes;  // resolved, wherever they lay
};

struct MiniNode {
  std::string op, domain;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, std::uint64_t> integers;
};

struct MiniValue {
  std::uint64_t type = 0;
  std::vector<std::string> dims;  // a number as text, or a name
};

struct MiniModel {
  std::uint64_t ir_version = 0;
  std::vector<MiniNode> nodes;
  std::map<std::string, MiniTensor> tensors;
  std::map<std::string, MiniValue> inputs, outputs;
};

inline MiniTensor mini_tensor(std::string_view bytes, std::string_view data, std::string& name) {
  MiniTensor tensor;
  std::map<std::string, std::string> external;
  for (const auto& field : mini_fields(bytes)) {
    std::string_view rest = field.bytes;
    if (field.number == 1) {
      while (!rest.empty()) tensor.dims.push_back(mini_varint(rest));
    }
    if (field.number == 2) tensor.type = field.integer;
    if (field.number == 8) name = field.bytes;
    if (field.number == 9) tensor.bytes = field.bytes;
    if (field.number == 13) {
      const auto entry = mini_fields(field.bytes);
      external[std::string(entry.at(0).bytes)] = entry.at(1).bytes;
    }
  }
  if (!external.empty())
    tensor.bytes = data.substr(std::stoull(external.at("offset")), std::stoull(external.at("length")));
  return tensor;
}

inline MiniNode mini_node(std::string_view bytes) {
  MiniNode node;
  for (const auto& field : mini_fields(bytes)) {
    if (field.number == 1) node.inputs.emplace_back(field.bytes);
    if (field.number == 2) node.outputs.emplace_back(field.bytes);
    if (field.number == 4) node.op = field.bytes;
    if (field.number == 7) node.domain = field.bytes;
    if (field.number == 5) {
      std::string name;
      std::uint64_t value = 0;
      for (const auto& part : mini_fields(field.bytes)) {
        if (part.number == 1) name = part.bytes;
        if (part.number == 3) value = part.integer;
      }
      node.integers[name] = value;
    }
  }
  return node;
}

inline MiniValue mini_value(std::string_view bytes, std::string& name) {
  MiniValue value;
  for (const auto& field : mini_fields(bytes)) {
    if (field.number == 1) name = field.bytes;
    if (field.number != 2) continue;
    const auto type = mini_fields(field.bytes);
    for (const auto& part : mini_fields(type.at(0).bytes)) {
      if (part.number == 1) value.type = part.integer;
      if (part.number != 2) continue;
      for (const auto& dim : mini_fields(part.bytes)) {
        const auto one = mini_fields(dim.bytes);
        value.dims.push_back(one.at(0).number == 1 ? std::to_string(one[0].integer) : std::string(one[0].bytes));
      }
    }
  }
  return value;
}

// Views `model`; `data` is the content of the external data file.
inline MiniModel read_mini_model(std::string_view model, std::string_view data) {
  MiniModel out;
  for (const auto& field : mini_fields(model)) {
    if (field.number == 1) out.ir_version = field.integer;
    if (field.number != 7) continue;
    for (const auto& part : mini_fields(field.bytes)) {
      std::string name;
      if (part.number == 1) out.nodes.push_back(mini_node(part.bytes));
      if (part.number == 5) {
        const MiniTensor tensor = mini_tensor(part.bytes, data, name);
        out.tensors[name] = tensor;
      }
      if (part.number == 11 || part.number == 12) {
        const MiniValue value = mini_value(part.bytes, name);
        (part.number == 11 ? out.inputs : out.outputs)[name] = value;
      }
    }
  }
  return out;
}

}  // namespace phasegate::models
