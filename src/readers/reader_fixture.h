// What the tests of this module share: a folder of files that goes away, and a Source to count in.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "readers/source_files.h"

namespace phasegate::readers {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "phasegate-readers-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = std::filesystem::canonical(name);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file;
  }

 private:
  std::filesystem::path path_;
};

inline Source empty_source() { return start_source(SourceRun{}, "test"); }

inline std::string data_path(const std::string& name) {
  return std::string(PHASEGATE_SOURCE_DIR) + "/tests/conformance/" + name;
}

}  // namespace phasegate::readers
