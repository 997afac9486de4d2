// JSON Lines: one row after the other through simdjson with reused buffers, no document in memory. Python's NaN,
// Infinity, -Infinity and None outside texts are null. One owner, one thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/result.h"
#include "readers/row.h"
#include "readers/source.h"

namespace phasegate::readers {

class JsonRow final : public Row {
 public:
  JsonRow(JsonRow&&) noexcept;
  JsonRow& operator=(JsonRow&&) noexcept;
  ~JsonRow() override;

  // Each key of the path is looked up in an object; Kind::absent where one is not there.
  [[nodiscard]] Value find(std::string_view path) const override;

  // A list of numbers, appended to `out`; absent and null append nothing. An element that is no finite number makes
  // the row bad. With not_negative a negative one does too.
  void numbers(std::string_view path, std::vector<double>& out);
  void durations(std::string_view path, std::vector<double>& out);
  void texts(std::string_view path, std::vector<std::string>& out);
  [[nodiscard]] std::optional<std::size_t> size(std::string_view path) const;  // of a list or object

  // The entries of an object (path "" = the row itself) in their order. Nothing when it is absent.
  void each_entry(std::string_view path,
                  const std::function<void(std::string_view key, const Value& value)>& visit) const;
  // The element's own JSON text, canonical in white space only; "" when absent.
  [[nodiscard]] std::string json(std::string_view path) const;

 private:
  friend class JsonLines;
  struct State;
  JsonRow(std::string file, std::unique_ptr<State> state);
  template <class Take>
  void each_item(std::string_view path, const char* expected, Take take);
  std::unique_ptr<State> state_;
};

class JsonLines {
 public:
  [[nodiscard]] static core::Result<JsonLines> open(const std::filesystem::path& path, std::string shown,
                                                    std::size_t line_limit = core::kMaxSourceLineBytes);
  [[nodiscard]] static core::Result<JsonLines> open(const SourceRun& run, const SourceFile& file,
                                                    std::size_t line_limit = core::kMaxSourceLineBytes);
  JsonLines(JsonLines&&) noexcept;
  JsonLines& operator=(JsonLines&&) noexcept;
  ~JsonLines();

  // The next line that is one JSON object without a key twice; other lines go to the source's bad rows. False at the
  // end. Blank lines are passed over.
  [[nodiscard]] core::Result<bool> next(Source& source);
  [[nodiscard]] JsonRow& row();

  // Hash of the file into `source`; after the last row. Errors: as LineFile::finish.
  [[nodiscard]] core::Status finish(Source& source);

 private:
  struct State;
  explicit JsonLines(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phasegate::readers
