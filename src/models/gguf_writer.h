// Writes GGUF version 3 as a stream: keys and tensor infos first, then the data tensor by tensor, so that no model has
// to fit into memory. The same calls give the same bytes.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/gguf_header.h"
#include "models/output_file.h"

namespace phasegate::models {

// The key-value part under construction. A value.
class GgufKeys {
 public:
  void text(std::string_view key, std::string_view value);
  void u32(std::string_view key, std::uint32_t value);
  void f32(std::string_view key, float value);
  void copy(const GgufEntry& entry);  // byte for byte

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  void start(std::string_view key, GgufType type);

  std::string bytes_;
  std::uint64_t count_ = 0;
};

struct GgufTensorPlan {
  std::string name;
  std::vector<std::int64_t> ne;  // ne[0] is the row's length, as in GGUF
  ggml_type type = GGML_TYPE_F32;

  [[nodiscard]] std::uint64_t bytes() const;
};

class GgufWriter {
 public:
  [[nodiscard]] static core::Result<GgufWriter> create(const std::filesystem::path& path, const GgufKeys& keys,
                                                       const std::vector<GgufTensorPlan>& tensors);
  // The data of the next tensor of the plan, exactly its size.
  [[nodiscard]] core::Status tensor(std::span<const std::byte> data);
  [[nodiscard]] core::Result<FileDigest> finish();

 private:
  explicit GgufWriter(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}

  std::unique_ptr<OutputFile> file_;
};

}  // namespace phasegate::models
