// ggml's Q4_0 and Q8_0 blocks in the layout of ONNX Runtime's MatMulNBits (com.microsoft, block 32): the same integers
// and the same scales, so that both engines multiply the same weights.
//   Q4_0: f16 scale d, 16 bytes, byte j = value j | value j+16 << 4;     value = (q - 8) d
//   Q8_0: f16 scale d, 32 signed bytes;                                  value = q d
//   MatMulNBits, 4 bits: byte j = value 2j | value 2j+1 << 4, zero point 8;   8 bits: unsigned, zero point 128.
#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phasegate::models {

inline constexpr std::int64_t kBlock = 32;

struct NBits {
  std::vector<std::byte> quants;  // 16 or 32 bytes a block
  std::vector<float> scales;      // one a block
};

[[nodiscard]] bool has_nbits_form(ggml_type type);             // Q4_0 and Q8_0
[[nodiscard]] std::int64_t nbits_of(ggml_type type);           // 4 or 8
[[nodiscard]] std::int64_t nbits_block_bytes(ggml_type type);  // 16 or 32

// Precondition: has_nbits_form(type), whole blocks. Appends to `out`.
void append_nbits(ggml_type type, std::span<const std::byte> blocks, NBits& out);

}  // namespace phasegate::models
