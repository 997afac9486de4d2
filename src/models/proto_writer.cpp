#include "models/proto_writer.h"

#include <bit>

namespace phasegate::models {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kDelimited = 2;
constexpr std::uint32_t kFixed32 = 5;

}  // namespace

void ProtoWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>((value & 0x7F) | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void ProtoWriter::integer(std::uint32_t field, std::int64_t value) {
  tag(field, kVarint);
  varint(static_cast<std::uint64_t>(value));
}

void ProtoWriter::real(std::uint32_t field, float value) {
  tag(field, kFixed32);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<char>((bits >> shift) & 0xFF));
}

void ProtoWriter::text(std::uint32_t field, std::string_view value) {
  tag(field, kDelimited);
  varint(value.size());
  bytes_.append(value);
}

void ProtoWriter::packed(std::uint32_t field, std::span<const std::int64_t> values) {
  ProtoWriter inner;
  for (const std::int64_t value : values) inner.varint(static_cast<std::uint64_t>(value));
  text(field, inner.bytes_);
}

}  // namespace phasegate::models
