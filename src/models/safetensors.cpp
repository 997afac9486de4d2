#include "models/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/check.h"
#include "core/json.h"
#include "models/rope_rows.h"

namespace phasegate::models {
namespace {

using core::Json;

struct NamePair {
  std::string_view gguf;
  std::string_view hf;
};

constexpr std::array kModelNames{NamePair{"token_embd.weight", "model.embed_tokens.weight"},
                                 NamePair{"output_norm.weight", "model.norm.weight"},
                                 NamePair{"output.weight", "lm_head.weight"}};
constexpr std::array kLayerNames{NamePair{"attn_norm.weight", "input_layernorm.weight"},
                                 NamePair{"attn_q.weight", "self_attn.q_proj.weight"},
                                 NamePair{"attn_k.weight", "self_attn.k_proj.weight"},
                                 NamePair{"attn_v.weight", "self_attn.v_proj.weight"},
                                 NamePair{"attn_output.weight", "self_attn.o_proj.weight"},
                                 NamePair{"ffn_norm.weight", "post_attention_layernorm.weight"},
                                 NamePair{"ffn_gate.weight", "mlp.gate_proj.weight"},
                                 NamePair{"ffn_up.weight", "mlp.up_proj.weight"},
                                 NamePair{"ffn_down.weight", "mlp.down_proj.weight"}};

template <std::size_t N>
std::string_view hf_of(const std::array<NamePair, N>& names, std::string_view gguf) {
  const auto it = std::find_if(names.begin(), names.end(), [gguf](const NamePair& pair) { return pair.gguf == gguf; });
  PHASEGATE_CHECK(it != names.end());
  return it->hf;
}

ggml_type file_type(const GgufFile& weights) {
  const auto& tensors = weights.header.tensors;
  const bool all_f32 =
      std::all_of(tensors.begin(), tensors.end(), [](const auto& t) { return t.type == GGML_TYPE_F32; });
  return all_f32 ? GGML_TYPE_F32 : GGML_TYPE_F16;
}

std::string header_text(const std::vector<LlamaTensor>& tensors, ggml_type type) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(tensor.elements()) * ggml_type_size(type);
    Json shape = tensor.norm ? Json{tensor.columns} : Json{tensor.rows, tensor.columns};
    header[hf_tensor_name(tensor.name)] = {{"dtype", type == GGML_TYPE_F32 ? "F32" : "F16"},
                                           {"shape", std::move(shape)},
                                           {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the data starts at a multiple of 8
  return text;
}

std::uint64_t count_rounded(std::span<const float> exact, std::span<const std::byte> halves) {
  std::uint64_t rounded = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    ggml_fp16_t half;
    std::memcpy(&half, halves.data() + i * sizeof half, sizeof half);
    rounded += static_cast<std::uint64_t>(ggml_fp16_to_fp32(half) != exact[i]);
  }
  return rounded;
}

}  // namespace

std::string hf_tensor_name(const std::string& gguf_name) {
  if (!gguf_name.starts_with("blk.")) return std::string(hf_of(kModelNames, gguf_name));
  const std::size_t dot = gguf_name.find('.', 4);
  return fmt::format("model.layers.{}.{}", gguf_name.substr(4, dot - 4),
                     hf_of(kLayerNames, std::string_view(gguf_name).substr(dot + 1)));
}

core::Result<SafetensorsFile> write_safetensors(const GgufFile& weights, const LlamaShape& shape,
                                                const std::filesystem::path& path, const Progress& progress) {
  SafetensorsFile out;
  out.type = file_type(weights);
  const auto tensors = llama_tensors(shape);
  PHASEGATE_TRY(file, OutputFile::create(path));
  const std::string header = header_text(tensors, out.type);
  const std::uint64_t length = header.size();
  PHASEGATE_CHECK_OK(file->write(std::as_bytes(std::span(&length, 1))));
  PHASEGATE_CHECK_OK(file->write(header));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const GgufTensor& stored = *weights.header.find_tensor(tensors[i].name);
    PHASEGATE_TRY(values, dequantize(stored.type, stored.data, tensors[i].elements()));
    auto blocks = quantize(out.type, values, tensors[i].columns);
    if (!blocks) return core::at("tensor " + tensors[i].name, std::move(blocks).error());
    out.values += values.size();
    if (out.type == GGML_TYPE_F16) out.rounded += count_rounded(values, *blocks);
    if (is_rotated(tensors[i].name)) {
      *blocks = rope_rows_to_halves(*blocks, ggml_row_size(out.type, tensors[i].columns), shape.head_dim);
    }
    PHASEGATE_CHECK_OK(file->write(*blocks));
    if (progress) progress("safetensors", static_cast<double>(i + 1) / static_cast<double>(tensors.size()));
  }
  PHASEGATE_TRY(digest, file->finish());
  out.file = std::move(digest);
  return out;
}

}  // namespace phasegate::models
