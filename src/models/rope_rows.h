// llama.cpp rotates neighbouring values of a head (2i, 2i+1), Hugging Face and ONNX's rotary_interleaved=0 rotate
// halves (i, i + head_dim/2). GGUF therefore stores the rows of attn_q and attn_k of a llama model shuffled within each
// head. This puts them back. Whole rows move, so it is exact for block-quantised weights too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace phasegate::models {

// Whether GGUF stores the rows of this tensor shuffled.
[[nodiscard]] bool is_rotated(std::string_view gguf_name);

// Row `head * head_dim + 2 i + half` becomes row `head * head_dim + half * head_dim/2 + i`.
// Preconditions: head_dim is even, `bytes` is a whole number of heads.
[[nodiscard]] std::vector<std::byte> rope_rows_to_halves(std::span<const std::byte> bytes, std::size_t row_bytes,
                                                         std::int64_t head_dim);

}  // namespace phasegate::models
