#include "models/gguf_writer.h"

namespace phasegate::models {
namespace {

constexpr std::uint64_t kAlignment = 32;  // the format's default; the key general.alignment is not written

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out.append(text);
}

std::uint64_t padded(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

void GgufKeys::start(std::string_view key, GgufType type) {
  put_text(bytes_, key);
  put(bytes_, static_cast<std::uint32_t>(type));
  ++count_;
}

void GgufKeys::text(std::string_view key, std::string_view value) {
  start(key, GgufType::string);
  put_text(bytes_, value);
}

void GgufKeys::u32(std::string_view key, std::uint32_t value) {
  start(key, GgufType::u32);
  put(bytes_, value);
}

void GgufKeys::f32(std::string_view key, float value) {
  start(key, GgufType::f32);
  put(bytes_, value);
}

void GgufKeys::copy(const GgufEntry& entry) {
  bytes_.append(reinterpret_cast<const char*>(entry.raw.data()), entry.raw.size());
  ++count_;
}

std::uint64_t GgufTensorPlan::bytes() const {
  std::uint64_t rows = 1;
  for (std::size_t d = 1; d < ne.size(); ++d) rows *= static_cast<std::uint64_t>(ne[d]);
  return rows * ggml_row_size(type, ne[0]);
}

core::Result<GgufWriter> GgufWriter::create(const std::filesystem::path& path, const GgufKeys& keys,
                                            const std::vector<GgufTensorPlan>& tensors) {
  std::string head = "GGUF";
  put(head, std::uint32_t{3});
  put(head, static_cast<std::uint64_t>(tensors.size()));
  put(head, keys.count());
  head += keys.bytes();
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors) {
    put_text(head, tensor.name);
    put(head, static_cast<std::uint32_t>(tensor.ne.size()));
    for (const std::int64_t size : tensor.ne) put(head, size);
    put(head, static_cast<std::uint32_t>(tensor.type));
    put(head, offset);
    offset += padded(tensor.bytes());
  }
  PHASEGATE_TRY(file, OutputFile::create(path));
  GgufWriter writer(std::move(file));
  PHASEGATE_CHECK_OK(writer.file_->write(head));
  PHASEGATE_CHECK_OK(writer.file_->pad_to(kAlignment));
  return writer;
}

core::Status GgufWriter::tensor(std::span<const std::byte> data) {
  PHASEGATE_CHECK_OK(file_->write(data));
  return file_->pad_to(kAlignment);
}

core::Result<FileDigest> GgufWriter::finish() { return file_->finish(); }

}  // namespace phasegate::models
