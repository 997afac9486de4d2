#include "readers/row_twin.h"

#include <fmt/format.h>

#include "core/json.h"
#include "readers/number.h"
#include "readers/source_files.h"

namespace phasegate::readers {

using core::Result;
using core::Status;

std::string plain_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::absent:
    case Value::Kind::null: return {};
    case Value::Kind::flag: return value.flag ? "true" : "false";
    case Value::Kind::number:
    case Value::Kind::integer: return core::shortest(value.number);
    case Value::Kind::array:
    case Value::Kind::object: return describe(value);
    case Value::Kind::text:
    case Value::Kind::cell: break;
  }
  const auto number = parse_number(value.text);
  if (number.kind == NumberKind::absent) return {};
  if (number.kind == NumberKind::number) return core::shortest(number.value);
  const std::string_view text = trimmed(value.text);
  if (text.size() <= 5) {
    if (const auto flag = parse_flag(text)) return *flag ? "true" : "false";
  }
  return std::string(text);
}

Result<RowTwin> RowTwin::open(const SourceRun& run, const SourceFile& file, std::vector<std::string> keys) {
  PHASEGATE_TRY(csv, CsvFile::open(run, file));
  return RowTwin(std::move(csv), file.path, std::move(keys));
}

std::string RowTwin::key_of(const Row& row) const {
  std::string key;
  for (const auto& name : keys_) key += plain_text(row.find(name)) + '\x1f';
  return key;
}

Result<bool> RowTwin::fetch(Source& source) {
  if (ended_ || waiting_.size() >= kMaxTwinRows) return false;
  PHASEGATE_TRY(more, csv_.next(source));
  if (!more) {
    ended_ = true;
    return false;
  }
  const CsvRow& row = csv_.row();
  Cells cells;
  cells.line = row.line();
  cells.raw = row.raw().substr(0, kMaxRawBytes);
  for (std::size_t i = 0; i < csv_.columns().size(); ++i) {
    cells.values.push_back(plain_text({Value::Kind::cell, 0, 0, false, row.cell(i)}));
  }
  waiting_.emplace(key_of(row), std::move(cells));
  return true;
}

Status RowTwin::compare(Row& row, Source& source) {
  const std::string key = key_of(row);
  auto found = waiting_.find(key);
  while (found == waiting_.end()) {
    PHASEGATE_TRY(more, fetch(source));
    if (!more) break;
    found = waiting_.find(key);
  }
  if (found == waiting_.end()) {
    const bool full = !ended_;
    add_bad(source, {shown_,
                     0,
                     {},
                     fmt::format("the row of {}:{}", row.file(), row.line()),
                     full ? fmt::format("none within {} rows", kMaxTwinRows) : "none",
                     {}});
    return {};
  }
  const auto& columns = csv_.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string value = plain_text(row.find(columns[i]));
    if (value == found->second.values[i]) continue;
    row.fail(columns[i], fmt::format("\"{}\" as in {}:{}", found->second.values[i], shown_, found->second.line),
             fmt::format("\"{}\"", value));
    break;
  }
  waiting_.erase(found);
  return {};
}

Status RowTwin::finish(std::int64_t lost, Source& source) {
  for (;;) {
    for (const auto& [key, cells] : waiting_) {
      if (--lost >= 0) continue;
      add_bad(source, {shown_, cells.line, {}, "a row that the file beside it has too", "a row of its own", cells.raw});
    }
    waiting_.clear();
    PHASEGATE_TRY(more, fetch(source));
    if (!more) break;
  }
  return csv_.finish(source);
}

}  // namespace phasegate::readers
