// The reader of model files: what it takes from a forged graph, and that no hostile file gets further than an error.
#include "engines/onnx/onnx_graph.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/json.h"
#include "core/random.h"
#include "engines/onnx/forged_model.h"
#include "engines/onnx/graph_facts.h"
#include "models/proto_writer.h"

namespace phasegate::engines::onnx {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using models::ProtoWriter;
using models::Quant;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

fs::path written(const std::string& name, const std::string& bytes) {
  const fs::path path = copy_of_forged(Quant::q4_0, name) / "model.onnx";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return path;
}

core::Result<GraphFacts> facts_of(Quant quant) {
  PHASEGATE_TRY(graph, read_onnx_graph(forged_folder(quant) / "onnx" / "model.onnx"));
  return describe_graph(graph);
}

std::string model_of(const ProtoWriter& graph) {
  ProtoWriter model;
  model.integer(1, 8);
  model.message(7, graph);
  return model.bytes();
}

ProtoWriter entry(const char* key, const char* value) {
  ProtoWriter out;
  out.text(1, key);
  out.text(2, value);
  return out;
}

// A graph of one node with one initializer whose data lie where `location`, `offset` and `length` say.
std::string external_model(const char* location, const char* offset, const char* length) {
  ProtoWriter node, tensor, graph;
  node.text(4, "Relu");
  tensor.text(8, "w");
  tensor.message(13, entry("location", location));
  tensor.message(13, entry("offset", offset));
  tensor.message(13, entry("length", length));
  graph.message(1, node);
  graph.message(5, tensor);
  return model_of(graph);
}

TEST(OnnxGraph, ForgedModelsAreDescribedByTheirOwnNumbers) {
  const auto facts = facts_of(Quant::f32);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->n_layer, 4);
  EXPECT_EQ(facts->n_head, 8);
  EXPECT_EQ(facts->n_head_kv, 4);
  EXPECT_EQ(facts->n_embd, 256);
  EXPECT_EQ(facts->rotary_positions, 2048);
  const auto forged = core::parse_json(bytes_of(forged_folder(Quant::f32) / "forge.json"), "forge.json");
  ASSERT_TRUE(forged);
  EXPECT_EQ(facts->parameters, (*forged)["parameters"].get<std::int64_t>());
  for (const Quant quant : {Quant::f16, Quant::q8_0, Quant::q4_0}) {
    const auto other = facts_of(quant);
    ASSERT_TRUE(other) << other.error().message();
    EXPECT_EQ(other->parameters, facts->parameters) << models::to_string(quant);
    EXPECT_EQ(other->n_embd, 256);
  }
}

TEST(OnnxGraph, PrecisionIsReadFromTheGraph) {
  const auto f32 = facts_of(Quant::f32);
  const auto f16 = facts_of(Quant::f16);
  const auto q8 = facts_of(Quant::q8_0);
  const auto q4 = facts_of(Quant::q4_0);
  ASSERT_TRUE(f32 && f16 && q8 && q4);
  EXPECT_EQ(f32->weight_type, "f32");
  EXPECT_EQ(f32->activation_type, "f32");
  EXPECT_EQ(f16->weight_type, "f16");
  EXPECT_EQ(f16->activation_type, "f32");  // widened at load
  EXPECT_EQ(q8->weight_type, "q8_0");
  EXPECT_EQ(q8->activation_type, "int8 per block");
  EXPECT_EQ(q4->weight_type, "q4_0");
  EXPECT_EQ(q4->activation_type, "int8 per block");
  EXPECT_EQ(q4->weight_tensors_by_type.at("f32"), 9);    // two norms a layer and the last
  EXPECT_EQ(q4->weight_tensors_by_type.at("q4_0"), 16);  // qkv, o, gate and up, down of each layer
}

TEST(OnnxGraph, AZeroPointOrAnotherBlockIsNotQ4_0) {
  auto graph = read_onnx_graph(forged_folder(Quant::q4_0) / "onnx" / "model.onnx");
  ASSERT_TRUE(graph);
  for (GraphNode& node : graph->nodes) {
    if (node.op == "MatMulNBits") node.inputs.push_back("zero_points");
  }
  EXPECT_EQ(describe_graph(*graph)->weight_type, "int4 block 32 with zero points");
  for (GraphNode& node : graph->nodes) {
    if (node.op == "MatMulNBits") node.integers["accuracy_level"] = 0;
  }
  EXPECT_EQ(describe_graph(*graph)->activation_type, "f32");
}

