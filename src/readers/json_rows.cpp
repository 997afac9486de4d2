#include "readers/json_rows.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "readers/json_keys.h"
#include "readers/lines.h"
#include "readers/python_json.h"
#include "readers/source_files.h"

namespace phasegate::readers {

using core::Result;
using core::Status;
using Kind = Value::Kind;

static_assert(LineFile::kPadding >= simdjson::SIMDJSON_PADDING);

namespace {

constexpr std::size_t kMaxHints = 256;
constexpr std::size_t kMaxHintBytes = 256;
constexpr std::size_t kMaxRowShapes = 16;

Value value_of(dom::element element) {
  Value value;
  switch (element.type()) {
    case dom::element_type::NULL_VALUE: value.kind = Kind::null; break;
    case dom::element_type::ARRAY: value.kind = Kind::array; break;
    case dom::element_type::OBJECT: value.kind = Kind::object; break;
    case dom::element_type::BOOL:
      value.kind = Kind::flag;
      value.flag = element.get_bool().value_unsafe();
      break;
    case dom::element_type::STRING:
      value.kind = Kind::text;
      value.text = element.get_string().value_unsafe();
      break;
    case dom::element_type::INT64:
      value.kind = Kind::integer;
      value.integer = element.get_int64().value_unsafe();
      value.number = static_cast<double>(value.integer);
      break;
    case dom::element_type::UINT64:  // above what int64 holds
      value.kind = Kind::number;
      value.number = static_cast<double>(element.get_uint64().value_unsafe());
      break;
    case dom::element_type::DOUBLE:
      value.kind = Kind::number;
      value.number = element.get_double().value_unsafe();
      break;
  }
  return value;
}

}  // namespace

struct JsonRow::State {
  // The element behind a path; false when it is not there.
  [[nodiscard]] bool locate(std::string_view path, dom::element& out);
  [[nodiscard]] RowShape::Answer answer_of(std::string_view path) const;
  [[nodiscard]] bool follow(const RowShape::Answer& answer, std::string_view path, dom::element& out) const;
  // The shape of the fields, known or new; false when they have a key twice, which is then in `duplicate`.
  [[nodiscard]] bool recognise(std::string_view& duplicate);
  // "" = it is an object without a key twice; else what it is not.
  struct Fault {
    std::string key;
    std::string expected;
    std::string found;
  };
  [[nodiscard]] std::optional<Fault> parse(std::string_view line);

