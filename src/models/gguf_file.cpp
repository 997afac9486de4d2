#include "models/gguf_file.h"

namespace phasegate::models {

core::Result<GgufFile> open_gguf(const std::filesystem::path& path) {
  PHASEGATE_TRY(map, MappedFile::open(path));
  auto header = parse_gguf_header(map.bytes());
  if (!header) return core::at(path.string(), std::move(header).error());
  return GgufFile{std::move(map), std::move(*header)};
}

}  // namespace phasegate::models
