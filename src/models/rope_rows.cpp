#include "models/rope_rows.h"

#include <cstring>

namespace phasegate::models {

bool is_rotated(std::string_view gguf_name) {
  return gguf_name.ends_with(".attn_q.weight") || gguf_name.ends_with(".attn_k.weight");
}

std::vector<std::byte> rope_rows_to_halves(std::span<const std::byte> bytes, std::size_t row_bytes,
                                           std::int64_t head_dim) {
  std::vector<std::byte> out(bytes.size());
  const auto dim = static_cast<std::size_t>(head_dim);
  const std::size_t rows = bytes.size() / row_bytes;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t head = row / dim * dim;
    const std::size_t in_head = row % dim;
    const std::size_t to = head + in_head % 2 * (dim / 2) + in_head / 2;
    std::memcpy(out.data() + to * row_bytes, bytes.data() + row * row_bytes, row_bytes);
  }
  return out;
}

}  // namespace phasegate::models
