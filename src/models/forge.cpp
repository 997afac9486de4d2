#include "models/forge.h"

#include <algorithm>

#include "core/files.h"
#include "core/json.h"
#include "models/hf_files.h"
#include "models/onnx_decoder.h"
#include "models/safetensors.h"
#include "models/tokenizer_files.h"
#include "models/version.h"

namespace phasegate::models {
namespace {

using core::ErrorKind;
using core::Json;
namespace fs = std::filesystem;

constexpr std::string_view kSchema = "phasegate.forge/1";

core::Status check_options(const ForgeOptions& options) {
  if (options.from.has_value() == options.seed.has_value()) {
    return core::fail(
        {ErrorKind::invalid_input, "needs either a GGUF file or a seed", "forge", "pass --from or --seed"});
  }
  if (options.formats.empty()) {
    return core::fail({ErrorKind::invalid_input, "has no format to write", "forge", "pass --to gguf,onnx,safetensors"});
  }
  if (options.out.empty()) return core::fail({ErrorKind::invalid_input, "has no output folder", "forge", "pass --out"});
  return {};
}

// The run of one forge: what it has opened and what it reports.
class Forge {
 public:
  Forge(const ForgeOptions& options, WeightSource source) : options_(options), source_(std::move(source)) {}
  ~Forge() {
    std::error_code ignored;
    if (!wants(Format::gguf) && !weights_path_.empty()) fs::remove(weights_path_, ignored);
  }
  Forge(const Forge&) = delete;
  Forge& operator=(const Forge&) = delete;

