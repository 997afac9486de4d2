// What the tests of this folder share: a temporary folder, and a GGUF file put together byte by byte.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "models/gguf_header.h"

namespace phasegate::models {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "phasegate-models-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void spill(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// GGUF without the checks of a writer: the tests say what is wrong with it.
struct RawGguf {
  std::string bytes;

  RawGguf& u32(std::uint32_t value) { return put(value); }
  RawGguf& u64(std::uint64_t value) { return put(value); }
  RawGguf& text(std::string_view value) {
    u64(value.size());
    bytes += value;
    return *this;
  }
  RawGguf& head(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    bytes += "GGUF";
    return u32(version).u64(tensors).u64(keys);
  }
  RawGguf& key(std::string_view name, GgufType type) { return text(name).u32(static_cast<std::uint32_t>(type)); }
  RawGguf& key_text(std::string_view name, std::string_view value) { return key(name, GgufType::string).text(value); }
  RawGguf& key_u32(std::string_view name, std::uint32_t value) { return key(name, GgufType::u32).u32(value); }
  RawGguf& tensor(std::string_view name, std::uint64_t columns, std::uint32_t type, std::uint64_t offset) {
    return text(name).u32(1).u64(columns).u32(type).u64(offset);
  }
  RawGguf& data(std::size_t count) {
    bytes.resize((bytes.size() + 31) / 32 * 32);
    bytes.append(count, '\x01');
    return *this;
  }
  [[nodiscard]] core::Result<GgufHeader> parse() const { return parse_gguf_header(std::as_bytes(std::span(bytes))); }

 private:
  template <class T>
  RawGguf& put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
};

}  // namespace phasegate::models