  dom::parser parser;
  dom::element root;
  std::vector<Field> fields;
  std::vector<RowShape> shapes;
  std::size_t shape = 0;  // of this row; shapes.size() = none that is kept
  std::size_t next_shape = 0;
  std::vector<std::string_view> sorted;
  std::size_t question = 0;
  std::string python;  // the line with Python's words replaced, padded
  DuplicateKeys duplicates;
};

std::optional<JsonRow::State::Fault> JsonRow::State::parse(std::string_view line) {
  auto error = parser.parse(line.data(), line.size(), false).get(root);
  if (error == simdjson::SUCCESS) {
    // good as it is
  } else if (replace_python_words(line, python, nullptr)) {
    const std::size_t size = python.size();
    python.append(LineFile::kPadding, ' ');
    error = parser.parse(python.data(), size, false).get(root);
  }
  if (error == simdjson::DEPTH_ERROR) {
    return Fault{{}, fmt::format("JSON nested at most {} deep", core::kMaxJsonDepth), "a deeper one"};
  }
  if (error != simdjson::SUCCESS) return Fault{{}, "a JSON object", simdjson::error_message(error)};
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return Fault{{}, "a JSON object", describe(value_of(root))};
  fields.clear();
  for (const auto entry : object) fields.push_back({entry.key, entry.value});
  std::string_view duplicate;
  if (!recognise(duplicate)) return Fault{std::string(duplicate), "each key once", "the key twice"};
  if (const auto key = duplicates.find(fields)) return Fault{std::string(*key), "each key once", "the key twice"};
  question = 0;
  return std::nullopt;
}

bool JsonRow::State::recognise(std::string_view& duplicate) {
  if (shape < shapes.size() && same_keys(fields, shapes[shape].keys)) return true;
  for (shape = 0; shape < shapes.size(); ++shape) {
    if (same_keys(fields, shapes[shape].keys)) return true;
  }
  if (const auto twice = twice_in(fields, sorted)) {
    duplicate = *twice;
    return false;
  }
  RowShape seen;
  if (!remember_keys(fields, seen.keys)) return true;
  if (shapes.size() < kMaxRowShapes) {
    shapes.push_back(std::move(seen));
  } else {
    shape = next_shape++ % kMaxRowShapes;
    shapes[shape] = std::move(seen);
  }
  return true;
}

// Where the outermost key of the path stands among the fields; without the path itself.
RowShape::Answer JsonRow::State::answer_of(std::string_view path) const {
  RowShape::Answer answer;
  answer.slash = path.find('/');
  const std::string_view key = path.substr(0, answer.slash);
  for (std::size_t i = 0; i < fields.size() && answer.index == RowShape::kAbsent; ++i) {
    if (same_text(fields[i].key, key)) answer.index = i;
  }
  return answer;
}

bool JsonRow::State::locate(std::string_view path, dom::element& out) {
  if (path.empty()) {
    out = root;
    return true;
  }
  const std::size_t asked = question++;
  auto* answers = shape < shapes.size() ? &shapes[shape].answers : nullptr;
  if (answers != nullptr && asked < answers->size() && same_text((*answers)[asked].path, path)) {
    return follow((*answers)[asked], path, out);
  }
  auto answer = answer_of(path);
  const bool found = follow(answer, path, out);
  if (answers != nullptr && asked < kMaxHints && path.size() <= kMaxHintBytes) {
    answer.path = path;
    answers->resize(std::max(answers->size(), asked + 1));
    (*answers)[asked] = std::move(answer);
  }
  return found;
}

bool JsonRow::State::follow(const RowShape::Answer& answer, std::string_view path, dom::element& out) const {
  if (answer.index == RowShape::kAbsent) return false;
  out = fields[answer.index].value;
  std::size_t slash = answer.slash;
  while (slash != std::string_view::npos) {
    path.remove_prefix(slash + 1);
    slash = path.find('/');
    dom::object object;
    if (out.get(object) != simdjson::SUCCESS) return false;
    if (object.at_key(path.substr(0, slash)).get(out) != simdjson::SUCCESS) return false;
  }
  return true;
}

JsonRow::JsonRow(std::string file, std::unique_ptr<State> state) : Row(std::move(file)), state_(std::move(state)) {}
JsonRow::JsonRow(JsonRow&&) noexcept = default;
JsonRow& JsonRow::operator=(JsonRow&&) noexcept = default;
JsonRow::~JsonRow() = default;

Value JsonRow::find(std::string_view path) const {
  dom::element element;
  return state_->locate(path, element) ? value_of(element) : Value{};
}

template <class Take>
void JsonRow::each_item(std::string_view path, const char* expected, Take take) {
  dom::element element;
  if (!state_->locate(path, element) || element.is_null()) return;
  dom::array array;
  if (element.get(array) != simdjson::SUCCESS) {
    fail(path, "a list", describe(value_of(element)));
    return;
  }
  std::size_t index = 0;
  for (const auto item : array) {
    if (!take(item)) {
      fail(fmt::format("{}/{}", path, index), expected, describe(value_of(item)));
      return;
    }
    ++index;
  }
}

void JsonRow::numbers(std::string_view path, std::vector<double>& out) {
  each_item(path, "a number", [&](dom::element item) {
    double value = 0;
    if (item.get(value) != simdjson::SUCCESS) return false;
    out.push_back(value);
    return true;
  });
}

void JsonRow::durations(std::string_view path, std::vector<double>& out) {
  each_item(path, "a number that is not negative", [&](dom::element item) {
    double value = 0;
    if (item.get(value) != simdjson::SUCCESS || value < 0) return false;
    out.push_back(value);
    return true;
  });
}

void JsonRow::texts(std::string_view path, std::vector<std::string>& out) {
  each_item(path, "a text", [&](dom::element item) {
    std::string_view value;
    if (item.get(value) != simdjson::SUCCESS) return false;
    out.emplace_back(value);
    return true;
  });
}

std::optional<std::size_t> JsonRow::size(std::string_view path) const {
  dom::element element;
  if (!state_->locate(path, element)) return std::nullopt;
  std::size_t count = 0;  // counted: size() of simdjson saturates
  if (dom::array array; element.get(array) == simdjson::SUCCESS) {
    for ([[maybe_unused]] const auto item : array) ++count;
    return count;
  }
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return std::nullopt;
  for ([[maybe_unused]] const auto entry : object) ++count;
  return count;
}

void JsonRow::each_entry(std::string_view path,
                         const std::function<void(std::string_view key, const Value& value)>& visit) const {
  dom::element element;
  dom::object object;
  if (!state_->locate(path, element) || element.get(object) != simdjson::SUCCESS) return;
  for (const auto entry : object) visit(entry.key, value_of(entry.value));
}

std::string JsonRow::json(std::string_view path) const {
  dom::element element;
  return state_->locate(path, element) ? std::string(simdjson::minify(element)) : std::string();
}

struct JsonLines::State {
  State(LineFile file, std::size_t limit)
      : lines(std::move(file)), line_limit(limit), row(lines.shown(), std::make_unique<JsonRow::State>()) {}

