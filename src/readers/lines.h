// A text file of somebody else's, line by line: bounded memory whatever the size of file or line, one pass for lines
// and hash, and a file that changed under the reader is an error, not evidence.
// One owner, one thread. Cost: one copy into the buffer and the hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "core/result.h"
#include "readers/source.h"

namespace phasegate::readers {

class LineFile {
 public:
  // Refused: what is not a regular file (folder, pipe, device, symbolic link), and what is compressed. `shown` is the
  // path in errors and bad rows.
  [[nodiscard]] static core::Result<LineFile> open(const std::filesystem::path& path, std::string shown,
                                                   std::size_t line_limit = core::kMaxSourceLineBytes);
  // A file of a run; one whose size is not what discover() saw is refused.
  [[nodiscard]] static core::Result<LineFile> open(const SourceRun& run, const SourceFile& file,
                                                   std::size_t line_limit = core::kMaxSourceLineBytes);
  LineFile(LineFile&&) noexcept;
  LineFile& operator=(LineFile&&) noexcept;
  ~LineFile();

  enum class Step { line, too_long, end };
  // `line` is set for Step::line: without line feed, carriage return before it, or byte order mark; valid until the
  // next call and followed by kPadding readable bytes. Of a line above the limit `line` holds the first kMaxRawBytes;
  // the rest was passed over without being held. Errors: io.
  [[nodiscard]] core::Result<Step> next(std::string_view& line);

  [[nodiscard]] std::int64_t number() const;       // of the last line, from 1
  [[nodiscard]] bool torn() const;                 // the last line that was given has no line feed: perhaps cut off
  [[nodiscard]] std::uint64_t bytes() const;       // of the file, at open
  [[nodiscard]] std::uint64_t bytes_read() const;  // so far
  [[nodiscard]] const std::string& shown() const;

  // All bytes that were not handed out yet, as they are but for a byte order mark at the start of the file; then as
  // finish. `sha256` may be null. The caller has looked at bytes().
  [[nodiscard]] core::Result<std::string> rest(std::string* sha256);

  // The SHA-256 of the whole file; reads what is left of it. An Error (evidence) when size, time or inode are not those
  // at open. Once.
  [[nodiscard]] core::Result<std::string> finish();

  static constexpr std::size_t kPadding = 64;

 private:
  struct State;
  explicit LineFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The whole of a file through the same checks; `sha256` may be null.
[[nodiscard]] core::Result<std::string> read_text(const std::filesystem::path& path, const std::string& shown,
                                                  std::uint64_t max_bytes, std::string* sha256);

// "gzip", "zip", "zstd", "xz", "bzip2"; nullptr = none of them. Needs the first 6 bytes.
[[nodiscard]] const char* compression_of(std::string_view head);

}  // namespace phasegate::readers
