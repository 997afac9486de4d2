#include "models/inspect.h"

#include "core/sha256.h"
#include "models/gguf_file.h"

namespace phasegate::models {
namespace {

core::Result<std::string> text_or_empty(const GgufHeader& header, std::string_view key) {
  PHASEGATE_TRY(text, header.text(key));
  return std::string(text.value_or(""));
}

core::Result<ModelInfo> describe(const GgufHeader& header) {
  ModelInfo info;
  PHASEGATE_TRY(shape, read_llama_shape(header));
  PHASEGATE_TRY(architecture, text_or_empty(header, "general.architecture"));
  PHASEGATE_TRY(name, text_or_empty(header, "general.name"));
  PHASEGATE_TRY(tokenizer, text_or_empty(header, "tokenizer.ggml.model"));
  PHASEGATE_TRY(pre, text_or_empty(header, "tokenizer.ggml.pre"));
  info.shape = shape;
  info.architecture = architecture;
  info.name = name;
  info.tokenizer_model = tokenizer;
  info.tokenizer_pre = pre;
  for (const auto& tensor : header.tensors) {
    info.parameters += static_cast<std::uint64_t>(tensor.elements());
    ++info.tensor_types[ggml_type_name(tensor.type)];
  }
  return info;
}

}  // namespace

core::Result<ModelInfo> inspect(const std::filesystem::path& path) {
  PHASEGATE_TRY(file, open_gguf(path));
  auto info = describe(file.header);
  if (!info) return core::at(path.string(), std::move(info).error());
  PHASEGATE_TRY(digest, core::sha256_file(path));
  info->sha256 = digest;
  info->bytes = file.map.bytes().size();
  return info;
}

}  // namespace phasegate::models
