#include "models/tokenizer_files.h"

#include <unordered_set>

#include "core/json.h"
#include "models/hf_files.h"

namespace phasegate::models {
namespace {

using core::ErrorKind;
using core::Json;

// llama.cpp's llama_token_type, as GGUF stores it.
enum class TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct Vocabulary {
  std::vector<std::string_view> tokens;
  std::vector<std::int32_t> types;
  std::vector<std::string_view> merges;
};

core::Result<Vocabulary> read_vocabulary(const GgufHeader& header, const LlamaShape& shape) {
  PHASEGATE_TRY(tokens, header.texts("tokenizer.ggml.tokens"));
  PHASEGATE_TRY(types, header.integers("tokenizer.ggml.token_type"));
  PHASEGATE_TRY(merges, header.texts("tokenizer.ggml.merges"));
  if (tokens.size() != static_cast<std::size_t>(shape.n_vocab)) {
    return core::fail(ErrorKind::invalid_input, "has {} tokens in 'tokenizer.ggml.tokens' and an embedding of {}",
                      tokens.size(), shape.n_vocab);
  }
  if (!types.empty() && types.size() != tokens.size()) {
    return core::fail(ErrorKind::invalid_input, "has {} tokens and {} token types", tokens.size(), types.size());
  }
  if (types.empty()) types.assign(tokens.size(), static_cast<std::int32_t>(TokenType::normal));
  std::unordered_set<std::string_view> seen;
  for (const auto token : tokens) {
    if (!seen.insert(token).second) {
      return core::fail(ErrorKind::invalid_input, "has the same token twice in 'tokenizer.ggml.tokens'");
    }
  }
  return Vocabulary{std::move(tokens), std::move(types), std::move(merges)};
}

bool is_added(std::int32_t type) {
  return type == static_cast<std::int32_t>(TokenType::control) ||
         type == static_cast<std::int32_t>(TokenType::user_defined) ||
         type == static_cast<std::int32_t>(TokenType::unknown);
}

Json added_token(const Vocabulary& vocabulary, std::size_t id) {
  return {{"content", vocabulary.tokens[id]},
          {"single_word", false},
          {"lstrip", false},
          {"rstrip", false},
          {"normalized", false},
          {"special", vocabulary.types[id] != static_cast<std::int32_t>(TokenType::user_defined)}};
}

// What cuts a text into words before BPE. SmolLM2 cuts out each digit first; then GPT-2's pattern, which ByteLevel has
// built in, is applied. nullptr: not known here.
Json pre_tokenizer(std::string_view pre) {
  const Json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  if (pre == "gpt-2") return byte_level;
  if (pre != "smollm") return nullptr;
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  return {{"type", "Sequence"}, {"pretokenizers", {digits, byte_level}}};
}

Json post_processor(const Vocabulary& vocabulary, const SpecialTokens& special, bool add_bos) {
  if (!add_bos || !special.bos) return nullptr;
  const std::string bos(vocabulary.tokens[*special.bos]);
  const Json begin = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
  const Json first = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json second = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  return {{"type", "TemplateProcessing"},
          {"single", {begin, first}},
          {"pair", {begin, first, second}},
          {"special_tokens", {{bos, {{"id", bos}, {"ids", {*special.bos}}, {"tokens", {bos}}}}}}};
}

Json bpe_model(const Vocabulary& vocabulary) {
  Json ids = Json::object();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) ids[std::string(vocabulary.tokens[id])] = id;
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", std::move(ids)},
          {"merges", vocabulary.merges}};
}

Json tokenizer_json(const Vocabulary& vocabulary, Json pre, Json post) {
  Json added = Json::array();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (!is_added(vocabulary.types[id])) continue;
    Json token = added_token(vocabulary, id);
    token["id"] = id;
    added.push_back(std::move(token));
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", std::move(added)},
          {"normalizer", nullptr},
          {"pre_tokenizer", std::move(pre)},
          {"post_processor", std::move(post)},
          {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
          {"model", bpe_model(vocabulary)}};
}

core::Status set_special(Json& config, const char* key, const std::optional<std::uint64_t>& id,
                         const Vocabulary& vocabulary) {
  if (!id) return {};
  if (*id >= vocabulary.tokens.size()) {
    return core::fail(ErrorKind::invalid_input, "has the {} {} in a vocabulary of {}", key, *id,
                      vocabulary.tokens.size());
  }
  config[key] = vocabulary.tokens[*id];
  return {};
}

core::Result<Json> tokenizer_config(const GgufHeader& header, const LlamaShape& shape, const Vocabulary& vocabulary,
                                    const SpecialTokens& special, bool add_bos) {
  Json config = {{"tokenizer_class", "GPT2Tokenizer"},
                 {"add_prefix_space", false},
                 {"add_bos_token", add_bos},
                 {"clean_up_tokenization_spaces", false},
                 {"model_max_length", shape.n_ctx_train}};
  PHASEGATE_CHECK_OK(set_special(config, "bos_token", special.bos, vocabulary));
  PHASEGATE_CHECK_OK(set_special(config, "eos_token", special.eos, vocabulary));
  PHASEGATE_CHECK_OK(set_special(config, "pad_token", special.pad, vocabulary));
  PHASEGATE_CHECK_OK(set_special(config, "unk_token", special.unknown, vocabulary));
  PHASEGATE_TRY(chat_template, header.text("tokenizer.chat_template"));
  if (chat_template) config["chat_template"] = *chat_template;
  Json added = Json::object();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (is_added(vocabulary.types[id])) added[std::to_string(id)] = added_token(vocabulary, id);
  }
  config["added_tokens_decoder"] = std::move(added);
  return config;
}

core::Result<TokenizerFiles> write_files(const GgufHeader& header, const LlamaShape& shape, Json pre) {
  PHASEGATE_TRY(vocabulary, read_vocabulary(header, shape));
  PHASEGATE_TRY(special, read_special_tokens(header));
  PHASEGATE_TRY(says_bos, header.boolean("tokenizer.ggml.add_bos_token"));
  const bool add_bos = says_bos.value_or(false);  // llama.cpp's default for byte-level BPE
  PHASEGATE_TRY(config, tokenizer_config(header, shape, vocabulary, special, add_bos));
  PHASEGATE_TRY(tokenizer_text, core::canonical_json(tokenizer_json(vocabulary, std::move(pre),
                                                                    post_processor(vocabulary, special, add_bos))));
  PHASEGATE_TRY(config_text, core::canonical_json(config));
  return TokenizerFiles{tokenizer_text + "\n", config_text + "\n"};
}

}  // namespace

core::Result<std::variant<TokenizerFiles, NoTokenizer>> make_tokenizer_files(const GgufHeader& header,
                                                                             const LlamaShape& shape) {
  PHASEGATE_TRY(model, header.text("tokenizer.ggml.model"));
  PHASEGATE_TRY(pre, header.text("tokenizer.ggml.pre"));
  if (!model || *model == "none") return NoTokenizer{"the model has no tokenizer: prompts are token ids"};
  if (*model != "gpt2") {
    return NoTokenizer{
        fmt::format("the tokenizer '{}' is not written; byte-level BPE ('gpt2') is", model->substr(0, 60))};
  }
  Json words = pre_tokenizer(pre.value_or("gpt-2"));
  if (words.is_null()) {
    return NoTokenizer{
        fmt::format("the pre-tokenizer '{}' is not written; 'smollm' and 'gpt-2' are", pre->substr(0, 60))};
  }
  PHASEGATE_TRY(files, write_files(header, shape, std::move(words)));
  return files;
}

}  // namespace phasegate::models
