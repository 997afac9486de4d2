// A whole file mapped read-only: weights are read where they lie, so that a model larger than memory still forges.
// A resource: move only, one owner. The file must not shrink while it is mapped (the system ends a process that reads
// past a file's end).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "core/result.h"

namespace phasegate::models {

class MappedFile {
 public:
  [[nodiscard]] static core::Result<MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace phasegate::models
