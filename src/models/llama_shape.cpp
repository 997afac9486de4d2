#include "models/llama_shape.h"

#include <algorithm>
#include <cmath>

namespace phasegate::models {
namespace {

using core::ErrorKind;

// Far above any model that exists, far below where a product of two overflows.
constexpr std::int64_t kMaxSize = 1 << 24;

core::Result<std::int64_t> required_size(const GgufHeader& header, std::string_view key) {
  PHASEGATE_TRY(value, header.integer(key));
  if (!value) return core::fail(ErrorKind::invalid_input, "lacks the key '{}'", key);
  if (*value < 1 || *value > static_cast<std::uint64_t>(kMaxSize)) {
    return core::fail(ErrorKind::invalid_input, "key '{}' is {}, outside 1 to {}", key, *value, kMaxSize);
  }
  return static_cast<std::int64_t>(*value);
}

core::Result<std::int64_t> size_or(const GgufHeader& header, std::string_view key, std::int64_t fallback) {
  if (header.find(key) == nullptr) return fallback;
  return required_size(header, key);
}

core::Status check_architecture(const GgufHeader& header) {
  PHASEGATE_TRY(architecture, header.text("general.architecture"));
  if (!architecture) return core::fail(ErrorKind::invalid_input, "lacks the key 'general.architecture'");
  if (*architecture == "llama") return {};
  return core::fail({ErrorKind::unsupported,
                     fmt::format("has the architecture '{}'", architecture->substr(0, 60)),
                     {},
                     "phasegate reads the 'llama' architecture, for example SmolLM2"});
}

// What changes the arithmetic of the llama graph and is not written to ONNX.
core::Status check_variants(const GgufHeader& header) {
  PHASEGATE_TRY(scaling, header.text("llama.rope.scaling.type"));
  if (scaling && *scaling != "none") {
    return core::fail(ErrorKind::unsupported, "scales its rope by '{}', which is not supported",
                      scaling->substr(0, 60));
  }
  PHASEGATE_TRY(experts, header.integer("llama.expert_count"));
  if (experts && *experts != 0) {
    return core::fail(ErrorKind::unsupported, "is a mixture of {} experts, which is not supported", *experts);
  }
  return {};
}

core::Status read_sizes(const GgufHeader& header, LlamaShape& shape) {
  PHASEGATE_TRY(layers, required_size(header, "llama.block_count"));
  PHASEGATE_TRY(embd, required_size(header, "llama.embedding_length"));
  PHASEGATE_TRY(heads, required_size(header, "llama.attention.head_count"));
  PHASEGATE_TRY(kv_heads, size_or(header, "llama.attention.head_count_kv", heads));
  PHASEGATE_TRY(ff, required_size(header, "llama.feed_forward_length"));
  PHASEGATE_TRY(ctx, required_size(header, "llama.context_length"));
  PHASEGATE_TRY(key_length, size_or(header, "llama.attention.key_length", embd / heads));
  PHASEGATE_TRY(value_length, size_or(header, "llama.attention.value_length", key_length));
  PHASEGATE_TRY(rope_dim, size_or(header, "llama.rope.dimension_count", key_length));
  if (value_length != key_length) {
    return core::fail(ErrorKind::unsupported, "has keys of {} and values of {} per head", key_length, value_length);
  }
  shape.n_layer = layers;
  shape.n_embd = embd;
  shape.n_head = heads;
  shape.n_head_kv = kv_heads;
  shape.head_dim = key_length;
  shape.n_ff = ff;
  shape.n_ctx_train = ctx;
  shape.rope_dim = rope_dim;
  return {};
}

core::Status read_reals(const GgufHeader& header, LlamaShape& shape) {
  PHASEGATE_TRY(base, header.real("llama.rope.freq_base"));
  PHASEGATE_TRY(eps, header.real("llama.attention.layer_norm_rms_epsilon"));
  if (!eps) return core::fail(ErrorKind::invalid_input, "lacks the key 'llama.attention.layer_norm_rms_epsilon'");
  shape.rope_base = static_cast<double>(base.value_or(10000.0F));
  shape.rms_eps = static_cast<double>(*eps);
  return {};
}

core::Status read_vocabulary(const GgufHeader& header, LlamaShape& shape) {
  const GgufTensor* table = header.find_tensor("token_embd.weight");
  if (table == nullptr) return core::fail(ErrorKind::invalid_input, "lacks the tensor 'token_embd.weight'");
  shape.n_vocab = table->ne[1];
  PHASEGATE_TRY(said, size_or(header, "llama.vocab_size", shape.n_vocab));
  if (said != shape.n_vocab) {
    return core::fail(ErrorKind::invalid_input, "says {} tokens in 'llama.vocab_size', its embedding has {}", said,
                      shape.n_vocab);
  }
  shape.tied_embeddings = header.find_tensor("output.weight") == nullptr;
  return {};
}

core::Status check_tensors(const GgufHeader& header, const LlamaShape& shape) {
  // Before the list is made: a hostile layer count must not cost more than the file's own size.
  if (static_cast<std::uint64_t>(shape.n_layer) > header.tensors.size()) {
    return core::fail(ErrorKind::invalid_input, "says {} layers and has {} tensors", shape.n_layer,
                      header.tensors.size());
  }
  const auto expected = llama_tensors(shape);
  for (const auto& want : expected) {
    const GgufTensor* tensor = header.find_tensor(want.name);
    if (tensor == nullptr) return core::fail(ErrorKind::invalid_input, "lacks the tensor '{}'", want.name);
    if (tensor->ne[0] != want.columns || tensor->rows() != want.rows) {
      return core::fail(ErrorKind::invalid_input, "tensor '{}' is {} x {}, {} x {} follows from the keys", want.name,
                        tensor->rows(), tensor->ne[0], want.rows, want.columns);
    }
  }
  if (header.tensors.size() == expected.size()) return {};
  for (const auto& tensor : header.tensors) {
    const bool known =
        std::any_of(expected.begin(), expected.end(), [&](const auto& e) { return e.name == tensor.name; });
    if (!known) {
      return core::fail(ErrorKind::unsupported, "has the tensor '{}', which phasegate's llama graph has no place for",
                        tensor.name);
    }
  }
  return {};
}

}  // namespace

std::vector<LlamaTensor> llama_tensors(const LlamaShape& shape) {
  std::vector<LlamaTensor> out;
  out.push_back({"token_embd.weight", shape.n_embd, shape.n_vocab});
  for (std::int64_t layer = 0; layer < shape.n_layer; ++layer) {
    const std::string prefix = fmt::format("blk.{}.", layer);
    out.push_back({prefix + "attn_norm.weight", shape.n_embd, 1, true});
    out.push_back({prefix + "attn_q.weight", shape.n_embd, shape.q_rows()});
    out.push_back({prefix + "attn_k.weight", shape.n_embd, shape.kv_rows()});
    out.push_back({prefix + "attn_v.weight", shape.n_embd, shape.kv_rows()});
    out.push_back({prefix + "attn_output.weight", shape.q_rows(), shape.n_embd});
    out.push_back({prefix + "ffn_norm.weight", shape.n_embd, 1, true});
    out.push_back({prefix + "ffn_gate.weight", shape.n_embd, shape.n_ff});
    out.push_back({prefix + "ffn_up.weight", shape.n_embd, shape.n_ff});
    out.push_back({prefix + "ffn_down.weight", shape.n_ff, shape.n_embd});
  }
  out.push_back({"output_norm.weight", shape.n_embd, 1, true});
  if (!shape.tied_embeddings) out.push_back({"output.weight", shape.n_embd, shape.n_vocab});
  return out;
}

core::Status check_llama_shape(const LlamaShape& shape) {
  for (const std::int64_t size : {shape.n_layer, shape.n_embd, shape.n_head, shape.n_head_kv, shape.head_dim,
                                  shape.n_ff, shape.n_vocab, shape.n_ctx_train, shape.rope_dim}) {
    if (size < 1 || size > kMaxSize) {
      return core::fail(ErrorKind::invalid_input, "has a size of {}, outside 1 to {}", size, kMaxSize);
    }
  }
  if (shape.n_head > kMaxSize / shape.head_dim) {
    return core::fail(ErrorKind::invalid_input, "has {} heads of {}", shape.n_head, shape.head_dim);
  }
  if (shape.n_head % shape.n_head_kv != 0) {
    return core::fail(ErrorKind::invalid_input, "has {} heads, not a multiple of its {} KV heads", shape.n_head,
                      shape.n_head_kv);
  }
  if (shape.rope_dim != shape.head_dim || shape.head_dim % 2 != 0) {
    return core::fail(ErrorKind::unsupported,
                      "rotates {} of {} values of a head; only all of an even number is supported", shape.rope_dim,
                      shape.head_dim);
  }
  if (!std::isfinite(shape.rope_base) || shape.rope_base <= 0 || !std::isfinite(shape.rms_eps) || shape.rms_eps < 0) {
    return core::fail(ErrorKind::invalid_input, "has the rope base {} and the RMS epsilon {}", shape.rope_base,
                      shape.rms_eps);
  }
  return {};
}

core::Result<LlamaShape> read_llama_shape(const GgufHeader& header) {
  LlamaShape shape;
  PHASEGATE_CHECK_OK(check_architecture(header));
  PHASEGATE_CHECK_OK(check_variants(header));
  PHASEGATE_CHECK_OK(read_sizes(header, shape));
  PHASEGATE_CHECK_OK(read_reals(header, shape));
  PHASEGATE_CHECK_OK(read_vocabulary(header, shape));
  PHASEGATE_CHECK_OK(check_llama_shape(shape));
  PHASEGATE_CHECK_OK(check_tensors(header, shape));
  return shape;
}

}  // namespace phasegate::models
