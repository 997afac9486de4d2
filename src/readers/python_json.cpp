#include "readers/python_json.h"

#include <array>

namespace phasegate::readers {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// The length of such a word at `at`, 0 when there is none.
std::size_t word_at(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 5> kWords = {"NaN", "-NaN", "Infinity", "-Infinity", "None"};
  if (at > 0 && is_word(text[at - 1])) return 0;
  for (const auto word : kWords) {
    const std::size_t end = at + word.size();
    if (text.compare(at, word.size(), word) == 0 && (end >= text.size() || !is_word(text[end]))) return word.size();
  }
  return 0;
}

// Behind the closing quote of the JSON text that begins at `at`.
std::size_t skip_text(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

bool replace_python_words(std::string_view text, std::string& out, std::vector<Replaced>* places) {
  std::string result;
  std::size_t copied = 0;
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    at = text.find_first_of("\"NI-", at);
    if (at == std::string_view::npos) break;
    if (text[at] == '"') {
      at = skip_text(text, at);
      continue;
    }
    const std::size_t size = word_at(text, at);
    if (size == 0) {
      ++at;
      continue;
    }
    any = true;
    result.append(text, copied, at - copied).append("null");
    at += size;
    copied = at;
    if (places != nullptr) {
      places->push_back({result.size(), static_cast<std::ptrdiff_t>(at) - static_cast<std::ptrdiff_t>(result.size())});
    }
  }
  if (!any) return false;
  result.append(text, copied);
  out = std::move(result);
  return true;
}

}  // namespace phasegate::readers
