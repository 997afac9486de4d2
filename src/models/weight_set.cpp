#include "models/weight_set.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/random.h"

namespace phasegate::models {
namespace {

using core::ErrorKind;

constexpr float kMaxHalf = 65504.0F;
constexpr double kNormSpread = 0.1;

// llama.cpp's LLAMA_FTYPE numbers, which GGUF keeps in general.file_type.
std::uint32_t file_type(Quant quant) {
  switch (quant) {
    case Quant::f32: return 0;
    case Quant::f16: return 1;
    case Quant::q4_0: return 2;
    case Quant::q8_0: return 7;
  }
  return 0;
}

ggml_type matrix_type(Quant quant) {
  switch (quant) {
    case Quant::f32: return GGML_TYPE_F32;
    case Quant::f16: return GGML_TYPE_F16;
    case Quant::q8_0: return GGML_TYPE_Q8_0;
    case Quant::q4_0: return GGML_TYPE_Q4_0;
  }
  return GGML_TYPE_F32;
}

bool is_vocabulary(const LlamaTensor& tensor) {
  return tensor.name == "token_embd.weight" || tensor.name == "output.weight";
}

GgufKeys seeded_keys(const LlamaShape& shape, Quant quant) {
  const auto u32 = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  GgufKeys keys;
  keys.text("general.architecture", "llama");
  keys.text("general.name", "phasegate seeded model");
  keys.u32("general.file_type", file_type(quant));
  keys.u32("general.quantization_version", GGML_QNT_VERSION);
  keys.u32("llama.vocab_size", u32(shape.n_vocab));
  keys.u32("llama.context_length", u32(shape.n_ctx_train));
  keys.u32("llama.embedding_length", u32(shape.n_embd));
  keys.u32("llama.block_count", u32(shape.n_layer));
  keys.u32("llama.feed_forward_length", u32(shape.n_ff));
  keys.u32("llama.attention.head_count", u32(shape.n_head));
  keys.u32("llama.attention.head_count_kv", u32(shape.n_head_kv));
  keys.u32("llama.rope.dimension_count", u32(shape.rope_dim));
  keys.f32("llama.rope.freq_base", static_cast<float>(shape.rope_base));
  keys.f32("llama.attention.layer_norm_rms_epsilon", static_cast<float>(shape.rms_eps));
  keys.text("tokenizer.ggml.model", "none");
  return keys;
}

core::Status check_blocks(const LlamaTensor& tensor, ggml_type type) {
  if (tensor.columns % ggml_blck_size(type) == 0) return {};
  return core::fail(ErrorKind::unsupported, "tensor '{}' has rows of {} values, not a multiple of {}'s block of {}",
                    tensor.name, tensor.columns, ggml_type_name(type), ggml_blck_size(type));
}

GgufTensorPlan plan_of(const LlamaTensor& tensor, ggml_type type) {
  if (tensor.norm) return {tensor.name, {tensor.columns}, type};
  return {tensor.name, {tensor.columns, tensor.rows}, type};
}

}  // namespace

const char* to_string(Quant quant) {
  switch (quant) {
    case Quant::f32: return "f32";
    case Quant::f16: return "f16";
    case Quant::q8_0: return "q8_0";
    case Quant::q4_0: return "q4_0";
  }
  return "unknown";
}

core::Result<Quant> parse_quant(std::string_view text) {
  for (const Quant quant : {Quant::f32, Quant::f16, Quant::q8_0, Quant::q4_0}) {
    if (text == to_string(quant)) return quant;
  }
  return core::fail(ErrorKind::invalid_input, "'{}' is not a quantization; f32, f16, q8_0 and q4_0 are", text);
}

core::Result<std::vector<float>> dequantize(ggml_type type, std::span<const std::byte> blocks, std::int64_t elements) {
  std::vector<float> values(static_cast<std::size_t>(elements));
  if (type == GGML_TYPE_F32) {
    std::memcpy(values.data(), blocks.data(), blocks.size());
    return values;
  }
  const auto convert = ggml_get_type_traits(type)->to_float;
  if (convert == nullptr) {
    return core::fail(ErrorKind::unsupported, "holds {}, which cannot be brought to f32", ggml_type_name(type));
  }
  convert(blocks.data(), values.data(), elements);
  return values;
}

core::Result<std::vector<std::byte>> quantize(ggml_type type, std::span<const float> values, std::int64_t columns) {
  float largest = 0.0F;
  for (const float value : values) {
    if (!std::isfinite(value)) return core::fail(ErrorKind::invalid_input, "holds a value that is not finite");
    largest = std::max(largest, std::fabs(value));
  }
  if (type != GGML_TYPE_F32 && largest > kMaxHalf) {
    return core::fail({ErrorKind::invalid_input, fmt::format("holds {}, which f16 cannot", largest), {}, "use f32"});
  }
  const auto rows = static_cast<std::int64_t>(values.size()) / columns;
  std::vector<std::byte> blocks(static_cast<std::size_t>(rows) * ggml_row_size(type, columns));
  ggml_quantize_chunk(type, values.data(), blocks.data(), 0, rows, columns, nullptr);
  return blocks;
}

core::Result<WeightSource> WeightSource::from_gguf(const std::filesystem::path& path) {
  WeightSource source;
  PHASEGATE_TRY(file, open_gguf(path));
  auto shape = read_llama_shape(file.header);
  if (!shape) return core::at(path.string(), std::move(shape).error());
  source.shape_ = *shape;
  source.file_ = std::move(file);
  return source;
}

core::Result<WeightSource> WeightSource::from_seed(std::uint64_t seed, const SyntheticSpec& spec) {
  WeightSource source;
  source.seed_ = seed;
  auto& shape = source.shape_;
  shape.n_layer = spec.layers;
  shape.n_embd = spec.embd;
  shape.n_head = spec.heads;
  shape.n_head_kv = spec.kv_heads;
  shape.head_dim = spec.heads > 0 ? spec.embd / spec.heads : 0;
  shape.n_ff = spec.ff;
  shape.n_vocab = spec.vocab;
  shape.n_ctx_train = spec.ctx;
  shape.rope_dim = shape.head_dim;
  if (auto status = check_llama_shape(shape); !status) return core::at("seeded model", std::move(status).error());
  if (shape.q_rows() != shape.n_embd) {
    return core::fail({ErrorKind::invalid_input,
                       fmt::format("is {} wide, not a multiple of its {} heads", spec.embd, spec.heads),
                       "seeded model",
                       {}});
  }
  return source;
}

ggml_type WeightSource::type(const LlamaTensor& tensor) const {
  return file_ ? file_->header.find_tensor(tensor.name)->type : GGML_TYPE_F32;
}

// Uniform with variance 1/columns, which keeps activations near 1 through the layers; norms spread around 1, so that a
// reader that ignores them is caught. No libm function enters but the exact sqrt: the same bytes everywhere.
std::vector<float> WeightSource::seeded_values(const LlamaTensor& tensor) const {
  core::Random random(core::derive_seed(seed_, tensor.name));
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  const double centre = tensor.norm ? 1.0 : 0.0;
  const double spread = tensor.norm ? kNormSpread : std::sqrt(3.0 / static_cast<double>(tensor.columns));
  for (float& value : values) value = static_cast<float>(centre + (2.0 * random.uniform() - 1.0) * spread);
  return values;
}

core::Result<std::vector<float>> WeightSource::values(const LlamaTensor& tensor) const {
  if (!file_) return seeded_values(tensor);
  const GgufTensor& stored = *file_->header.find_tensor(tensor.name);
  return dequantize(stored.type, stored.data, tensor.elements());
}

core::Result<std::vector<std::byte>> WeightSource::blocks(const LlamaTensor& tensor, ggml_type type) const {
  if (file_ && this->type(tensor) == type) {
    const auto data = file_->header.find_tensor(tensor.name)->data;
    return std::vector<std::byte>(data.begin(), data.end());
  }
  PHASEGATE_CHECK_OK(check_blocks(tensor, type));
  auto read = values(tensor);
  if (!read) return core::at("tensor " + tensor.name, std::move(read).error());
  auto quantized = quantize(type, *read, tensor.columns);
  if (!quantized) return core::at("tensor " + tensor.name, std::move(quantized).error());
  return quantized;
}

GgufKeys WeightSource::keys(std::optional<Quant> quant) const {
  if (!file_) return seeded_keys(shape_, quant.value_or(Quant::f32));
  GgufKeys keys;
  for (const auto& entry : file_->header.entries) {
    if (entry.key == "general.alignment") continue;  // the writer uses the default
    const bool replaced = entry.key == "general.file_type" || entry.key == "general.quantization_version";
    if (!(quant && replaced)) keys.copy(entry);
  }
  if (quant) {
    keys.u32("general.file_type", file_type(*quant));
    keys.u32("general.quantization_version", GGML_QNT_VERSION);
  }
  return keys;
}

ggml_type target_type(const LlamaTensor& tensor, ggml_type own, std::optional<Quant> quant) {
  if (!quant) return own;
  if (tensor.norm) return GGML_TYPE_F32;
  if (is_vocabulary(tensor) && *quant == Quant::q4_0) return GGML_TYPE_Q8_0;
  return matrix_type(*quant);
}

core::Result<WeightSetFile> write_weight_set(const WeightSource& source, std::optional<Quant> quant,
                                             const std::filesystem::path& path, const Progress& progress) {
  const auto tensors = llama_tensors(source.shape());
  std::vector<GgufTensorPlan> plan;
  for (const auto& tensor : tensors) {
    const ggml_type type = target_type(tensor, source.type(tensor), quant);
    PHASEGATE_CHECK_OK(check_blocks(tensor, type));
    plan.push_back(plan_of(tensor, type));
  }
  PHASEGATE_TRY(writer, GgufWriter::create(path, source.keys(quant), plan));
  core::Sha256 identity;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    PHASEGATE_TRY(blocks, source.blocks(tensors[i], plan[i].type));
    PHASEGATE_CHECK_OK(writer.tensor(blocks));
    identity.update(fmt::format("{} {} {} {}\n", tensors[i].name, ggml_type_name(plan[i].type), tensors[i].columns,
                                tensors[i].rows));
    identity.update({reinterpret_cast<const char*>(blocks.data()), blocks.size()});
    if (progress) progress("gguf", static_cast<double>(i + 1) / static_cast<double>(tensors.size()));
  }
  PHASEGATE_TRY(digest, writer.finish());
  return WeightSetFile{std::move(digest), identity.finish()};
}

}  // namespace phasegate::models
