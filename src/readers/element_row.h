// A row that is one element of a JSON document already parsed, behind the typed access of row.h; and the small pieces
// that the readers of serving benchmarks share. Internal to this module. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "readers/format.h"
#include "readers/row.h"

namespace phasegate::readers {

class ElementRow final : public Row {
 public:
  explicit ElementRow(std::string file) : Row(std::move(file)) {}

  // `position` from 1 takes the place of a line number. `element` outlives the use of the row.
  void set(std::int64_t position, const core::Json& element);

  // Keys from the outside in with '/' between; Kind::absent where one is not there.
  [[nodiscard]] Value find(std::string_view path) const override;
  [[nodiscard]] const core::Json* element(std::string_view path) const;  // nullptr = absent or null

  // A list of numbers that are not negative, each times `scale`, appended to `out`; absent and null append nothing.
  // Another element makes the row bad.
  void durations(std::string_view path, double scale, std::vector<double>& out);

 private:
  const core::Json* element_ = nullptr;
  std::string raw_text_;
};

// Value of a key of an object, nullptr when it is absent or null. `object` may be null itself.
[[nodiscard]] const core::Json* member(const core::Json* object, std::string_view key);
// Along keys with '/' between.
[[nodiscard]] const core::Json* at_path(const core::Json& document, std::string_view path);
[[nodiscard]] std::optional<double> number_at(const core::Json& document, std::string_view path);
[[nodiscard]] std::optional<std::int64_t> count_at(const core::Json& document, std::string_view path);
[[nodiscard]] std::string text_at(const core::Json& document, std::string_view path);  // "" when it is no text

// "2026-11-24T10:17:41Z" of seconds since 1970; "" outside the years 1970 to 9999.
[[nodiscard]] std::string utc_text(double unix_s);

// A run of one file, whose folder is its root.
[[nodiscard]] SourceRun run_of_file(Format format, const KnownFile& file);
// Files of one folder, whose folder is the root; `files` is not empty.
[[nodiscard]] SourceRun run_of_folder(Format format, const std::vector<const KnownFile*>& files);
// One run for each file.
[[nodiscard]] std::vector<SourceRun> one_run_each(Format format, const std::vector<KnownFile>& files);
// Folders of the files, in order, with what lies in each.
[[nodiscard]] std::vector<std::vector<const KnownFile*>> by_folder(const std::vector<KnownFile>& files);

// A small CSV as a grid of cells, for exports that have several tables or several header rows in one file. A blank line
// is an empty row. An Error: what read_text refuses, above kMaxSourceTableBytes, a quote that never ends.
[[nodiscard]] core::Result<std::vector<std::vector<std::string>>> read_grid(const SourceRun& run,
                                                                            const SourceFile& file, Source& source);

}  // namespace phasegate::readers
