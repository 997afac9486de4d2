#include "models/onnx_decoder.h"

#include <array>
#include <cmath>
#include <numeric>

#include "models/nbits.h"
#include "models/onnx_graph.h"
#include "models/rope_rows.h"
#include "models/version.h"

namespace phasegate::models {
namespace {

using core::ErrorKind;
using Names = std::vector<std::string>;

constexpr std::int64_t kInt8Activations = 4;  // accuracy_level
constexpr std::string_view kMicrosoft = "com.microsoft";

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

OnnxType float_type(ggml_type type) { return type == GGML_TYPE_F16 ? OnnxType::f16 : OnnxType::f32; }

class Decoder {
 public:
  Decoder(const GgufFile& weights, const LlamaShape& shape, OutputFile& data, std::string data_name)
      : weights_(weights), shape_(shape), graph_("llama_decoder", data, std::move(data_name)) {}

  core::Result<std::string> build(const Progress& progress) {
    declare_inputs();
    PHASEGATE_CHECK_OK(positions());
    PHASEGATE_CHECK_OK(embedding());
    for (std::int64_t layer = 0; layer < shape_.n_layer; ++layer) {
      PHASEGATE_CHECK_OK(attention(layer));
      PHASEGATE_CHECK_OK(feed_forward(layer));
      if (progress) progress("onnx", static_cast<double>(layer + 1) / static_cast<double>(shape_.n_layer + 1));
    }
    PHASEGATE_CHECK_OK(head());
    if (progress) progress("onnx", 1.0);
    return graph_.model(kForgeVersion);
  }

 private:
  // A matrix of the graph: GGUF tensors stacked along their rows, of one type.
  struct Stacked {
    ggml_type type = GGML_TYPE_F32;
    std::int64_t columns = 0;
    std::int64_t rows = 0;
    std::vector<std::byte> blocks;
  };
  struct Norm {
    std::string normed;
    std::string sum;  // the residual stream
  };

  void declare_inputs();
  core::Status positions();
  core::Status embedding();
  core::Status attention(std::int64_t layer);
  core::Status feed_forward(std::int64_t layer);
  core::Status head();

  const GgufTensor& tensor(const std::string& name) const { return *weights_.header.find_tensor(name); }
  Stacked stacked(const Names& names) const;
  core::Status norm_weight(const std::string& gguf_name, const std::string& name);
  core::Status linear(const Names& names, const std::string& prefix, const std::string& in, const std::string& out);
  void multiply_floats(const std::string& weight, ggml_type type, const std::string& in, const std::string& out);
  void multiply_nbits(const Stacked& matrix, const std::string& prefix, const std::string& in, const std::string& out);
  core::Status quantized_embedding(const GgufTensor& table);
  core::Status float_embedding(const GgufTensor& table);
  core::Result<Norm> add_and_norm(const std::string& x, const std::string& skip, const std::string& gguf_weight,
                                  const std::string& prefix);
  std::string last_rows(const std::string& x, const std::string& out);
  std::string number(const std::string& name, std::int64_t value, bool scalar);

