// The keys of JSON rows: compared with those of the rows before, so that neither a key that stands twice nor the place
// of one has to be looked for again in every row. Internal to json_rows.cpp.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phasegate::readers {

namespace dom = simdjson::dom;

inline constexpr std::size_t kMaxShapes = 256;
inline constexpr std::size_t kMaxShapeBytes = 64 << 10;

// Keys are short and compared for every value of every row: a call of memcmp costs more than the comparison.
inline bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto word = [](const char* at) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (a.size() < kWord) return std::equal(a.begin(), a.end(), b.begin());
  for (std::size_t i = 0; i + kWord <= a.size(); i += kWord) {
    if (word(a.data() + i) != word(b.data() + i)) return false;
  }
  return word(a.data() + a.size() - kWord) == word(b.data() + b.size() - kWord);
}

struct Field {
  std::string_view key;
  dom::element value;
};

template <class Entries>
bool same_keys(const Entries& entries, const std::vector<std::string>& keys) {
  std::size_t at = 0;
  for (const auto& entry : entries) {
    if (at == keys.size() || !same_text(entry.key, keys[at++])) return false;
  }
  return at == keys.size();
}

// The keys of an object in their order; false when there are too many of them to be remembered.
template <class Entries>
bool remember_keys(const Entries& entries, std::vector<std::string>& keys) {
  std::size_t bytes = 0;
  for (const auto& entry : entries) bytes += sizeof(std::string) + entry.key.size();
  keys.clear();
  if (bytes > kMaxShapeBytes) return false;
  for (const auto& entry : entries) keys.emplace_back(entry.key);
  return true;
}

// A key that stands twice; `sorted` is room that is used again.
template <class Entries>
std::optional<std::string_view> twice_in(const Entries& entries, std::vector<std::string_view>& sorted) {
  sorted.clear();
  for (const auto& entry : entries) sorted.push_back(entry.key);
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice == sorted.end()) return std::nullopt;
  return *twice;
}

// Finds a key that stands twice in an object below the outermost one. Rows of a file mostly have the same keys in the
// same order: the n-th object of a row is compared with the keys that it had last time, and only a difference is
// sorted. What is remembered has a limit: a hostile file could have a large object at another place in every row.
class DuplicateKeys {
 public:
  // nullopt when there is none. The text is the row's.
  [[nodiscard]] std::optional<std::string_view> find(const std::vector<Field>& fields) {
    object_ = 0;
    for (const auto& field : fields) {
      if (const auto key = visit(field.value)) return key;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<std::string_view> visit(dom::element element) {
    if (dom::array array; element.get(array) == simdjson::SUCCESS) {
      for (const auto item : array) {
        if (const auto key = visit(item)) return key;
      }
    }
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) return std::nullopt;
    if (const auto key = check(object)) return key;
    for (const auto entry : object) {
      if (const auto key = visit(entry.value)) return key;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string_view> check(dom::object object) {
    const std::size_t index = object_++;
    if (index < shapes_.size() && same_keys(object, shapes_[index])) return std::nullopt;
    if (const auto twice = twice_in(object, sorted_)) return twice;
    if (index >= kMaxShapes) return std::nullopt;
    shapes_.resize(std::max(shapes_.size(), index + 1));
    if (!remember_keys(object, shapes_[index])) shapes_[index].clear();
    return std::nullopt;
  }

  std::size_t object_ = 0;
  std::vector<std::vector<std::string>> shapes_;
  std::vector<std::string_view> sorted_;
};

// A sequence of outermost keys that was met, none of them twice, and where the n-th question of such a row found its
// key. Rows of several kinds take turns in a file, so that a few are kept.
struct RowShape {
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);
  struct Answer {
    std::string path;
    std::size_t slash = std::string::npos;  // behind its outermost key
    std::size_t index = kAbsent;            // of that key
  };
  std::vector<std::string> keys;
  std::vector<Answer> answers;
};

}  // namespace phasegate::readers
