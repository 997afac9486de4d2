// Reads protobuf's wire format from a file without a schema compiler, a field at a time: a model file can hold
// gigabytes of weights between the few fields that matter here, and those are skipped by seeking.
//
// Hostile input is expected. Every length is checked against the message that contains it before anything is read or
// allocated, a text has a limit, and nesting is as deep as the caller descends, for nothing here recurses.
// One thread. A WireMessage borrows the WireFile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace phasegate::engines::onnx {

class WireFile {
 public:
  [[nodiscard]] static core::Result<WireFile> open(const std::filesystem::path& path);
  ~WireFile();
  WireFile(WireFile&& other) noexcept;
  WireFile& operator=(WireFile&&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Copies `count` bytes from `offset`; the caller has checked that they lie inside size().
  [[nodiscard]] core::Status read(std::uint64_t offset, char* out, std::size_t count);
  // The byte at `offset`, through a window that follows sequential reading.
  [[nodiscard]] core::Result<std::uint8_t> byte(std::uint64_t offset);

 private:
  WireFile(int descriptor, std::uint64_t size, std::string path);

  int descriptor_;
  std::uint64_t size_;
  std::string path_;
  std::vector<char> window_;
  std::uint64_t window_start_ = 0;
};

// A byte range of the file: the content of one length-delimited field, or the whole file.
struct WireRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
};

struct WireField {
  enum class Kind { varint, fixed64, bytes, fixed32 };
  std::uint32_t number = 0;
  Kind kind = Kind::varint;
  std::uint64_t value = 0;  // of a varint
  WireRange range;          // of bytes, fixed32 and fixed64
};

class WireMessage {
 public:
  WireMessage(WireFile& file, WireRange range) : file_(&file), range_(range), at_(range.begin) {}

  // The next field, or nothing at the end of the message. Errors: invalid_input with the byte offset.
  [[nodiscard]] core::Result<std::optional<WireField>> next();

  // Content of a bytes field as text, refused above `max_bytes`.
  [[nodiscard]] core::Result<std::string> text(const WireField& field, std::size_t max_bytes);
  // A repeated integer field comes as one varint each or packed into bytes: appends what this field holds.
  [[nodiscard]] core::Status integers(const WireField& field, std::size_t max_count, std::vector<std::int64_t>& out);
  [[nodiscard]] WireMessage descend(const WireField& field) const { return {*file_, field.range}; }

 private:
  [[nodiscard]] core::Result<std::uint64_t> varint(std::uint64_t& at, std::uint64_t end);
  [[nodiscard]] tl::unexpected<core::Error> broken(std::uint64_t offset, const char* what) const;

  WireFile* file_;
  WireRange range_;
  std::uint64_t at_;
};

}  // namespace phasegate::engines::onnx
