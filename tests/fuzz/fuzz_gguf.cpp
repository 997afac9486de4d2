// The GGUF header reader on hostile bytes: an answer or an error, in bounded memory.
#include <cstddef>
#include <cstdint>
#include <span>

#include "models/gguf_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)phasegate::models::parse_gguf_header(std::as_bytes(std::span(data, size)));
  return 0;
}
