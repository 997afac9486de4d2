// A GGUF file that is open: mapped, its header read and checked. A resource: move only; the header's views live as
// long as it does.
#pragma once

#include <filesystem>

#include "models/gguf_header.h"
#include "models/mapped_file.h"

namespace phasegate::models {

struct GgufFile {
  MappedFile map;
  GgufHeader header;
};

// Errors name the path.
[[nodiscard]] core::Result<GgufFile> open_gguf(const std::filesystem::path& path);

}  // namespace phasegate::models
