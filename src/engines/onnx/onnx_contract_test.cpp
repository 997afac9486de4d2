// The contract suite over ONNX Runtime, in float32 and in both block-quantized forms, with one thread and with two.
#include <fstream>

#include "core/sha256.h"
#include "engines/contract/contract_suite.h"
#include "engines/onnx/forged_model.h"
#include "engines/onnx/onnx_engine.h"

namespace phasegate::engines::contract {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using models::Quant;

// Copies of a good model, each damaged in one way.
std::vector<BadModel> damaged_models() {
  const auto damaged = [](const char* name) { return onnx::copy_of_forged(Quant::f32, name); };
  std::vector<BadModel> out;
  const fs::path cut_weights = damaged("cut-weights");
  fs::resize_file(cut_weights / "model.onnx.data", fs::file_size(cut_weights / "model.onnx.data") / 2);
  out.push_back({"cut_weights", {cut_weights.string(), {}, {}}, ErrorKind::invalid_input, "is cut"});
  const fs::path cut_graph = damaged("cut-graph");
  fs::resize_file(cut_graph / "model.onnx", fs::file_size(cut_graph / "model.onnx") / 2);
  out.push_back({"cut_graph", {cut_graph.string(), {}, {}}, ErrorKind::invalid_input, "not a whole ONNX file"});
  const fs::path no_weights = damaged("no-weights");
  fs::remove(no_weights / "model.onnx.data");
  out.push_back({"no_weights", {no_weights.string(), {}, {}}, ErrorKind::not_found, "model.onnx.data"});
  const fs::path no_graph = damaged("no-graph");
  fs::remove(no_graph / "model.onnx");
  out.push_back({"no_graph", {no_graph.string(), {}, {}}, ErrorKind::not_found, "no model.onnx"});
  const fs::path text = damaged("text");
  std::ofstream(text / "model.onnx") << "this is a text and not a model";
  out.push_back({"text", {text.string(), {}, {}}, ErrorKind::invalid_input, "not a"});
  const fs::path config = damaged("bad-config");
  std::ofstream(config / "genai_config.json") << "{}";
  out.push_back({"config", {config.string(), {}, {}}, ErrorKind::invalid_input, "model.type"});
  return out;
}

// Tolerances are a few times what was measured on the seeded model, whose logits reach 4. float32: 1e-6 by row, 3e-6 by
// cache. Int8 activations turn such a difference into a whole quantization step now and then: up to 0.05.
Subject subject(const char* name, Quant quant, int threads) {
  Subject out;
  out.name = name;
  out.factory = onnx::factory;
  out.model = [quant] { return onnx::forged_onnx(quant); };
  out.placement.threads = threads;
  out.placement.max_context = 128;
  out.placement.max_batch = 4;
  if (quant == Quant::f32) out.bad_models = damaged_models;
  out.batch_tolerance = quant == Quant::f32 ? 1e-5F : 0.1F;
  out.cache_tolerance = out.batch_tolerance;
  return out;
}

INSTANTIATE_TEST_SUITE_P(Onnx, EngineContract,
                         testing::Values(subject("f32", Quant::f32, 1), subject("f32_two_threads", Quant::f32, 2),
                                         subject("q4_0", Quant::q4_0, 1), subject("q8_0", Quant::q8_0, 1)),
                         subject_name);

}  // namespace
}  // namespace phasegate::engines::contract
