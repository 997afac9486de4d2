// The same rows in a second file that was published beside the first: each row is looked for by its key and compared
// column by column. Rows in the same order cost no memory; a second file in another order is held up to kMaxTwinRows.
// Internal to this module; one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "readers/csv.h"
#include "readers/row.h"

namespace phasegate::readers {

inline constexpr std::size_t kMaxTwinRows = 200'000;

class RowTwin {
 public:
  // `keys` together tell one row from all others.
  [[nodiscard]] static core::Result<RowTwin> open(const SourceRun& run, const SourceFile& file,
                                                  std::vector<std::string> keys);

  // A column that differs makes the row bad. A row that the second file lacks is taken, and its absence there counted.
  // A value that is absent in one of the two differs from one that is there; spellings do not matter.
  [[nodiscard]] core::Status compare(Row& row, Source& source);

  // After the last row: what only the second file has is bad there. `lost` rows of the first file were bad themselves
  // and explain as many.
  [[nodiscard]] core::Status finish(std::int64_t lost, Source& source);

 private:
  struct Cells {
    std::int64_t line = 0;
    std::vector<std::string> values;  // by column
    std::string raw;
  };
  RowTwin(CsvFile csv, std::string shown, std::vector<std::string> keys)
      : csv_(std::move(csv)), shown_(std::move(shown)), keys_(std::move(keys)) {}
  [[nodiscard]] std::string key_of(const Row& row) const;
  [[nodiscard]] core::Result<bool> fetch(Source& source);  // one row more into waiting_

  CsvFile csv_;
  std::string shown_;
  std::vector<std::string> keys_;
  std::multimap<std::string, Cells> waiting_;
  bool ended_ = false;
};

// A value as both files would have it: numbers in their shortest form, absence as "".
[[nodiscard]] std::string plain_text(const Value& value);

}  // namespace phasegate::readers
