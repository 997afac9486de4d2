#include "engines/onnx/model_folder.h"

#include <filesystem>
#include <system_error>

#include "core/files.h"
#include "core/json.h"
#include "core/sha256.h"

namespace phasegate::engines::onnx {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;

namespace {

constexpr std::uint64_t kMaxConfigBytes = 4 << 20;
constexpr const char* kNext = "give a folder that `phasegate forge --to onnx` wrote";

Result<fs::path> graph_path(const std::string& given) {
  const fs::path path(given);
  std::error_code code;
  if (fs::is_directory(path, code)) {
    if (fs::exists(path / "model.onnx", code)) return path / "model.onnx";
    return fail(Error{ErrorKind::not_found, "has no model.onnx", given, kNext});
  }
  if (!fs::exists(path, code)) {
    return fail(Error{ErrorKind::not_found, "is not there", given, "`phasegate forge --to onnx` writes such a folder"});
  }
  if (path.extension() == ".onnx") return path;
  return fail(Error{ErrorKind::invalid_input, "is neither a folder nor a .onnx file", given, kNext});
}

Result<std::string> weights_hash(const fs::path& graph_file, const OnnxGraph& graph) {
  const auto files = graph.data_files();
  if (files.empty()) return core::sha256_file(graph_file);
  if (files.size() == 1) return core::sha256_file(graph_file.parent_path() / files.front());
  std::string digests;
  for (const std::string& name : files) {
    PHASEGATE_TRY(digest, core::sha256_file(graph_file.parent_path() / name));
    digests += digest + "\n";
  }
  return core::sha256_hex(digests);
}

Result<std::string> architecture_of(const fs::path& folder) {
  const fs::path file = folder / "genai_config.json";
  std::error_code code;
  if (!fs::exists(file, code)) return std::string("unknown");
  PHASEGATE_TRY(text, core::read_file(file, kMaxConfigBytes));
  PHASEGATE_TRY(config, core::parse_json(text, file.string()));
  const core::Json::json_pointer type("/model/type");
  if (!config.is_object() || !config.contains(type) || !config[type].is_string()) {
    return fail(Error{ErrorKind::invalid_input, "has no text at model.type", file.string(), kNext});
  }
  return config[type].get<std::string>();
}

}  // namespace

Result<ModelFolder> open_model_folder(const ModelRef& model) {
  PHASEGATE_TRY(path, graph_path(model.path));
  PHASEGATE_TRY(graph, read_onnx_graph(path));
  auto facts = describe_graph(graph);
  if (!facts) return core::at(path.string(), facts.error());
  PHASEGATE_TRY(digest, weights_hash(path, graph));
  if (!model.sha256.empty() && model.sha256 != digest) {
    return fail(Error{ErrorKind::invalid_input,
                      fmt::format("its weights have the hash {}, expected {}", digest, model.sha256), path.string(),
                      "give the file that was meant, or the hash of this one"});
  }
  PHASEGATE_TRY(architecture, architecture_of(path.parent_path()));
  return ModelFolder{path.string(), digest, architecture, std::move(*facts)};
}

ModelFacts model_facts(const ModelFolder& folder, const DecoderShape& shape) {
  ModelFacts out;
  out.architecture = folder.architecture;
  out.parameters = folder.graph.parameters;
  out.n_layer = shape.n_layer;
  out.n_embd = folder.graph.n_embd;
  out.n_head = folder.graph.n_head;
  out.n_head_kv = shape.n_head_kv;
  out.n_vocab = shape.n_vocab;
  out.max_context = static_cast<int>(folder.graph.rotary_positions);
  out.model_sha256 = folder.sha256;
  return out;
}

}  // namespace phasegate::engines::onnx
