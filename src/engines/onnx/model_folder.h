// A decoder folder on disk: model.onnx, the files that hold its weights, genai_config.json. Read and checked before
// ONNX Runtime sees any of it, so that what is missing or cut gets an error that names it.
#pragma once

#include <string>

#include "core/result.h"
#include "engines/engine.h"
#include "engines/onnx/decoder_session.h"
#include "engines/onnx/graph_facts.h"

namespace phasegate::engines::onnx {

struct ModelFolder {
  std::string graph_file;    // .../model.onnx
  std::string sha256;        // of the file that holds the weights (model.onnx itself when there is no other);
                             // of several: sha256 of their digests in order of their names, a line each
  std::string architecture;  // genai_config.json's model.type, for a graph has no such name; "unknown" without the file
  GraphFacts graph;
};

// `model.path` is the folder, or a .onnx file. Errors: not_found, invalid_input (cut, not ONNX, another hash than
// `model.sha256`), unsupported (no GroupQueryAttention).
[[nodiscard]] core::Result<ModelFolder> open_model_folder(const ModelRef& model);

[[nodiscard]] ModelFacts model_facts(const ModelFolder& folder, const DecoderShape& shape);

}  // namespace phasegate::engines::onnx
