// forge: one weight set, from a GGUF file or a seed, as GGUF, ONNX and safetensors, each in the layout that its own
// ecosystem loads. The weights are quantised once, into the GGUF file; the other formats are made from its blocks.
//
//   OUT/gguf/model.gguf
//   OUT/onnx/{model.onnx, model.onnx.data, genai_config.json, tokenizer files}
//   OUT/safetensors/{model.safetensors, config.json, generation_config.json, tokenizer files}
//   OUT/forge.json     what was made from what; written last, so that a folder without it is not whole
//
// Deterministic: the same source, options and version give the same bytes. Memory: a few times the largest tensor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/weight_set.h"

namespace phasegate::models {

enum class Format { gguf, onnx, safetensors };

[[nodiscard]] const char* to_string(Format format);
[[nodiscard]] core::Result<Format> parse_format(std::string_view text);

struct ForgeOptions {
  std::optional<std::filesystem::path> from;  // exactly one of from and seed
  std::optional<std::uint64_t> seed;
  SyntheticSpec spec;  // of a seeded model
  std::vector<Format> formats{Format::gguf, Format::onnx, Format::safetensors};
  std::optional<Quant> quant;  // absent: the source's own types (f32 for a seed), where the format has them
  std::filesystem::path out;
  Progress progress;  // may be empty
};

struct ForgeReport {
  std::filesystem::path folder;
  LlamaShape shape;
  std::uint64_t parameters = 0;
  std::string weight_set;                    // sha256 of the logical weights (weight_set.h)
  std::optional<std::string> source_sha256;  // absent for a seeded model
  std::vector<FileDigest> files;             // names relative to `folder`, without forge.json
  std::vector<std::string> notes;            // what a reader must know: no tokenizer, rounded values
};

// Errors: invalid_input (options, a broken source), unsupported (architecture or types, named), io.
// Blocking: seconds to minutes.
[[nodiscard]] core::Result<ForgeReport> forge(const ForgeOptions& options);

}  // namespace phasegate::models
