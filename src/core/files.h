// File access with bounds: hostile sizes are refused before they are read, and a written file is whole or absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace phasegate::core {

[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Writes beside the target, syncs and renames: readers see the old or the new file, never a part.
[[nodiscard]] Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

[[nodiscard]] Status make_directories(const std::filesystem::path& path);

}  // namespace phasegate::core