  LineFile lines;
  std::size_t line_limit;
  std::size_t capacity = 0;  // of the parser
  JsonRow row;
};

JsonLines::JsonLines(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonLines::JsonLines(JsonLines&&) noexcept = default;
JsonLines& JsonLines::operator=(JsonLines&&) noexcept = default;
JsonLines::~JsonLines() = default;

Result<JsonLines> JsonLines::open(const std::filesystem::path& path, std::string shown, std::size_t line_limit) {
  PHASEGATE_TRY(file, LineFile::open(path, std::move(shown), line_limit));
  return JsonLines(std::make_unique<State>(std::move(file), line_limit));
}

Result<JsonLines> JsonLines::open(const SourceRun& run, const SourceFile& file, std::size_t line_limit) {
  PHASEGATE_TRY(lines, LineFile::open(run, file, line_limit));
  return JsonLines(std::make_unique<State>(std::move(lines), line_limit));
}

Result<bool> JsonLines::next(Source& source) {
  State& s = *state_;
  for (;;) {
    std::string_view line;
    PHASEGATE_TRY(step, s.lines.next(line));
    if (step == LineFile::Step::end) return false;
    const auto bad = [&](std::string key, std::string expected, std::string found) {
      add_bad(source, {s.lines.shown(), s.lines.number(), std::move(key), std::move(expected), std::move(found),
                       std::string(line.substr(0, kMaxRawBytes))});
    };
    if (step == LineFile::Step::too_long) {
      bad({}, fmt::format("a line of at most {} bytes", s.line_limit), "a longer one");
      continue;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (line.size() > s.capacity) {
      s.capacity = std::max<std::size_t>(2 * line.size(), 64 << 10);
      if (s.row.state_->parser.allocate(s.capacity, core::kMaxJsonDepth + 1) != simdjson::SUCCESS) {
        return core::fail(core::Error{core::ErrorKind::io, "no memory for a line of this size", s.lines.shown(), {}});
      }
    }
    if (auto fault = s.row.state_->parse(line)) {
      if (s.lines.torn()) fault->found += " (the last line: perhaps cut off)";
      bad(std::move(fault->key), std::move(fault->expected), std::move(fault->found));
      continue;
    }
    s.row.begin(s.lines.number(), line);
    return true;
  }
}

JsonRow& JsonLines::row() { return state_->row; }

Status JsonLines::finish(Source& source) {
  PHASEGATE_TRY(hash, state_->lines.finish());
  set_hash(source, state_->lines.shown(), hash);
  return {};
}

}  // namespace phasegate::readers
