#include "readers/head.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "readers/number.h"

namespace phasegate::readers {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Walks over JSON that may be cut anywhere: each step says whether it came to the end of what it walked over.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::size_t at() const { return at_; }
  void blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

  bool take(char wanted) {
    blanks();
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  // A JSON text without its quotes, escapes as they stand.
  std::optional<std::string_view> string() {
    blanks();
    if (peek() != '"') return std::nullopt;
    const std::size_t begin = ++at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        return text_.substr(begin, at_++ - begin);
      }
    }
    at_ = text_.size();
    return std::nullopt;
  }

  // Behind a value of any kind; false when the text ends inside it.
  bool value() {
    blanks();
    if (peek() == '"') return string().has_value();
    if (peek() != '{' && peek() != '[') {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
      return !at_end();
    }
    for (int depth = 0; !at_end();) {
      const char c = peek();
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Calls visit(key) with the walk before each value of the object that begins here; visit walks over the value and says
// whether to go on.
void each_key(Walk& walk, const std::function<bool(std::string_view)>& visit) {
  if (!walk.take('{')) return;
  for (;;) {
    const auto key = walk.string();
    if (!key || !walk.take(':') || !visit(*key) || !walk.take(',')) return;
  }
}

void each_outermost(std::string_view head, Walk& walk, const std::function<bool(std::string_view)>& visit) {
  if (starts_with_list(head)) (void)walk.take('[');
  each_key(walk, visit);
}

std::string_view first_line(std::string_view head) { return head.substr(0, head.find('\n')); }

}  // namespace

HeadKeys head_keys(std::string_view head) {
  HeadKeys keys;
  Walk walk(head);
  each_outermost(head, walk, [&](std::string_view key) {
    keys.emplace(key);
    return walk.value();
  });
  return keys;
}

HeadKeys head_keys_of(std::string_view head, std::string_view wanted) {
  HeadKeys keys;
  Walk walk(head);
  each_outermost(head, walk, [&](std::string_view outer) {
    if (outer != wanted) return walk.value();
    each_key(walk, [&](std::string_view key) {
      keys.emplace(key);
      return walk.value();
    });
    return false;
  });
  return keys;
}

std::string head_value(std::string_view head, std::string_view wanted) {
  std::string found;
  Walk walk(head);
  each_outermost(head, walk, [&](std::string_view key) {
    if (key != wanted) return walk.value();
    walk.blanks();
    if (walk.peek() == '"') {
      if (const auto text = walk.string()) found = *text;
    } else if (walk.peek() != '{' && walk.peek() != '[') {
      const std::size_t begin = walk.at();
      if (walk.value()) found = head.substr(begin, walk.at() - begin);
    }
    return false;
  });
  return found;
}

bool has_all(const HeadKeys& keys, std::initializer_list<std::string_view> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](std::string_view key) { return keys.count(key) != 0; });
}

HeadKeys head_columns(std::string_view head) {
  std::string_view line = first_line(head);
  if (line.ends_with('\r')) line.remove_suffix(1);
  HeadKeys columns;
  for (;;) {
    const std::size_t comma = std::min(line.find(','), line.size());
    std::string_view name = trimmed(line.substr(0, comma));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    if (name.find_first_of("{}[]\"") != std::string_view::npos) return {};  // JSON, or a quoted comma
    if (!name.empty()) columns.emplace(name);
    if (comma == line.size()) return columns;
    line.remove_prefix(comma + 1);
  }
}

bool starts_with_list(std::string_view head) {
  const std::size_t first = head.find_first_not_of(kBlanks);
  return first != std::string_view::npos && head[first] == '[';
}

bool looks_like_json_lines(std::string_view head) {
  Walk walk(head);
  walk.blanks();
  if (walk.peek() != '{') return false;
  const std::size_t begin = walk.at();
  (void)walk.value();
  return head.substr(begin, walk.at() - begin).find('\n') == std::string_view::npos;
}

HeadKeys head_yaml_keys(std::string_view head) {
  HeadKeys keys;
  while (!head.empty()) {
    const std::string_view line = first_line(head);
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line[0] == ' ' || line[0] == '#' || line[0] == '-') continue;
    keys.emplace(line.substr(0, colon));
  }
  return keys;
}

}  // namespace phasegate::readers