  const GgufFile& weights_;
  const LlamaShape& shape_;
  OnnxGraph graph_;
  std::string residual_;  // what the next norm adds to
  std::string update_;    // what it adds; empty before the first layer
};

std::string key_name(std::string_view side, std::int64_t layer, std::string_view what) {
  return fmt::format("{}.{}.{}", side, layer, what);
}

void Decoder::declare_inputs() {
  graph_.input("input_ids", OnnxType::i64, {"batch_size", "sequence_length"});
  graph_.input("attention_mask", OnnxType::i64, {"batch_size", "total_sequence_length"});
  graph_.output("logits", OnnxType::f32, {"batch_size", std::int64_t{1}, shape_.n_vocab});
  for (std::int64_t layer = 0; layer < shape_.n_layer; ++layer) {
    for (const char* what : {"key", "value"}) {
      graph_.input(key_name("past_key_values", layer, what), OnnxType::f32,
                   {"batch_size", shape_.n_head_kv, "past_sequence_length", shape_.head_dim});
      graph_.output(key_name("present", layer, what), OnnxType::f32,
                    {"batch_size", shape_.n_head_kv, "total_sequence_length", shape_.head_dim});
    }
  }
}

std::string Decoder::number(const std::string& name, std::int64_t value, bool scalar) {
  const std::array<std::int64_t, 1> one{1};
  const std::vector<std::int64_t> values{value};
  graph_.constant(name, OnnxType::i64, scalar ? std::span<const std::int64_t>() : one, bytes_of(values));
  return name;
}

// seqlens_k, total_seq_len and each row's last position from the mask, as onnxruntime-genai's own models do, and the
// rope tables. A table entry is computed in double and rounded once.
core::Status Decoder::positions() {
  const std::string axis = number("const.axis_1", 1, false);
  const std::string one = number("const.one", 1, true);
  graph_.node({"ReduceSum", {"attention_mask", axis}, {"mask.count"}, {{"keepdims", std::int64_t{0}}}, ""});
  graph_.node({"Sub", {"mask.count", one}, {"mask.last"}, {}, ""});
  graph_.node({"Cast", {"mask.last"}, {"seqlens_k"}, {{"to", static_cast<std::int64_t>(OnnxType::i32)}}, ""});
  graph_.node(
      {"Shape", {"attention_mask"}, {"mask.total"}, {{"start", std::int64_t{1}}, {"end", std::int64_t{2}}}, ""});
  graph_.node({"Cast", {"mask.total"}, {"total_seq_len"}, {{"to", static_cast<std::int64_t>(OnnxType::i32)}}, ""});
  graph_.node({"Shape", {"input_ids"}, {"ids.length"}, {{"start", std::int64_t{1}}, {"end", std::int64_t{2}}}, ""});
  graph_.node({"Sub", {"ids.length", one}, {"ids.end"}, {}, ""});
  graph_.node({"Min", {"mask.last", "ids.end"}, {"last.row"}, {}, ""});
  const std::vector<std::int64_t> axes{1, 2};
  const std::array<std::int64_t, 1> two{2};
  graph_.constant("const.axes_1_2", OnnxType::i64, two, bytes_of(axes));
  graph_.node({"Unsqueeze", {"last.row", "const.axes_1_2"}, {"last.index"}, {}, ""});

  const auto half = static_cast<std::size_t>(shape_.head_dim / 2);
  const auto positions = static_cast<std::size_t>(shape_.n_ctx_train);
  std::vector<float> cosines(positions * half), sines(positions * half);
  for (std::size_t i = 0; i < half; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(shape_.rope_dim);
    const double frequency = std::pow(shape_.rope_base, exponent);
    for (std::size_t p = 0; p < positions; ++p) {
      const double angle = static_cast<double>(p) * frequency;
      cosines[p * half + i] = static_cast<float>(std::cos(angle));
      sines[p * half + i] = static_cast<float>(std::sin(angle));
    }
  }
  const std::array<std::int64_t, 2> table{shape_.n_ctx_train, shape_.head_dim / 2};
  PHASEGATE_CHECK_OK(graph_.weight("cos_cache", OnnxType::f32, table, bytes_of(cosines)));
  PHASEGATE_CHECK_OK(graph_.weight("sin_cache", OnnxType::f32, table, bytes_of(sines)));
  return {};
}

// The quantised table stays [vocabulary, blocks, 32] for the lookup, so that a tied head shares its bytes.
core::Status Decoder::quantized_embedding(const GgufTensor& table) {
  NBits nbits;
  append_nbits(table.type, table.data, nbits);
  const std::int64_t blocks = table.ne[0] / kBlock;
  const std::array<std::int64_t, 3> quants{table.ne[1], blocks, nbits_block_bytes(table.type)};
  const std::array<std::int64_t, 3> scales{table.ne[1], blocks, 1};
  PHASEGATE_CHECK_OK(graph_.weight("embed_tokens.weight", OnnxType::u8, quants, bytes_of(nbits.quants)));
  PHASEGATE_TRY(place, graph_.weight("embed_tokens.scales", OnnxType::f32, scales, bytes_of(nbits.scales)));
  if (shape_.tied_embeddings) {
    const std::array<std::int64_t, 2> flat{table.ne[1], blocks};
    graph_.view("lm_head.scales", OnnxType::f32, flat, place);
  }
  graph_.node({"GatherBlockQuantized",
               {"embed_tokens.weight", "input_ids", "embed_tokens.scales"},
               {"embed.blocks"},
               {{"bits", nbits_of(table.type)},
                {"block_size", kBlock},
                {"gather_axis", std::int64_t{0}},
                {"quantize_axis", std::int64_t{2}}},
               std::string(kMicrosoft)});
  const std::vector<std::int64_t> shape{0, 0, shape_.n_embd};
  const std::array<std::int64_t, 1> three{3};
  graph_.constant("const.embed_shape", OnnxType::i64, three, bytes_of(shape));
  graph_.node({"Reshape", {"embed.blocks", "const.embed_shape"}, {"embed"}, {}, ""});
  return {};
}

core::Status Decoder::float_embedding(const GgufTensor& table) {
  const std::array<std::int64_t, 2> shape{table.ne[1], table.ne[0]};
  PHASEGATE_CHECK_OK(graph_.weight("embed_tokens.weight", float_type(table.type), shape, table.data));
  const bool half = table.type == GGML_TYPE_F16;
  graph_.node({"Gather", {"embed_tokens.weight", "input_ids"}, {half ? "embed.f16" : "embed"}, {}, ""});
  if (half) graph_.node({"Cast", {"embed.f16"}, {"embed"}, {{"to", static_cast<std::int64_t>(OnnxType::f32)}}, ""});
  return {};
}

core::Status Decoder::embedding() {
  const GgufTensor& table = tensor("token_embd.weight");
  residual_ = "embed";
  return has_nbits_form(table.type) ? quantized_embedding(table) : float_embedding(table);
}

Decoder::Stacked Decoder::stacked(const Names& names) const {
  Stacked out;
  for (const auto& name : names) {
    const GgufTensor& part = tensor(name);
    out.type = part.type;
    out.columns = part.ne[0];
    out.rows += part.ne[1];
    if (is_rotated(name)) {
      const auto rows = rope_rows_to_halves(part.data, ggml_row_size(part.type, part.ne[0]), shape_.head_dim);
      out.blocks.insert(out.blocks.end(), rows.begin(), rows.end());
    } else {
      out.blocks.insert(out.blocks.end(), part.data.begin(), part.data.end());
    }
  }
  return out;
}

void Decoder::multiply_nbits(const Stacked& matrix, const std::string& prefix, const std::string& in,
                             const std::string& out) {
  graph_.node({"MatMulNBits",
               {in, prefix + ".weight", prefix + ".scales"},
               {out},
               {{"K", matrix.columns},
                {"N", matrix.rows},
                {"bits", nbits_of(matrix.type)},
                {"block_size", kBlock},
                {"accuracy_level", kInt8Activations}},
               std::string(kMicrosoft)});
}

// out = in · weightᵀ: the rows stay as GGUF and Hugging Face have them. An f16 weight is widened by a Cast, which
// ONNX Runtime folds away at load.
void Decoder::multiply_floats(const std::string& weight, ggml_type type, const std::string& in,
                              const std::string& out) {
  std::string matrix = weight;
  if (type == GGML_TYPE_F16) {
    matrix = weight + ".f32";
    graph_.node({"Cast", {weight}, {matrix}, {{"to", static_cast<std::int64_t>(OnnxType::f32)}}, ""});
  }
  graph_.node({"FusedMatMul", {in, matrix}, {out}, {{"transB", std::int64_t{1}}}, std::string(kMicrosoft)});
}

core::Status Decoder::linear(const Names& names, const std::string& prefix, const std::string& in,
                             const std::string& out) {
  const Stacked matrix = stacked(names);
  if (!has_nbits_form(matrix.type)) {
    const std::array<std::int64_t, 2> shape{matrix.rows, matrix.columns};
    PHASEGATE_CHECK_OK(graph_.weight(prefix + ".weight", float_type(matrix.type), shape, matrix.blocks));
    multiply_floats(prefix + ".weight", matrix.type, in, out);
    return {};
  }
  NBits nbits;
  append_nbits(matrix.type, matrix.blocks, nbits);
  const std::array<std::int64_t, 3> quants{matrix.rows, matrix.columns / kBlock, nbits_block_bytes(matrix.type)};
  const std::array<std::int64_t, 2> scales{matrix.rows, matrix.columns / kBlock};
  PHASEGATE_CHECK_OK(graph_.weight(prefix + ".weight", OnnxType::u8, quants, bytes_of(nbits.quants)));
  PHASEGATE_CHECK_OK(graph_.weight(prefix + ".scales", OnnxType::f32, scales, bytes_of(nbits.scales)));
  multiply_nbits(matrix, prefix, in, out);
  return {};
}

core::Status Decoder::norm_weight(const std::string& gguf_name, const std::string& name) {
  const GgufTensor& weight = tensor(gguf_name);
  PHASEGATE_TRY(values, dequantize(weight.type, weight.data, weight.elements()));
  const std::array<std::int64_t, 1> shape{shape_.n_embd};
  graph_.constant(name, OnnxType::f32, shape, bytes_of(values));
  return {};
}

core::Result<Decoder::Norm> Decoder::add_and_norm(const std::string& x, const std::string& skip,
                                                  const std::string& gguf_weight, const std::string& prefix) {
  PHASEGATE_CHECK_OK(norm_weight(gguf_weight, prefix + ".weight"));
  const auto eps = static_cast<float>(shape_.rms_eps);
  if (skip.empty()) {
    graph_.node({"RMSNormalization",
                 {x, prefix + ".weight"},
                 {prefix + ".out"},
                 {{"axis", std::int64_t{-1}}, {"epsilon", eps}},
                 ""});
    return Norm{prefix + ".out", x};
  }
  graph_.node({"SkipSimplifiedLayerNormalization",
               {x, skip, prefix + ".weight"},
               {prefix + ".out", "", "", prefix + ".sum"},
               {{"epsilon", eps}},
               std::string(kMicrosoft)});
  return Norm{prefix + ".out", prefix + ".sum"};
}

std::string Decoder::last_rows(const std::string& x, const std::string& out) {
  graph_.node({"GatherND", {x, "last.index"}, {out}, {{"batch_dims", std::int64_t{1}}}, ""});
  return out;
}

// After the last layer's attention only each row's last position goes on: nothing later looks at another one.
core::Status Decoder::attention(std::int64_t layer) {
  const std::string gguf = fmt::format("blk.{}.", layer);
  const std::string prefix = fmt::format("layers.{}.", layer);
  PHASEGATE_TRY(norm, add_and_norm(residual_, update_, gguf + "attn_norm.weight", prefix + "input_norm"));
  PHASEGATE_CHECK_OK(linear({gguf + "attn_q.weight", gguf + "attn_k.weight", gguf + "attn_v.weight"},
                            prefix + "qkv_proj", norm.normed, prefix + "qkv"));
  graph_.node({"GroupQueryAttention",
               {prefix + "qkv", "", "", key_name("past_key_values", layer, "key"),
                key_name("past_key_values", layer, "value"), "seqlens_k", "total_seq_len", "cos_cache", "sin_cache"},
               {prefix + "attention", key_name("present", layer, "key"), key_name("present", layer, "value")},
               {{"num_heads", shape_.n_head},
                {"kv_num_heads", shape_.n_head_kv},
                {"do_rotary", std::int64_t{1}},
                {"rotary_interleaved", std::int64_t{0}}},
               std::string(kMicrosoft)});
  std::string attended = prefix + "attention";
  residual_ = norm.sum;
  if (layer + 1 == shape_.n_layer) {
    attended = last_rows(attended, "last.attention");
    residual_ = last_rows(residual_, "last.residual");
  }
  update_ = prefix + "o";
  return linear({gguf + "attn_output.weight"}, prefix + "o_proj", attended, update_);
}

core::Status Decoder::feed_forward(std::int64_t layer) {
  const std::string gguf = fmt::format("blk.{}.", layer);
  const std::string prefix = fmt::format("layers.{}.", layer);
  PHASEGATE_TRY(norm, add_and_norm(residual_, update_, gguf + "ffn_norm.weight", prefix + "post_norm"));
  const std::string gate = prefix + "gate", up = prefix + "up", silu = prefix + "silu", product = prefix + "gated";
  PHASEGATE_CHECK_OK(linear({gguf + "ffn_gate.weight", gguf + "ffn_up.weight"}, prefix + "gate_up_proj", norm.normed,
                            prefix + "gate_up"));
  graph_.node(
      {"Split", {prefix + "gate_up"}, {gate, up}, {{"axis", std::int64_t{-1}}, {"num_outputs", std::int64_t{2}}}, ""});
  graph_.node({"QuickGelu", {gate}, {silu}, {{"alpha", 1.0F}}, std::string(kMicrosoft)});
  graph_.node({"Mul", {silu, up}, {product}, {}, ""});
  residual_ = norm.sum;
  update_ = prefix + "down";
  return linear({gguf + "ffn_down.weight"}, prefix + "down_proj", product, update_);
}

core::Status Decoder::head() {
  PHASEGATE_TRY(norm, add_and_norm(residual_, update_, "output_norm.weight", "final_norm"));
  if (!shape_.tied_embeddings) return linear({"output.weight"}, "lm_head", norm.normed, "logits");
  const GgufTensor& table = tensor("token_embd.weight");
  if (!has_nbits_form(table.type)) {
    multiply_floats("embed_tokens.weight", table.type, norm.normed, "logits");
    return {};
  }
  graph_.node({"MatMulNBits",
               {norm.normed, "embed_tokens.weight", "lm_head.scales"},
               {"logits"},
               {{"K", table.ne[0]},
                {"N", table.ne[1]},
                {"bits", nbits_of(table.type)},
                {"block_size", kBlock},
                {"accuracy_level", kInt8Activations}},
               std::string(kMicrosoft)});
  return {};
}

tl::unexpected<core::Error> no_form(const LlamaTensor& tensor, ggml_type type) {
  return core::fail({ErrorKind::unsupported,
                     fmt::format("tensor '{}' is {}, which ONNX Runtime has no fast exact form of", tensor.name,
                                 ggml_type_name(type)),
                     {},
                     "pass --quant q4_0, q8_0, f16 or f32 to requantise once for all formats"});
}

}  // namespace

core::Status check_onnx_types(const LlamaShape& shape, const std::function<ggml_type(const LlamaTensor&)>& type) {
  ggml_type previous = GGML_TYPE_F32;
  for (const auto& tensor : llama_tensors(shape)) {
    const ggml_type own = type(tensor);
    const bool plain = own == GGML_TYPE_F32 || own == GGML_TYPE_F16;
    if (!plain && (tensor.norm || !has_nbits_form(own))) return no_form(tensor, own);
    if (tensor.name == "token_embd.weight" && own == GGML_TYPE_Q4_0) return no_form(tensor, own);
    // Q, K and V, and gate and up, are one product each in the graph.
    const bool joined = tensor.name.ends_with("attn_k.weight") || tensor.name.ends_with("attn_v.weight") ||
                        tensor.name.ends_with("ffn_up.weight");
    if (joined && own != previous) return no_form(tensor, own);
    previous = own;
  }
  return {};
}

core::Result<OnnxFiles> write_onnx(const GgufFile& weights, const LlamaShape& shape,
                                   const std::filesystem::path& folder, const Progress& progress) {
  PHASEGATE_TRY(data, OutputFile::create(folder / "model.onnx.data"));
  Decoder decoder(weights, shape, *data, "model.onnx.data");
  PHASEGATE_TRY(model, decoder.build(progress));
  PHASEGATE_TRY(data_digest, data->finish());
  PHASEGATE_TRY(file, OutputFile::create(folder / "model.onnx"));
  PHASEGATE_CHECK_OK(file->write(model));
  PHASEGATE_TRY(model_digest, file->finish());
  data_digest.name = "onnx/model.onnx.data";
  model_digest.name = "onnx/model.onnx";
  return OnnxFiles{std::move(model_digest), std::move(data_digest)};
}

}  // namespace phasegate::models
