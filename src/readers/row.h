// One row of a source, whatever carries it (a JSONL line or a CSV record): typed access by key that remembers the first
// value that was not what was expected. A reader takes all values, then asks ok() once; a row that is not ok is counted
// and kept raw (add_bad), never taken in part.
// Keys: of a CSV the column; of JSON a key or keys from the outside in with '/' between ("spec/batch_size").
// One thread. Texts are valid until the next row is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "readers/source.h"

namespace phasegate::readers {

struct Value {
  enum class Kind {
    absent,
    null,
    number,
    integer,
    flag,
    text,
    cell,  // of a CSV: its type is what the reader asks for
    array,
    object,
  };
  Kind kind = Kind::absent;
  double number = 0;  // also of an integer
  std::int64_t integer = 0;
  bool flag = false;
  std::string_view text;  // of text and cell
};

class Row {
 public:
  virtual ~Row() = default;

  // Absent, null and the spellings of null give nullopt. A wrong type or a value out of range gives nullopt and makes
  // the row bad.
  [[nodiscard]] std::optional<double> number(std::string_view key);
  [[nodiscard]] std::optional<double> duration(std::string_view key);  // a number that is not negative
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> count(std::string_view key);  // an integer that is not negative
  [[nodiscard]] std::optional<bool> flag(std::string_view key);
  [[nodiscard]] std::string_view text(std::string_view key);  // "" when absent

  // As above for a key that must have a value: without one the row is bad. The result is then a default.
  [[nodiscard]] double required_number(std::string_view key);
  [[nodiscard]] std::string_view required_text(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const;  // there and neither null nor a spelling of it
  [[nodiscard]] virtual Value find(std::string_view key) const = 0;

  // A reader's own check failed. The first fault of a row is the one that is told.
  void fail(std::string_view key, std::string expected, std::string found);
  [[nodiscard]] bool ok() const { return !faulty_; }
  [[nodiscard]] BadRow bad() const;  // of a row that is not ok

  [[nodiscard]] const std::string& file() const { return file_; }  // relative to the root of its run
  [[nodiscard]] std::int64_t line() const { return line_; }        // from 1, of the row's first line
  [[nodiscard]] std::string_view raw() const { return raw_; }      // verbatim, without its line end; valid UTF-8

 protected:
  explicit Row(std::string file) : file_(std::move(file)) {}
  Row(const Row&) = default;
  Row(Row&&) = default;
  Row& operator=(const Row&) = default;
  Row& operator=(Row&&) = default;
  void begin(std::int64_t line, std::string_view raw);  // a new row: forgets the last one's fault

 private:
  void wrong(std::string_view key, const char* expected, const Value& found);

  std::string file_;
  std::int64_t line_ = 0;
  std::string_view raw_;
  bool faulty_ = false;
  std::string key_;
  std::string expected_;
  std::string found_;
};

// "the text \"fast\"", "a list": a value for the `found` of a bad row.
[[nodiscard]] std::string describe(const Value& value);

}  // namespace phasegate::readers
