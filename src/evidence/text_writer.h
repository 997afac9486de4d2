// Writes declared fields (codec.h) as canonical JSON straight into a string: an import writes hundreds of MB, and a
// document in between costs several times as much. The fields of each object must be declared in the order of their
// keys' bytes; observation_test.cpp holds the text to core::canonical_json. Internal.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "evidence/codec.h"
#include "evidence/names.h"

namespace phasegate::evidence {

// A JSON string with its quotes; escapes as canonical JSON has them. `text` must be UTF-8.
void append_quoted(std::string& out, std::string_view text);

// What the readers of the line would refuse (bounds, an empty text, a number that is not finite) is a Problem here.
class TextWriter {
 public:
  TextWriter(std::string& out, Problem& problem) : out_(out), problem_(problem) { out_ += '{'; }
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  void finish() { out_ += '}'; }

  void version(std::string_view key, int value) {
    begin(key);
    append_integer(value);
  }
  void integer(std::string_view key, std::int64_t value, Bounds bounds = {}) {
    begin(key);
    check_integer(key, value, bounds);
    append_integer(value);
  }
  void integer_or_null(std::string_view key, const std::optional<std::int64_t>& value, Bounds bounds = {}) {
    if (value) return integer(key, *value, bounds);
    null(key);
  }
  void number(std::string_view key, double value) {
    begin(key);
    append_number(key, value);
  }
  void number_or_null(std::string_view key, const std::optional<double>& value) {
    if (value) return number(key, *value);
    null(key);
  }
  void text(std::string_view key, const std::string& value, Text kind = Text::any) {
    if (kind == Text::not_empty && value.empty()) report(Fault::out_of_range, key, "is empty");
    begin(key);
    append_quoted(out_, value);
  }
  void text_or_null(std::string_view key, const std::string& value) {
    if (!value.empty()) return text(key, value);
    null(key);
  }
  template <class Enum>
  void choice(std::string_view key, Enum value, std::span<const std::string_view> names) {
    begin(key);
    append_quoted(out_, name_of(names, value));
  }
  template <class Enum>
  void choice_or_null(std::string_view key, Enum value, std::span<const std::string_view> names) {
    if (value != Enum{}) return choice(key, value, names);
    null(key);
  }
  template <class Enum>
  void optional_choice(std::string_view key, const std::optional<Enum>& value,
                       std::span<const std::string_view> names) {
    if (value) return choice(key, *value, names);
    null(key);
  }
  void texts(std::string_view key, const std::vector<std::string>& values) {
    list(key, values, [&](const std::string& value) { append_quoted(out_, value); });
  }
  void numbers(std::string_view key, const std::vector<double>& values) {
    list(key, values, [&](double value) { append_number(key, value); });
  }
  void number_map(std::string_view key, const std::map<std::string, double>& values) {
    begin(key);
    out_ += '{';
    bool first = true;
    for (const auto& [name, value] : values) {
      if (!first) out_ += ',';
      first = false;
      append_quoted(out_, name);
      out_ += ':';
      append_number(key, value);
    }
    out_ += '}';
  }
  template <class T, class Inner>
  void object_or_null(std::string_view key, const std::optional<T>& value, Inner inner) {
    if (!value) return null(key);
    begin(key);
    TextWriter writer(out_, problem_);
    inner(writer, *value);
    writer.finish();
  }

 private:
  void begin(std::string_view key) {
    out_ += first_ ? "\"" : ",\"";
    first_ = false;
    out_ += key;
    out_ += "\":";
  }
  void null(std::string_view key) {
    begin(key);
    out_ += "null";
  }
  template <class T, class Append>
  void list(std::string_view key, const std::vector<T>& values, Append append) {
    begin(key);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) out_ += ',';
      append(values[i]);
    }
    out_ += ']';
  }
  void append_integer(std::int64_t value) {
    std::array<char, 24> digits;
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }
  void append_number(std::string_view key, double value) {
    if (!std::isfinite(value)) return report(Fault::out_of_range, key, "is not finite; leave it out instead");
    core::append_shortest(out_, value);
  }
  void check_integer(std::string_view key, std::int64_t value, Bounds bounds) {
    if (value >= bounds.low && value <= bounds.high) return;
    report(Fault::out_of_range, key, fmt::format("is {}, outside {} to {}", value, bounds.low, bounds.high));
  }
  void report(Fault fault, std::string_view key, std::string what) {
    if (!problem_.found()) problem_ = {fault, std::string(key), std::move(what)};
  }

  std::string& out_;
  Problem& problem_;
  bool first_ = true;
};

}  // namespace phasegate::evidence
