#include "models/hf_files.h"

#include "core/json.h"

namespace phasegate::models {
namespace {

using core::Json;

// GGUF keeps 32 bit floats; these files have decimal text. The shortest text that reads back to the same float.
Json float_text(double value) { return std::stod(fmt::format("{}", static_cast<float>(value))); }

void set_token(Json& object, const char* key, const std::optional<std::uint64_t>& token) {
  if (token) object[key] = *token;
}

std::string pretty(const Json& value) { return value.dump(2) + "\n"; }

}  // namespace

core::Result<SpecialTokens> read_special_tokens(const GgufHeader& header) {
  PHASEGATE_TRY(bos, header.integer("tokenizer.ggml.bos_token_id"));
  PHASEGATE_TRY(eos, header.integer("tokenizer.ggml.eos_token_id"));
  PHASEGATE_TRY(pad, header.integer("tokenizer.ggml.padding_token_id"));
  PHASEGATE_TRY(unknown, header.integer("tokenizer.ggml.unknown_token_id"));
  return SpecialTokens{bos, eos, pad, unknown};
}

std::string hf_config(const LlamaShape& shape, const SpecialTokens& tokens, std::string_view dtype) {
  Json config = {{"architectures", {"LlamaForCausalLM"}},
                 {"model_type", "llama"},
                 {"attention_bias", false},
                 {"attention_dropout", 0.0},
                 {"mlp_bias", false},
                 {"hidden_act", "silu"},
                 {"hidden_size", shape.n_embd},
                 {"intermediate_size", shape.n_ff},
                 {"max_position_embeddings", shape.n_ctx_train},
                 {"num_hidden_layers", shape.n_layer},
                 {"num_attention_heads", shape.n_head},
                 {"num_key_value_heads", shape.n_head_kv},
                 {"head_dim", shape.head_dim},
                 {"rms_norm_eps", float_text(shape.rms_eps)},
                 {"rope_theta", float_text(shape.rope_base)},
                 {"rope_scaling", nullptr},
                 {"tie_word_embeddings", shape.tied_embeddings},
                 {"torch_dtype", dtype},
                 {"use_cache", true},
                 {"vocab_size", shape.n_vocab}};
  set_token(config, "bos_token_id", tokens.bos);
  set_token(config, "eos_token_id", tokens.eos);
  set_token(config, "pad_token_id", tokens.pad);
  return pretty(config);
}

std::string hf_generation_config(const SpecialTokens& tokens) {
  Json config = {{"_from_model_config", true}};
  set_token(config, "bos_token_id", tokens.bos);
  set_token(config, "eos_token_id", tokens.eos);
  set_token(config, "pad_token_id", tokens.pad);
  return pretty(config);
}

std::string genai_config(const LlamaShape& shape, const SpecialTokens& tokens) {
  Json decoder = {
      {"filename", "model.onnx"},
      {"head_size", shape.head_dim},
      {"hidden_size", shape.n_embd},
      {"num_attention_heads", shape.n_head},
      {"num_hidden_layers", shape.n_layer},
      {"num_key_value_heads", shape.n_head_kv},
      {"session_options", {{"log_id", "onnxruntime-genai"}, {"provider_options", Json::array()}}},
      {"inputs",
       {{"input_ids", "input_ids"},
        {"attention_mask", "attention_mask"},
        {"past_key_names", "past_key_values.%d.key"},
        {"past_value_names", "past_key_values.%d.value"}}},
      {"outputs",
       {{"logits", "logits"}, {"present_key_names", "present.%d.key"}, {"present_value_names", "present.%d.value"}}}};
  Json model = {{"type", "llama"},
                {"context_length", shape.n_ctx_train},
                {"vocab_size", shape.n_vocab},
                {"decoder", std::move(decoder)}};
  set_token(model, "bos_token_id", tokens.bos);
  set_token(model, "eos_token_id", tokens.eos);
  // onnxruntime-genai wants a padding token; a model without one is padded with its end token.
  set_token(model, "pad_token_id", tokens.pad ? tokens.pad : tokens.eos);
  const Json search = {{"do_sample", false},
                       {"early_stopping", true},
                       {"max_length", shape.n_ctx_train},
                       {"min_length", 0},
                       {"num_beams", 1},
                       {"num_return_sequences", 1},
                       {"temperature", 1.0},
                       {"top_k", 1},
                       {"top_p", 1.0},
                       {"length_penalty", 1.0},
                       {"repetition_penalty", 1.0},
                       {"no_repeat_ngram_size", 0},
                       {"diversity_penalty", 0.0},
                       {"past_present_share_buffer", true}};
  return pretty(Json{{"model", std::move(model)}, {"search", search}});
}

}  // namespace phasegate::models
