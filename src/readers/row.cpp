#include "readers/row.h"

#include <fmt/format.h>

#include "core/json.h"
#include "readers/number.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using Kind = Value::Kind;

bool is_nothing(const Value& value) {
  if (value.kind == Kind::absent || value.kind == Kind::null) return true;
  return (value.kind == Kind::text || value.kind == Kind::cell) && is_null_text(value.text);
}

// A number, nothing, or neither.
ParsedNumber as_number(const Value& value) {
  switch (value.kind) {
    case Kind::absent:
    case Kind::null: return {};
    case Kind::number:
    case Kind::integer: return {NumberKind::number, value.number};
    case Kind::cell: return parse_number(value.text);
    case Kind::text: {  // only the spellings of nothing: a quoted number is a text
      auto parsed = parse_number(value.text);
      if (parsed.kind == NumberKind::number) parsed.kind = NumberKind::malformed;
      return parsed;
    }
    default: return {NumberKind::malformed, 0};
  }
}

}  // namespace

std::string describe(const Value& value) {
  switch (value.kind) {
    case Kind::absent: return "nothing";
    case Kind::null: return "null";
    case Kind::number: return core::shortest(value.number);
    case Kind::integer: return fmt::format("{}", value.integer);
    case Kind::flag: return value.flag ? "true" : "false";
    case Kind::text:
    case Kind::cell: return fmt::format("\"{}\"", printable(value.text, kMaxFoundBytes));
    case Kind::array: return "a list";
    case Kind::object: return "an object";
  }
  return {};
}

void Row::begin(std::int64_t line, std::string_view raw) {
  line_ = line;
  raw_ = raw;
  faulty_ = false;
}

void Row::fail(std::string_view key, std::string expected, std::string found) {
  if (faulty_) return;
  faulty_ = true;
  key_ = key;
  expected_ = std::move(expected);
  found_ = std::move(found);
}

void Row::wrong(std::string_view key, const char* expected, const Value& found) {
  if (!faulty_) fail(key, expected, describe(found));
}

BadRow Row::bad() const { return {file_, line_, key_, expected_, found_, std::string(raw_)}; }

bool Row::has(std::string_view key) const { return !is_nothing(find(key)); }

std::optional<double> Row::number(std::string_view key) {
  const Value value = find(key);
  const auto parsed = as_number(value);
  if (parsed.kind == NumberKind::number) return parsed.value;
  if (parsed.kind == NumberKind::malformed) wrong(key, "a number", value);
  return std::nullopt;
}

std::optional<double> Row::duration(std::string_view key) {
  const auto value = number(key);
  if (!value || *value >= 0) return value;
  fail(key, "a number that is not negative", core::shortest(*value));
  return std::nullopt;
}

std::optional<std::int64_t> Row::integer(std::string_view key) {
  const Value value = find(key);
  if (value.kind == Kind::integer) return value.integer;
  const auto parsed = as_number(value);
  if (parsed.kind == NumberKind::absent) return std::nullopt;
  std::optional<std::int64_t> whole;
  if (parsed.kind == NumberKind::number) {
    whole = value.kind == Kind::cell ? parse_integer(value.text) : whole_number(parsed.value);
  }
  if (!whole) wrong(key, "a whole number", value);
  return whole;
}

std::optional<std::int64_t> Row::count(std::string_view key) {
  const auto value = integer(key);
  if (!value || *value >= 0) return value;
  fail(key, "a whole number that is not negative", fmt::format("{}", *value));
  return std::nullopt;
}

std::optional<bool> Row::flag(std::string_view key) {
  const Value value = find(key);
  if (is_nothing(value)) return std::nullopt;
  if (value.kind == Kind::flag) return value.flag;
  std::optional<bool> parsed;
  if (value.kind == Kind::cell) parsed = parse_flag(value.text);
  if (value.kind == Kind::integer && (value.integer == 0 || value.integer == 1)) parsed = value.integer == 1;
  if (!parsed) wrong(key, "true or false", value);
  return parsed;
}

std::string_view Row::text(std::string_view key) {
  const Value value = find(key);
  if (is_nothing(value)) return {};
  if (value.kind == Kind::text || value.kind == Kind::cell) return value.text;
  wrong(key, "a text", value);
  return {};
}

double Row::required_number(std::string_view key) {
  const auto value = number(key);
  if (!value) wrong(key, "a number", find(key));
  return value.value_or(0);
}

std::string_view Row::required_text(std::string_view key) {
  const auto value = text(key);
  if (value.empty()) wrong(key, "a text", find(key));
  return value;
}

}  // namespace phasegate::readers