  core::Result<ForgeReport> run() {
    PHASEGATE_CHECK_OK(prepare());
    PHASEGATE_CHECK_OK(write_weights());
    PHASEGATE_TRY(weights, open_gguf(weights_path_));
    PHASEGATE_TRY(tokens, read_special_tokens(weights.header));
    PHASEGATE_CHECK_OK(read_tokenizer(weights));
    if (wants(Format::onnx)) PHASEGATE_CHECK_OK(write_onnx_folder(weights, tokens));
    if (wants(Format::safetensors)) PHASEGATE_CHECK_OK(write_safetensors_folder(weights, tokens));
    PHASEGATE_CHECK_OK(write_report());
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool wants(Format format) const {
    return std::find(options_.formats.begin(), options_.formats.end(), format) != options_.formats.end();
  }

  core::Status prepare();
  core::Status write_weights();
  core::Status write_onnx_folder(const GgufFile& weights, const SpecialTokens& tokens);
  core::Status write_safetensors_folder(const GgufFile& weights, const SpecialTokens& tokens);
  core::Status read_tokenizer(const GgufFile& weights);
  core::Status write_tokenizer(const std::string& folder);
  core::Status write_text(const std::string& name, std::string_view text);
  core::Status write_report();

  const ForgeOptions& options_;
  WeightSource source_;
  ForgeReport report_;
  fs::path weights_path_;
  std::optional<TokenizerFiles> tokenizer_;
  std::optional<SafetensorsFile> safetensors_;
};

core::Status Forge::prepare() {
  report_.folder = options_.out;
  report_.shape = source_.shape();
  for (const auto& tensor : llama_tensors(report_.shape)) {
    report_.parameters += static_cast<std::uint64_t>(tensor.elements());
  }
  if (wants(Format::onnx)) {
    const auto type = [this](const LlamaTensor& t) { return target_type(t, source_.type(t), options_.quant); };
    if (auto status = check_onnx_types(report_.shape, type); !status) {
      return core::at(options_.from ? options_.from->string() : "seeded model", std::move(status).error());
    }
  }
  if (options_.from) {
    PHASEGATE_TRY(digest, core::sha256_file(*options_.from));
    report_.source_sha256 = digest;
  }
  for (const Format format : options_.formats)
    PHASEGATE_CHECK_OK(core::make_directories(options_.out / to_string(format)));
  std::error_code ignored;  // nothing to remove is fine; what cannot be removed fails when it is written
  fs::remove(options_.out / "forge.json", ignored);
  return {};
}

// Without the GGUF format the file is written too, for the others are made from it, and removed with this object.
core::Status Forge::write_weights() {
  weights_path_ = wants(Format::gguf) ? options_.out / "gguf" / "model.gguf" : options_.out / "weights.gguf.tmp";
  PHASEGATE_TRY(written, write_weight_set(source_, options_.quant, weights_path_, options_.progress));
  report_.weight_set = written.weight_set;
  written.file.name = "gguf/model.gguf";
  if (wants(Format::gguf)) report_.files.push_back(written.file);
  return {};
}

core::Status Forge::write_text(const std::string& name, std::string_view text) {
  PHASEGATE_CHECK_OK(core::write_file_atomic(options_.out / name, text));
  report_.files.push_back({name, text.size(), core::sha256_hex(text)});
  return {};
}

core::Status Forge::write_onnx_folder(const GgufFile& weights, const SpecialTokens& tokens) {
  PHASEGATE_TRY(files, write_onnx(weights, report_.shape, options_.out / "onnx", options_.progress));
  report_.files.push_back(files.model);
  report_.files.push_back(files.data);
  PHASEGATE_CHECK_OK(write_text("onnx/genai_config.json", genai_config(report_.shape, tokens)));
  return write_tokenizer("onnx/");
}

core::Status Forge::write_safetensors_folder(const GgufFile& weights, const SpecialTokens& tokens) {
  const fs::path path = options_.out / "safetensors" / "model.safetensors";
  PHASEGATE_TRY(written, write_safetensors(weights, report_.shape, path, options_.progress));
  written.file.name = "safetensors/model.safetensors";
  report_.files.push_back(written.file);
  if (written.rounded > 0) {
    report_.notes.push_back(fmt::format("safetensors: {} of {} values were rounded to f16; forge f32 for exact ones",
                                        written.rounded, written.values));
  }
  safetensors_ = std::move(written);
  const auto dtype = safetensors_->type == GGML_TYPE_F32 ? "float32" : "float16";
  PHASEGATE_CHECK_OK(write_text("safetensors/config.json", hf_config(report_.shape, tokens, dtype)));
  PHASEGATE_CHECK_OK(write_text("safetensors/generation_config.json", hf_generation_config(tokens)));
  return write_tokenizer("safetensors/");
}

core::Status Forge::read_tokenizer(const GgufFile& weights) {
  auto made = make_tokenizer_files(weights.header, report_.shape);
  if (!made) return core::at(options_.from ? options_.from->string() : "seeded model", std::move(made).error());
  if (auto* none = std::get_if<NoTokenizer>(&*made)) {
    report_.notes.push_back("tokenizer: " + none->reason);
  } else {
    tokenizer_ = std::get<TokenizerFiles>(std::move(*made));
  }
  return {};
}

core::Status Forge::write_tokenizer(const std::string& folder) {
  if (!tokenizer_) return {};
  PHASEGATE_CHECK_OK(write_text(folder + "tokenizer.json", tokenizer_->tokenizer_json));
  return write_text(folder + "tokenizer_config.json", tokenizer_->tokenizer_config_json);
}

core::Status Forge::write_report() {
  Json files = Json::array();
  for (const auto& file : report_.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  Json source = options_.from ? Json{{"gguf_sha256", *report_.source_sha256}} : Json{{"seed", *options_.seed}};
  Json safetensors = nullptr;
  if (safetensors_) {
    safetensors = {{"dtype", ggml_type_name(safetensors_->type)},
                   {"values", safetensors_->values},
                   {"rounded_values", safetensors_->rounded}};
  }
  const Json report = {{"schema", kSchema},
                       {"forge_version", kForgeVersion},
                       {"source", std::move(source)},
                       {"quant", options_.quant ? Json(to_string(*options_.quant)) : Json(nullptr)},
                       {"weight_set", report_.weight_set},
                       {"parameters", report_.parameters},
                       {"tokenizer", tokenizer_.has_value()},
                       {"safetensors", std::move(safetensors)},
                       {"files", std::move(files)},
                       {"notes", report_.notes}};
  PHASEGATE_TRY(text, core::canonical_json(report));
  return core::write_file_atomic(options_.out / "forge.json", text + "\n");
}

}  // namespace

const char* to_string(Format format) {
  switch (format) {
    case Format::gguf: return "gguf";
    case Format::onnx: return "onnx";
    case Format::safetensors: return "safetensors";
  }
  return "unknown";
}

core::Result<Format> parse_format(std::string_view text) {
  for (const Format format : {Format::gguf, Format::onnx, Format::safetensors}) {
    if (text == to_string(format)) return format;
  }
  return core::fail(ErrorKind::invalid_input, "'{}' is not a format; gguf, onnx and safetensors are", text);
}

core::Result<ForgeReport> forge(const ForgeOptions& options) {
  PHASEGATE_CHECK_OK(check_options(options));
  PHASEGATE_TRY(source, options.from ? WeightSource::from_gguf(*options.from)
                                     : WeightSource::from_seed(*options.seed, options.spec));
  return Forge(options, std::move(source)).run();
}

}  // namespace phasegate::models
