#include "readers/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace phasegate::readers {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals(std::string_view text, std::string_view lowered) {
  return std::equal(text.begin(), text.end(), lowered.begin(), lowered.end(),
                    [](char a, char b) { return lower(a) == b; });
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return equals(text, word); });
}

bool is_infinity_text(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return equals(text, "inf") || equals(text, "infinity");
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_null_text(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kWords = {"nan", "-nan", "+nan", "none", "null",
                                                              "n/a", "na",   "<na>", "#n/a", "-"};
  text = trimmed(text);
  return text.empty() || (text.size() <= 4 && is_one_of(text, kWords));
}

ParsedNumber parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (*begin == '+' && text.size() > 1 && text[1] != '-') ++begin;
  double value = 0;
  const auto parsed = std::from_chars(begin, end, value);
  // from_chars reads "nan" and "inf" too.
  if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(value)) return {NumberKind::number, value};
  if (is_null_text(text) || is_infinity_text(text)) return {};
  return {NumberKind::malformed, 0};
}

std::optional<std::int64_t> whole_number(double value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (!(value >= -kTwoTo63 && value < kTwoTo63) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end) return value;
  const auto number = parse_number(text);
  return number.kind == NumberKind::number ? whole_number(number.value) : std::nullopt;
}

std::optional<bool> parse_flag(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kTrue = {"true", "1", "1.0", "yes"};
  static constexpr std::array<std::string_view, 4> kFalse = {"false", "0", "0.0", "no"};
  text = trimmed(text);
  if (is_one_of(text, kTrue)) return true;
  if (is_one_of(text, kFalse)) return false;
  return std::nullopt;
}

}  // namespace phasegate::readers
