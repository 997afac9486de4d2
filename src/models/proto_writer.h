// The protobuf wire format, as much of it as an ONNX file needs: varints, 32 bit floats, length-delimited fields.
// Fields are written in the order of the calls and only when called: the same calls give the same bytes. A value.
// https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace phasegate::models {

class ProtoWriter {
 public:
  void integer(std::uint32_t field, std::int64_t value);
  void real(std::uint32_t field, float value);
  void text(std::uint32_t field, std::string_view value);
  void message(std::uint32_t field, const ProtoWriter& value) { text(field, value.bytes_); }
  void packed(std::uint32_t field, std::span<const std::int64_t> values);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value);
  void tag(std::uint32_t field, std::uint32_t wire_type) { varint((std::uint64_t{field} << 3) | wire_type); }

  std::string bytes_;
};

}  // namespace phasegate::models