TEST(OnnxGraph, AForeignModelIsRefusedByWhatItLacks) {
  ProtoWriter node, input, graph;
  node.text(4, "Relu");
  input.text(1, "pixels");
  graph.message(1, node);
  graph.message(11, input);
  const auto read = read_onnx_graph(written("foreign", model_of(graph)));
  ASSERT_TRUE(read) << read.error().message();
  const auto facts = describe_graph(*read);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().kind, ErrorKind::unsupported);
  EXPECT_NE(facts.error().what.find("'input_ids'"), std::string::npos);

  auto forged = read_onnx_graph(forged_folder(Quant::f32) / "onnx" / "model.onnx");
  ASSERT_TRUE(forged);
  std::erase_if(forged->nodes, [](const GraphNode& n) { return n.op == "GroupQueryAttention"; });
  const auto plain = describe_graph(*forged);
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().what.find("GroupQueryAttention"), std::string::npos);
}

TEST(OnnxGraph, WeightsOutsideTheFolderOrBeyondTheirFileAreRefused) {
  const auto refused = [](const char* location, const char* offset, const char* length) {
    const auto graph = read_onnx_graph(written("external", external_model(location, offset, length)));
    return graph ? std::string() : graph.error().message();
  };
  EXPECT_NE(refused("../../secret", "0", "1").find("outside its folder"), std::string::npos);
  EXPECT_NE(refused("/etc/passwd", "0", "1").find("outside its folder"), std::string::npos);
  EXPECT_NE(refused("absent.data", "0", "1").find("not there"), std::string::npos);
  EXPECT_NE(refused("model.onnx.data", "0", "99999999999").find("is cut"), std::string::npos);
  EXPECT_NE(refused("model.onnx.data", "18446744073709551615", "2").find("is cut"), std::string::npos);
  EXPECT_NE(refused("model.onnx.data", "-1", "2").find("not a number"), std::string::npos);
  EXPECT_EQ(refused("model.onnx.data", "0", "1"), "");
}

TEST(OnnxGraph, ACutFileIsRefusedWhereverItIsCut) {
  const std::string whole = bytes_of(forged_folder(Quant::q4_0) / "onnx" / "model.onnx");
  const fs::path path = written("cut", whole);
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    fs::resize_file(path, 0);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    const auto graph = read_onnx_graph(path);
    ASSERT_FALSE(graph) << "cut to " << size;
    EXPECT_EQ(graph.error().kind, ErrorKind::invalid_input) << graph.error().message();
  }
}

TEST(OnnxGraph, HostileBytesEndInAnError) {
  const auto kind_of = [](const std::string& bytes) {
    const auto graph = read_onnx_graph(written("hostile", bytes));
    return graph ? ErrorKind::aborted : graph.error().kind;
  };
  EXPECT_EQ(kind_of(std::string(40, '\xff')), ErrorKind::invalid_input);                     // endless number
  EXPECT_EQ(kind_of("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), ErrorKind::invalid_input);  // graph of 2^63 bytes
  EXPECT_EQ(kind_of(std::string("\x00\x00", 2)), ErrorKind::invalid_input);                  // field number 0
  EXPECT_EQ(kind_of("\x0b"), ErrorKind::invalid_input);  // a group: unknown wire type
  ProtoWriter node, graph;
  node.text(4, std::string(100'000, 'x'));  // an endless name
  graph.message(1, node);
  EXPECT_EQ(kind_of(model_of(graph)), ErrorKind::invalid_input);
}

// Flipped bytes may still read as some graph; the check is that nothing crashes or hangs (and the sanitizers watch).
TEST(OnnxGraph, FlippedBytesNeverCrash) {
  const std::string whole = bytes_of(forged_folder(Quant::q4_0) / "onnx" / "model.onnx");
  core::Random random(3);
  for (int trial = 0; trial < 300; ++trial) {
    std::string bytes = whole;
    for (int i = 0; i < 4; ++i) bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    const auto graph = read_onnx_graph(written("flipped", bytes));
    if (graph) static_cast<void>(describe_graph(*graph).has_value());
  }
}

}  // namespace
}  // namespace phasegate::engines::onnx
