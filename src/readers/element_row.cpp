#include "readers/element_row.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>

#include "core/limits.h"
#include "readers/lines.h"
#include "readers/number.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

Value value_of(const core::Json& json) {
  Value value;
  switch (json.type()) {
    case core::Json::value_t::null: value.kind = Value::Kind::null; break;
    case core::Json::value_t::boolean:
      value.kind = Value::Kind::flag;
      value.flag = json.get<bool>();
      break;
    case core::Json::value_t::number_integer:
    case core::Json::value_t::number_unsigned:
      value.number = json.get<double>();
      // A count above 2^63 is no integer of ours, but still a number.
      value.kind = value.number < 9.2e18 ? Value::Kind::integer : Value::Kind::number;
      if (value.kind == Value::Kind::integer) value.integer = json.get<std::int64_t>();
      break;
    case core::Json::value_t::number_float:
      value.kind = Value::Kind::number;
      value.number = json.get<double>();
      break;
    case core::Json::value_t::string:
      value.kind = Value::Kind::text;
      value.text = json.get_ref<const std::string&>();
      break;
    case core::Json::value_t::array: value.kind = Value::Kind::array; break;
    default: value.kind = Value::Kind::object; break;
  }
  return value;
}

}  // namespace

void ElementRow::set(std::int64_t position, const core::Json& element) {
  element_ = &element;
  raw_text_ = element.dump(-1, ' ', false, core::Json::error_handler_t::replace);
  begin(position, raw_text_);
}

const core::Json* ElementRow::element(std::string_view path) const { return at_path(*element_, path); }

Value ElementRow::find(std::string_view path) const {
  const core::Json* at = element_;
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    if (!at->is_object()) return {};
    const auto found = at->find(path.substr(0, slash));
    if (found == at->end()) return {};
    at = &*found;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return value_of(*at);
}

void ElementRow::durations(std::string_view path, double scale, std::vector<double>& out) {
  const core::Json* list = element(path);
  if (list == nullptr) return;
  if (!list->is_array()) return fail(path, "a list of numbers", describe(value_of(*list)));
  out.reserve(out.size() + list->size());
  for (const auto& item : *list) {
    if (!item.is_number() || item.get<double>() < 0) {
      return fail(path, "a list of numbers that are not negative", describe(value_of(item)));
    }
    out.push_back(item.get<double>() * scale);
  }
}

const core::Json* member(const core::Json* object, std::string_view key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(key);
  return found == object->end() || found->is_null() ? nullptr : &*found;
}

const core::Json* at_path(const core::Json& document, std::string_view path) {
  const core::Json* at = &document;
  while (at != nullptr && !path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    at = member(at, path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return at;
}

std::optional<double> number_at(const core::Json& document, std::string_view path) {
  const core::Json* found = at_path(document, path);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::optional<std::int64_t> count_at(const core::Json& document, std::string_view path) {
  const auto number = number_at(document, path);
  if (!number || *number < 0) return std::nullopt;
  return whole_number(*number);
}

std::string text_at(const core::Json& document, std::string_view path) {
  const core::Json* found = at_path(document, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::string utc_text(double unix_s) {
  if (!(unix_s >= 0 && unix_s < 253402300800.0)) return {};
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_s)));
}

SourceRun run_of_folder(Format format, const std::vector<const KnownFile*>& files) {
  SourceRun run;
  run.format = format;
  run.root = files.front()->head.absolute.parent_path();
  run.name = run.root.filename().string();
  for (const KnownFile* file : files) {
    run.files.push_back({file->head.absolute.filename().string(), file->kind, file->head.bytes, {}});
  }
  return run;
}

SourceRun run_of_file(Format format, const KnownFile& file) {
  SourceRun run = run_of_folder(format, {&file});
  run.name = file.head.absolute.stem().string();
  return run;
}

std::vector<SourceRun> one_run_each(Format format, const std::vector<KnownFile>& files) {
  std::vector<SourceRun> runs;
  for (const auto& file : files) runs.push_back(run_of_file(format, file));
  return runs;
}

std::vector<std::vector<const KnownFile*>> by_folder(const std::vector<KnownFile>& files) {
  std::map<std::filesystem::path, std::vector<const KnownFile*>> folders;
  for (const auto& file : files) folders[file.head.absolute.parent_path()].push_back(&file);
  std::vector<std::vector<const KnownFile*>> out;
  for (auto& [folder, inside] : folders) out.push_back(std::move(inside));
  return out;
}

namespace {

// RFC 4180, one character after the other.
class GridParser {
 public:
  void take(char c, bool next_is_quote) {
    if (quoted_) {
      if (c != '"') {
        cell_ += c;
      } else if (next_is_quote) {
        cell_ += '"';
        skip_ = true;
      } else {
        quoted_ = false;
      }
    } else if (c == '"') {
      quoted_ = any_ = true;
    } else if (c == ',') {
      end_cell();
      any_ = true;
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell_ += c;
    }
  }

  void parse(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      take(text[i], i + 1 < text.size() && text[i + 1] == '"');
      if (skip_) ++i;
      skip_ = false;
    }
    if (!quoted_ && (any_ || !cell_.empty())) end_row();
  }

  [[nodiscard]] bool open_quote() const { return quoted_; }
  [[nodiscard]] std::vector<std::vector<std::string>>& grid() { return grid_; }

 private:
  void end_cell() {
    row_.push_back(printable(cell_, core::kMaxSourceLineBytes));
    cell_.clear();
  }
  void end_row() {
    if (any_ || !cell_.empty()) end_cell();
    grid_.push_back(std::move(row_));
    row_.clear();
    any_ = false;
  }

  std::vector<std::vector<std::string>> grid_;
  std::vector<std::string> row_;
  std::string cell_;
  bool quoted_ = false;
  bool any_ = false;   // the row has a cell, perhaps an empty one
  bool skip_ = false;  // the second of two quotes that stand for one
};

}  // namespace

core::Result<std::vector<std::vector<std::string>>> read_grid(const SourceRun& run, const SourceFile& file,
                                                              Source& source) {
  std::string sha;
  PHASEGATE_TRY(text, read_text(path_of(run, file), file.path, core::kMaxSourceTableBytes, &sha));
  set_hash(source, file.path, sha);
  GridParser parser;
  parser.parse(text);
  if (parser.open_quote()) {
    return core::fail({core::ErrorKind::invalid_input, "a quoted cell never ends", file.path,
                       "the file may be cut off; take the whole export"});
  }
  return std::move(parser.grid());
}

}  // namespace phasegate::readers
