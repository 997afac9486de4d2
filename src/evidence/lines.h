// Reads a JSONL file line by line in bounded memory, and hashes its bytes on the way so that one pass gives both.
// One owner, one thread. Internal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "core/result.h"
#include "core/sha256.h"

namespace phasegate::evidence {

class LineReader {
 public:
  [[nodiscard]] static core::Result<LineReader> open(const std::filesystem::path& path,
                                                     std::size_t max_line = core::kMaxRecordLineBytes);
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  enum class Step { line, end, too_long, read_error };
  // `line` is set for Step::line: without its newline, valid until the next call, and followed by at least kPadding
  // readable bytes (simdjson reads past the end). A line above max_line ends the reading.
  [[nodiscard]] Step next(std::string_view& line);

  [[nodiscard]] std::size_t max_line() const { return max_line_; }
  [[nodiscard]] std::int64_t number() const { return number_; }       // of the last line, from 1
  [[nodiscard]] bool torn() const { return torn_; }                   // the last line has no newline at its end
  [[nodiscard]] std::uint64_t whole_bytes() const { return whole_; }  // up to the last newline that was passed
  [[nodiscard]] std::string sha256();                                 // of the whole file; after Step::end, once

  static constexpr std::size_t kPadding = 64;

 private:
  LineReader(int fd, std::size_t max_line);
  [[nodiscard]] bool fill();  // false at the end of the file or on an error

  int fd_;
  std::size_t max_line_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of the bytes not yet handed out
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // no newline before this
  bool eof_ = false;
  bool failed_ = false;
  bool torn_ = false;
  std::int64_t number_ = 0;
  std::uint64_t whole_ = 0;
  std::unique_ptr<core::Sha256> hash_;
};

}  // namespace phasegate::evidence
