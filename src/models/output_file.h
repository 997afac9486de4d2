// A large file written in one pass: buffered, hashed on the way, and under its own name only when it is whole
// (written beside the target as NAME.part, synced and renamed by finish). A resource: one owner, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/sha256.h"

namespace phasegate::models {

struct FileDigest {
  std::string name;  // relative to the folder that is being forged
  std::uint64_t bytes = 0;
  std::string sha256;
};

class OutputFile {
 public:
  [[nodiscard]] static core::Result<std::unique_ptr<OutputFile>> create(const std::filesystem::path& path);
  ~OutputFile();  // without finish() nothing stays on disk
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] core::Status write(std::span<const std::byte> bytes);
  [[nodiscard]] core::Status write(std::string_view text);
  // Zero bytes up to the next multiple of `alignment`.
  [[nodiscard]] core::Status pad_to(std::uint64_t alignment);
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // `name` of the digest is left empty: the caller knows the folder.
  [[nodiscard]] core::Result<FileDigest> finish();

 private:
  OutputFile(std::filesystem::path path, int fd);
  [[nodiscard]] core::Status flush();
  [[nodiscard]] core::Status write_all(std::span<const std::byte> bytes);
  [[nodiscard]] core::Error error(const char* action) const;

  std::filesystem::path path_;
  std::filesystem::path part_;
  int fd_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> buffer_;
  core::Sha256 hash_;
};

}  // namespace phasegate::models
