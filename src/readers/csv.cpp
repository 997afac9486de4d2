// A record may go over several lines, so a quote that is never closed would swallow all rows after it. Then the first
// line of the record is the bad row, and the lines after it are read again as if it had not been there. How much may be
// read again has a limit: a hostile file could make every line do that.
#include "readers/csv.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <utility>

#include "readers/number.h"
#include "readers/source_files.h"

namespace phasegate::readers {

using core::Error;
using core::ErrorKind;
using core::Result;
using core::Status;

namespace {

constexpr std::size_t kMaxHints = 256;
constexpr std::size_t kMaxAgainBytes = 64 << 20;

tl::unexpected<Error> refuse(std::string where, std::string what, std::string next = {}) {
  return core::fail(Error{ErrorKind::invalid_input, std::move(what), std::move(where), std::move(next)});
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace

Value CsvRow::find(std::string_view column) const {
  const std::size_t question = question_++;
  std::size_t at = columns_->size();  // absent
  if (question < answers_.size() && answers_[question].column == column) {
    at = answers_[question].at;
  } else {
    at = static_cast<std::size_t>(std::find(columns_->begin(), columns_->end(), column) - columns_->begin());
    if (question < kMaxHints) {
      answers_.resize(std::max(answers_.size(), question + 1));
      answers_[question] = {std::string(column), at};
    }
  }
  if (at == columns_->size()) return {};
  return {Value::Kind::cell, 0, 0, false, cell(at)};
}

std::string_view CsvRow::cell(std::size_t column) const {
  return std::string_view(text_).substr(cells_[column].begin, cells_[column].size);
}

struct CsvFile::State {
  enum class Split { whole, open_quote, stray_quote };
  enum class Next { record, bad, end };

  State(LineFile file, std::size_t limit) : lines(std::move(file)), row_limit(limit), row(lines.shown()) {
    row.columns_ = &columns;
  }

  [[nodiscard]] Result<bool> line(Source& source);  // into `current`; false at the end
  void unread();                                    // `current` comes again, after the lines that were given back
  [[nodiscard]] Status give_back();                 // all lines of `text` but the first come again
  [[nodiscard]] Split split(std::string_view physical, bool inside);
  [[nodiscard]] bool quoted(std::string_view physical, std::size_t& at, Split& result);
  [[nodiscard]] Result<Next> record(Source& source);
  [[nodiscard]] Result<bool> check_cells(Source& source);
  void bad(Source& source, std::string_view raw, std::string key, std::string expected, std::string found);

  LineFile lines;
  std::size_t row_limit;
  CsvRow row;
  std::vector<std::string> columns;

  std::string current;  // one physical line
  std::int64_t number = 0;
  bool from_again = false;
  std::string again;  // lines to be read again, each with a line feed
  std::size_t again_at = 0;
  std::int64_t again_number = 0;
  std::size_t again_bytes = 0;  // of all that was ever given back
  std::string held;             // a line of the file, after those of `again`
  std::int64_t held_number = 0;

  std::string text;        // the record
  std::int64_t first = 0;  // its first line
  std::size_t begin = 0;   // of the cell that is being read
};

void CsvFile::State::bad(Source& source, std::string_view raw, std::string key, std::string expected,
                         std::string found) {
  add_bad(source, {lines.shown(), first, std::move(key), std::move(expected), std::move(found),
                   std::string(raw.substr(0, kMaxRawBytes))});
}

Result<bool> CsvFile::State::line(Source& source) {
  from_again = again_at < again.size();
  if (from_again) {
    const std::size_t feed = again.find('\n', again_at);
    current.assign(again, again_at, feed - again_at);
    again_at = feed + 1;
    number = again_number++;
    return true;
  }
  if (held_number != 0) {
    current.swap(held);
    number = std::exchange(held_number, 0);
    return true;
  }
  for (;;) {
    std::string_view view;
    PHASEGATE_TRY(step, lines.next(view));
    if (step == LineFile::Step::end) return false;
    number = lines.number();
    if (step == LineFile::Step::line) {
      current.assign(view);
      return true;
    }
    add_bad(source, {lines.shown(),
                     number,
                     {},
                     fmt::format("a line of at most {} bytes", row_limit),
                     "a longer one",
                     std::string(view)});
  }
}

void CsvFile::State::unread() {
  if (from_again) {
    again_at -= current.size() + 1;
    --again_number;
  } else {
    held.swap(current);
    held_number = number;
  }
}

Status CsvFile::State::give_back() {
  const std::size_t feed = text.find('\n');
  if (feed == std::string::npos) return {};
  std::string rest = text.substr(feed + 1) + '\n';
  rest.append(again, again_at);
  again_bytes += rest.size();
  if (again_bytes > kMaxAgainBytes) {
    return refuse(fmt::format("{}:{}", lines.shown(), first), "has too many quotes that are never closed",
                  "write the file again with every quote inside a cell doubled");
  }
  again = std::move(rest);
  again_at = 0;
  again_number = first + 1;
  return {};
}

// From inside a quoted cell to behind its closing quote. False when the line ends the splitting.
bool CsvFile::State::quoted(std::string_view physical, std::size_t& at, Split& result) {
  for (;;) {
    const std::size_t quote = physical.find('"', at);
    row.text_.append(physical, at, std::min(quote, physical.size()) - at);
    if (quote == std::string_view::npos) {
      result = Split::open_quote;
      return false;
    }
    at = quote + 1;
    if (at == physical.size() || physical[at] == ',') return true;
    if (physical[at] != '"') {
      result = Split::stray_quote;
      return false;
    }
    row.text_ += '"';
    ++at;
  }
}

// Adds the cells of one physical line to those of the record; `inside` = the line begins inside a quoted cell.
CsvFile::State::Split CsvFile::State::split(std::string_view physical, bool inside) {
  Split result = Split::whole;
  if (inside) row.text_ += '\n';
  for (std::size_t at = 0;; ++at, inside = false) {
    if (!inside) begin = row.text_.size();
    if (inside || (at < physical.size() && physical[at] == '"')) {
      if (!inside) ++at;
      if (!quoted(physical, at, result)) return result;
    } else {
      const std::size_t comma = std::min(physical.find(',', at), physical.size());
      row.text_.append(physical, at, comma - at);
      at = comma;
    }
    row.cells_.push_back({begin, row.text_.size() - begin});
    // One cell too many is enough to know that the record is bad.
    const std::size_t most = columns.empty() ? core::kMaxSourceColumns : columns.size();
    if (at >= physical.size() || row.cells_.size() > most) return result;
  }
}

Result<CsvFile::State::Next> CsvFile::State::record(Source& source) {
  do {
    PHASEGATE_TRY(more, line(source));
    if (!more) return Next::end;
  } while (trimmed(current).empty());
  text = current;
  first = number;
  row.text_.clear();
  row.cells_.clear();
  Split result = split(current, false);
  std::string problem;
  while (result == Split::open_quote && problem.empty()) {
    const std::int64_t last = number;
    PHASEGATE_TRY(more, line(source));
    if (!more) {
      problem = "the end of the file";
    } else if (number != last + 1 || text.size() + current.size() >= row_limit) {
      // A line that was too long stood between them, or the record would be.
      problem = "none within the limit of a row";
      unread();
    } else {
      text.append(1, '\n').append(current);
      result = split(current, true);
    }
  }
  if (result == Split::whole) return Next::record;
  const bool stray = result == Split::stray_quote;
  bad(source, std::string_view(text).substr(0, text.find('\n')), {},
      stray ? "a comma or the end of the line after a closing quote" : "a closing quote",
      stray ? "more text" : problem);
  PHASEGATE_CHECK_OK(give_back());
  return Next::bad;
}

// True: the record is a row. Else it is counted as bad.
Result<bool> CsvFile::State::check_cells(Source& source) {
  const std::string expected = fmt::format("{} cells", columns.size());
  if (row.cells_.size() > columns.size()) {
    // A record of several lines has swallowed others by a quote that was not closed.
    bad(source, std::string_view(text).substr(0, text.find('\n')), columns.back(), expected, "more");
    PHASEGATE_CHECK_OK(give_back());
    return false;
  }
  if (row.cells_.size() < columns.size()) {
    bad(source, text, columns[row.cells_.size()], expected, fmt::format("{}", row.cells_.size()));
    return false;
  }
  if (is_utf8(text)) return true;
  bad(source, text, {}, "UTF-8", "other bytes");
  return false;
}

CsvFile::CsvFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvFile::CsvFile(CsvFile&&) noexcept = default;
CsvFile& CsvFile::operator=(CsvFile&&) noexcept = default;
CsvFile::~CsvFile() = default;

Result<CsvFile> CsvFile::open(LineFile file, std::size_t row_limit) {
  auto state = std::make_unique<State>(std::move(file), row_limit);
  const std::string where = fmt::format("{}:1", state->lines.shown());
  Source unused;
  PHASEGATE_TRY(next, state->record(unused));
  if (next == State::Next::end) return refuse(where, "has no header row");
  if (next == State::Next::bad || unused.bad_rows > 0 || !is_utf8(state->text)) {
    return refuse(where, "has a header row that cannot be read", "the first line names the columns, in UTF-8");
  }
  if (state->row.cells_.size() > core::kMaxSourceColumns) {
    return refuse(where, fmt::format("has more than {} columns", core::kMaxSourceColumns));
  }
  std::set<std::string> seen;
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < state->row.cells_.size(); ++i) {
    std::string name(trimmed(state->row.cell(i)));
    // pandas writes its index under an empty name; nobody can ask for that.
    if (!name.empty() && !seen.insert(name).second) {
      return refuse(where + ": " + printable(name, kMaxFoundBytes), "is a column twice", "remove one of the two");
    }
    columns.push_back(std::move(name));
  }
  state->columns = std::move(columns);
  return CsvFile(std::move(state));
}

Result<CsvFile> CsvFile::open(const std::filesystem::path& path, std::string shown, std::size_t row_limit) {
  PHASEGATE_TRY(file, LineFile::open(path, std::move(shown), row_limit));
  return open(std::move(file), row_limit);
}

Result<CsvFile> CsvFile::open(const SourceRun& run, const SourceFile& file, std::size_t row_limit) {
  PHASEGATE_TRY(lines, LineFile::open(run, file, row_limit));
  return open(std::move(lines), row_limit);
}

const std::vector<std::string>& CsvFile::columns() const { return state_->columns; }

bool CsvFile::has(std::string_view column) const {
  return std::find(columns().begin(), columns().end(), column) != columns().end();
}

Result<bool> CsvFile::next(Source& source) {
  for (;;) {
    PHASEGATE_TRY(next, state_->record(source));
    if (next == State::Next::end) return false;
    if (next == State::Next::bad) continue;
    PHASEGATE_TRY(whole, state_->check_cells(source));
    if (!whole) continue;
    state_->row.begin(state_->first, state_->text);
    state_->row.question_ = 0;
    return true;
  }
}

CsvRow& CsvFile::row() { return state_->row; }

Status CsvFile::finish(Source& source) {
  PHASEGATE_TRY(hash, state_->lines.finish());
  set_hash(source, state_->lines.shown(), hash);
  return {};
}

Status read_table(const SourceRun& run, const SourceFile& file, Source& source) {
  if (file.bytes > core::kMaxSourceTableBytes) {
    return refuse(file.path,
                  fmt::format("has {} bytes, the limit of a table is {}", file.bytes, core::kMaxSourceTableBytes));
  }
  PHASEGATE_TRY(csv, CsvFile::open(run, file));
  Table table{csv.columns(), {}};
  for (;;) {
    PHASEGATE_TRY(more, csv.next(source));
    if (!more) break;
    if (table.rows.size() * table.columns.size() >= core::kMaxSourceTableCells) {
      return refuse(fmt::format("{}:{}", file.path, csv.row().line()),
                    fmt::format("the table has more than {} cells", core::kMaxSourceTableCells));
    }
    auto& cells = table.rows.emplace_back();
    cells.reserve(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) cells.emplace_back(csv.row().cell(i));
  }
  PHASEGATE_CHECK_OK(csv.finish(source));
  source.tables[file.path] = std::move(table);
  return {};
}

}  // namespace phasegate::readers
