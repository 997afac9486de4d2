// CSV by RFC 4180 with a header row: columns by name in any order, quoted cells with commas, quotes and line feeds in
// them. Bounded memory. One owner, one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/result.h"
#include "readers/lines.h"
#include "readers/row.h"
#include "readers/source.h"

namespace phasegate::readers {

class CsvRow final : public Row {
 public:
  // The cell of a column; Kind::absent when the file has no such column.
  [[nodiscard]] Value find(std::string_view column) const override;
  // By position, as in CsvFile::columns().
  [[nodiscard]] std::string_view cell(std::size_t column) const;

 private:
  friend class CsvFile;
  explicit CsvRow(std::string file) : Row(std::move(file)) {}
  struct Cell {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  const std::vector<std::string>* columns_ = nullptr;
  std::string text_;  // cells without their quotes, one after the other
  std::vector<Cell> cells_;
  struct Answer {
    std::string column;
    std::size_t at = 0;
  };
  mutable std::vector<Answer> answers_;  // what the n-th question of a row was last time, and where its column stands
  mutable std::size_t question_ = 0;
};

class CsvFile {
 public:
  // Reads the header. An Error: a file that LineFile refuses, no header, a column name twice, more than
  // kMaxSourceColumns columns, a header that is no UTF-8.
  [[nodiscard]] static core::Result<CsvFile> open(const std::filesystem::path& path, std::string shown,
                                                  std::size_t row_limit = core::kMaxSourceLineBytes);
  [[nodiscard]] static core::Result<CsvFile> open(const SourceRun& run, const SourceFile& file,
                                                  std::size_t row_limit = core::kMaxSourceLineBytes);
  CsvFile(CsvFile&&) noexcept;
  CsvFile& operator=(CsvFile&&) noexcept;
  ~CsvFile();

  [[nodiscard]] const std::vector<std::string>& columns() const;
  [[nodiscard]] bool has(std::string_view column) const;

  // The next row that has as many cells as the header; rows that cannot be split (too few or too many cells, a quote
  // that never ends, no UTF-8, too long) go to the source's bad rows. False at the end. Blank lines are passed over.
  [[nodiscard]] core::Result<bool> next(Source& source);
  [[nodiscard]] CsvRow& row();

  // Hash of the file into `source`; after the last row. Errors: as LineFile::finish.
  [[nodiscard]] core::Status finish(Source& source);

 private:
  struct State;
  [[nodiscard]] static core::Result<CsvFile> open(LineFile file, std::size_t row_limit);
  explicit CsvFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A whole table that was published beside the rows, into source.tables; its bad rows are counted in the source. At most
// kMaxSourceTableBytes.
[[nodiscard]] core::Status read_table(const SourceRun& run, const SourceFile& file, Source& source);

}  // namespace phasegate::readers
