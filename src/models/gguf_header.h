// A bounded reader of GGUF's header (magic, counts, keys, tensor infos) over bytes in memory. It exists because ggml's
// own reader may abort on a hostile file: whatever passes here has counts, types, sizes and offsets that lie inside
// the file and agree with each other, laid out as ggml demands. Pure: no file, no allocation beyond what the bytes pay
// for.
//
// Grammar (versions 2 and 3, little-endian): "GGUF" u32 version, u64 tensors, u64 keys, then per key
//   string key, u32 type, value (an array: u32 element type, u64 count, elements; a string: u64 length, bytes),
// then per tensor string name, u32 dims, u64 size of each dim, u32 ggml type, u64 offset, then aligned tensor data.
#pragma once

#include <ggml.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"

namespace phasegate::models {

inline constexpr std::uint64_t kMaxGgufKeys = 1 << 16;
inline constexpr std::uint64_t kMaxGgufTensors = 1 << 20;
inline constexpr std::uint64_t kMaxGgufKeyBytes = (1 << 16) - 1;
inline constexpr std::uint64_t kMaxGgufAlignment = 1 << 20;

// The numbers are the format's own.
enum class GgufType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

// Views into the bytes that were parsed: they must outlive it.
struct GgufEntry {
  std::string_view key;
  GgufType type = GgufType::u8;
  GgufType element = GgufType::u8;     // of an array
  std::uint64_t count = 1;             // elements of an array
  std::span<const std::byte> payload;  // the value alone; of a string the characters; of an array its elements
  std::span<const std::byte> raw;      // key, type and value as they are in the file
};

struct GgufTensor {
  std::string_view name;
  int n_dims = 0;
  std::array<std::int64_t, GGML_MAX_DIMS> ne{1, 1, 1, 1};  // ne[0] is the row's length
  ggml_type type = GGML_TYPE_F32;
  std::span<const std::byte> data;

  [[nodiscard]] std::int64_t elements() const { return ne[0] * rows(); }
  [[nodiscard]] std::int64_t rows() const { return ne[1] * ne[2] * ne[3]; }
};

struct GgufHeader {
  std::uint32_t version = 0;
  std::uint64_t alignment = 0;
  std::uint64_t data_offset = 0;
  std::vector<GgufEntry> entries;
  std::vector<GgufTensor> tensors;
  std::unordered_map<std::string_view, std::size_t> entry_index;
  std::unordered_map<std::string_view, std::size_t> tensor_index;

  [[nodiscard]] const GgufEntry* find(std::string_view key) const;           // null when absent
  [[nodiscard]] const GgufTensor* find_tensor(std::string_view name) const;  // null when absent

  // nullopt when the key is absent; invalid_input when it has another type. Integers of any width are accepted where
  // they are not negative.
  [[nodiscard]] core::Result<std::optional<std::uint64_t>> integer(std::string_view key) const;
  [[nodiscard]] core::Result<std::optional<float>> real(std::string_view key) const;
  [[nodiscard]] core::Result<std::optional<bool>> boolean(std::string_view key) const;
  [[nodiscard]] core::Result<std::optional<std::string_view>> text(std::string_view key) const;
  // Empty when the key is absent.
  [[nodiscard]] core::Result<std::vector<std::string_view>> texts(std::string_view key) const;
  [[nodiscard]] core::Result<std::vector<std::int32_t>> integers(std::string_view key) const;
};

// Errors (invalid_input; unsupported for a version or tensor type that is not known) name the key, the tensor or the
// byte at which reading stopped. `where` is left to the caller, who knows the path.
[[nodiscard]] core::Result<GgufHeader> parse_gguf_header(std::span<const std::byte> file);

}  // namespace phasegate::models
