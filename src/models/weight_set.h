// The one weight set of a forge: read from a GGUF file or drawn from a seed, brought to the wanted types once, and
// written as a GGUF file. Every other format is made from that file's blocks, so that engines get the same weights.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/gguf_file.h"
#include "models/gguf_writer.h"
#include "models/llama_shape.h"

namespace phasegate::models {

// What the matrices become. Norms are f32 always; the embedding and the output head are q8_0 under q8_0 and q4_0
// (what llama.cpp and ONNX Runtime both run fast), the type itself otherwise.
enum class Quant { f32, f16, q8_0, q4_0 };

[[nodiscard]] const char* to_string(Quant quant);
[[nodiscard]] core::Result<Quant> parse_quant(std::string_view text);

// Sizes of a seeded model; the defaults load in milliseconds and still have grouped heads and several layers.
struct SyntheticSpec {
  std::int64_t layers = 4;
  std::int64_t embd = 256;
  std::int64_t heads = 8;
  std::int64_t kv_heads = 4;
  std::int64_t ff = 768;
  std::int64_t ctx = 2048;
  std::int64_t vocab = 2048;
};

// Fractions of the stage's own work, 0 to 1, on the calling thread.
using Progress = std::function<void(std::string_view stage, double fraction)>;

// Where weights come from. A resource: move only.
class WeightSource {
 public:
  [[nodiscard]] static core::Result<WeightSource> from_gguf(const std::filesystem::path& path);
  [[nodiscard]] static core::Result<WeightSource> from_seed(std::uint64_t seed, const SyntheticSpec& spec);

  [[nodiscard]] const LlamaShape& shape() const { return shape_; }
  [[nodiscard]] ggml_type type(const LlamaTensor& tensor) const;
  // The tensor in `type`: the source's own blocks where it has that type, else dequantised and quantised once.
  [[nodiscard]] core::Result<std::vector<std::byte>> blocks(const LlamaTensor& tensor, ggml_type type) const;
  // Keys of the new file: all of the source's, tokenizer included, with the file type of `quant`.
  [[nodiscard]] GgufKeys keys(std::optional<Quant> quant) const;

 private:
  WeightSource() = default;
  [[nodiscard]] core::Result<std::vector<float>> values(const LlamaTensor& tensor) const;
  [[nodiscard]] std::vector<float> seeded_values(const LlamaTensor& tensor) const;

  LlamaShape shape_;
  std::optional<GgufFile> file_;  // absent for a seeded model
  std::uint64_t seed_ = 0;
};

// The type a tensor gets; without `quant` its own.
[[nodiscard]] ggml_type target_type(const LlamaTensor& tensor, ggml_type own, std::optional<Quant> quant);

struct WeightSetFile {
  FileDigest file;
  // sha256 over "name type columns rows\n" and the blocks of each tensor in llama_tensors order: the identity of the
  // weights, whatever format they are in.
  std::string weight_set;
};

[[nodiscard]] core::Result<WeightSetFile> write_weight_set(const WeightSource& source, std::optional<Quant> quant,
                                                           const std::filesystem::path& path, const Progress& progress);

// f32 values of blocks of any type that ggml can read; `unsupported` names a type that it cannot.
[[nodiscard]] core::Result<std::vector<float>> dequantize(ggml_type type, std::span<const std::byte> blocks,
                                                          std::int64_t elements);
// Precondition: columns is a multiple of the type's block. Values that are not finite, or that f16 cannot hold, fail.
[[nodiscard]] core::Result<std::vector<std::byte>> quantize(ggml_type type, std::span<const float> values,
                                                            std::int64_t columns);

}  // namespace phasegate::models
