#include "engines/llamacpp/vocabulary.h"

#include <limits>

#include "engines/llamacpp/backend.h"
#include "models/gguf_file.h"

namespace phasegate::engines::llamacpp {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;

constexpr std::size_t kMaxTextBytes = std::numeric_limits<std::int32_t>::max() / 16;

}  // namespace

Result<Vocabulary> Vocabulary::load(const std::string& path) {
  PHASEGATE_CHECK_OK(backend());
  PHASEGATE_CHECK_OK(models::open_gguf(path));  // refuses what llama.cpp would abort on
  PHASEGATE_TRY(model, load_model(path, true, nullptr));
  const llama_vocab* vocab = llama_model_get_vocab(model.get());
  // Tokenizing with this type aborts the process, so such a vocabulary never leaves here.
  if (llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE) {
    return fail(Error{ErrorKind::unsupported, "the model carries no tokenizer", path, "give prompts as token ids"});
  }
  return Vocabulary(std::move(model));
}

int Vocabulary::size() const { return llama_vocab_n_tokens(&vocab()); }

Result<std::vector<TokenId>> Vocabulary::tokenize(std::string_view text, bool special) const {
  if (text.size() > kMaxTextBytes) {
    return fail(ErrorKind::invalid_input, "a text of {} bytes, the limit is {}", text.size(), kMaxTextBytes);
  }
  std::vector<TokenId> tokens(text.size() + 8);
  const auto size = static_cast<std::int32_t>(text.size());
  const auto run = [&] {
    return llama_tokenize(&vocab(), text.data(), size, tokens.data(), static_cast<std::int32_t>(tokens.size()), special,
                          false);
  };
  std::int32_t count = run();
  if (count < 0 && count != std::numeric_limits<std::int32_t>::min()) {
    tokens.resize(static_cast<std::size_t>(-count));
    count = run();
  }
  if (count < 0) return fail(ErrorKind::engine, "llama.cpp cannot tokenize a text of {} bytes", text.size());
  tokens.resize(static_cast<std::size_t>(count));
  return tokens;
}

Result<std::string> Vocabulary::detokenize(std::span<const TokenId> tokens) const {
  for (const TokenId id : tokens) {
    if (id < 0 || id >= size()) {
      return fail(ErrorKind::invalid_input, "token id {} is outside the vocabulary of {}", id, size());
    }
  }
  std::string text(tokens.size() * 8 + 16, '\0');
  const auto run = [&] {
    return llama_detokenize(&vocab(), tokens.data(), static_cast<std::int32_t>(tokens.size()), text.data(),
                            static_cast<std::int32_t>(text.size()), true, false);
  };
  std::int32_t count = run();
  if (count < 0) {
    text.resize(static_cast<std::size_t>(-count));
    count = run();
  }
  if (count < 0) return fail(ErrorKind::engine, "llama.cpp cannot turn {} tokens into text", tokens.size());
  text.resize(static_cast<std::size_t>(count));
  return text;
}

}  // namespace phasegate::engines::llamacpp
