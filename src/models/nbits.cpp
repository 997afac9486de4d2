#include "models/nbits.h"

#include <cstring>

namespace phasegate::models {
namespace {

constexpr std::size_t kScaleBytes = 2;
constexpr std::size_t kHalf = kBlock / 2;

void append_q4_0(std::span<const std::byte> quants, std::vector<std::byte>& out) {
  const auto value = [quants](std::size_t i) {
    return i < kHalf ? quants[i] & std::byte{0x0F} : quants[i - kHalf] >> 4;
  };
  for (std::size_t i = 0; i < static_cast<std::size_t>(kBlock); i += 2) out.push_back(value(i) | value(i + 1) << 4);
}

void append_q8_0(std::span<const std::byte> quants, std::vector<std::byte>& out) {
  for (const std::byte q : quants) out.push_back(q ^ std::byte{0x80});  // signed + 128, modulo 256
}

}  // namespace

bool has_nbits_form(ggml_type type) { return type == GGML_TYPE_Q4_0 || type == GGML_TYPE_Q8_0; }

std::int64_t nbits_of(ggml_type type) { return type == GGML_TYPE_Q4_0 ? 4 : 8; }

std::int64_t nbits_block_bytes(ggml_type type) { return kBlock * nbits_of(type) / 8; }

void append_nbits(ggml_type type, std::span<const std::byte> blocks, NBits& out) {
  const std::size_t block_bytes = ggml_type_size(type);
  const std::size_t count = blocks.size() / block_bytes;
  out.quants.reserve(out.quants.size() + count * static_cast<std::size_t>(nbits_block_bytes(type)));
  out.scales.reserve(out.scales.size() + count);
  for (std::size_t b = 0; b < count; ++b) {
    const auto block = blocks.subspan(b * block_bytes, block_bytes);
    ggml_fp16_t scale;
    std::memcpy(&scale, block.data(), sizeof scale);
    out.scales.push_back(ggml_fp16_to_fp32(scale));
    const auto quants = block.subspan(kScaleBytes);
    type == GGML_TYPE_Q4_0 ? append_q4_0(quants, out.quants) : append_q8_0(quants, out.quants);
  }
}

}  // namespace phasegate::models
