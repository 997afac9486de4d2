// From what a user names (--model) to files that engines load: a forged folder is taken as it is, a .gguf file is
// forged once into <store>/models/<sha256>-<quant>, a sim profile (.yaml) stays what it is.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/matrix.h"
#include "cli/context.h"
#include "core/result.h"

namespace phasegate::cli {

struct ModelSet {
  std::string name;                 // "smollm2-135m-instruct-q4_1-q8_0"
  std::filesystem::path gguf;       // empty when there is none
  std::filesystem::path onnx;       // folder; empty when there is none
  std::filesystem::path sim;        // profile; empty when it is a real model
  std::filesystem::path reference;  // the same weights in fp32 as GGUF; empty when not made
  std::string weight_set;
  std::string quant;  // "q8_0"; empty when the folder does not say
};

using Say = std::function<void(const std::string& line)>;

// For the chain: both formats of one weight set and its fp32 reference.
[[nodiscard]] core::Result<ModelSet> model_set_for_run(const std::string& argument, const std::filesystem::path& store,
                                                       const Say& say);

// For `measure`: the file or folder itself, nothing is forged.
[[nodiscard]] core::Result<bench::MatrixInputs> inputs_for_measure(const MeasureOptions& options);

// Candidates for every engine that has a format of the set; `engines` empty = all.
[[nodiscard]] core::Result<bench::MatrixInputs> inputs_for_run(const std::vector<ModelSet>& sets,
                                                               const std::vector<std::string>& engines);

// The model that `run` takes when none is named: the demo model in the download cache.
[[nodiscard]] core::Result<std::string> demo_model();

}  // namespace phasegate::cli
