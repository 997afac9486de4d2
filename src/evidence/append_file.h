// An append-only file of lines. A line reaches the kernel before append returns; when the disk is full, what was
// written of the line is cut again, so that the file is always whole lines. One owner, one thread. Internal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/result.h"

namespace phasegate::evidence {

class AppendFile {
 public:
  AppendFile() = default;
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  ~AppendFile();

  [[nodiscard]] static core::Result<AppendFile> create(const std::filesystem::path& path);  // must not be there
  [[nodiscard]] static core::Result<AppendFile> reopen(const std::filesystem::path& path, std::uint64_t keep_bytes);

  [[nodiscard]] core::Status append(std::string_view bytes);
  [[nodiscard]] core::Status sync();  // to the disk

 private:
  AppendFile(int fd, std::uint64_t size, std::filesystem::path path) : fd_(fd), size_(size), path_(std::move(path)) {}

  int fd_ = -1;
  std::uint64_t size_ = 0;  // of whole appends
  std::filesystem::path path_;
};

}  // namespace phasegate::evidence
