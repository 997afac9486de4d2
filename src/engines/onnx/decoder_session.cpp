#include "engines/onnx/decoder_session.h"

#include <algorithm>
#include <utility>

#include "engines/onnx/graph_contract.h"
#include "engines/onnx/guarded.h"

namespace phasegate::engines::onnx {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;

namespace {

// Adds the execution provider for `device` and forbids the silent fallback to the CPU.
Status add_device(const OrtLibrary& library, const std::string& device, Ort::SessionOptions& options) {
  if (device == "cpu") return {};
  if (device != "cuda") {
    return fail(Error{
        ErrorKind::invalid_input, fmt::format("the ONNX engine knows no device '{}'", device), {}, "use cpu or cuda"});
  }
  const auto& providers = library.providers();
  if (std::find(providers.begin(), providers.end(), "CUDAExecutionProvider") == providers.end()) {
    return fail(Error{ErrorKind::toolchain_missing,
                      fmt::format("ONNX Runtime {} was built without CUDA", library.version()), library.path(),
                      "`pip install onnxruntime-gpu==1.31.1` and set PHASEGATE_ORT_LIBRARY to its libonnxruntime.so"});
  }
  options.AddConfigEntry("session.disable_cpu_ep_fallback", "1");
  OrtCUDAProviderOptionsV2* cuda = nullptr;
  Ort::ThrowOnError(Ort::GetApi().CreateCUDAProviderOptions(&cuda));
  const std::unique_ptr<OrtCUDAProviderOptionsV2, void (*)(OrtCUDAProviderOptionsV2*)> owner(
      cuda, Ort::GetApi().ReleaseCUDAProviderOptions);
  options.AppendExecutionProvider_CUDA_V2(*cuda);
  return {};
}

Result<Ort::SessionOptions> session_options(const OrtLibrary& library, const DecoderOptions& options) {
  Ort::SessionOptions out;
  out.SetIntraOpNumThreads(options.threads);
  out.SetInterOpNumThreads(1);
  out.SetExecutionMode(ORT_SEQUENTIAL);
  out.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  // Workers may spin inside a run, as they do by default, but not after it: an idle session must leave the cores alone.
  out.AddConfigEntry("session.force_spinning_stop", "1");
  if (options.record_assignment && library.has_api(24)) {
    out.AddConfigEntry("session.record_ep_graph_assignment_info", "1");
  }
  if (!options.profile_prefix.empty()) out.EnableProfiling(options.profile_prefix.c_str());
  PHASEGATE_CHECK_OK(add_device(library, options.device, out));
  return out;
}

}  // namespace

Result<std::unique_ptr<DecoderSession>> DecoderSession::open(const OrtLibrary& library, const DecoderOptions& options) {
  return guarded(options.model, [&]() -> Result<std::unique_ptr<DecoderSession>> {
    PHASEGATE_TRY(settings, session_options(library, options));
    Ort::Session session(library.env(), options.model.c_str(), settings);
    auto shape = check_contract(session);
    if (!shape) return core::at(options.model, shape.error());
    if (options.device != "cpu") {
      return fail(Error{ErrorKind::unsupported, "the ONNX engine keeps its KV cache in host memory", options.model,
                        "use device cpu"});
    }
    return std::unique_ptr<DecoderSession>(new DecoderSession(options, *shape, std::move(session)));
  });
}

DecoderSession::DecoderSession(const DecoderOptions& options, DecoderShape shape, Ort::Session session)
    : options_(options),
      shape_(shape),
      session_(std::move(session)),
      memory_(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault)),
      prefill_binding_(session_),
      decode_binding_(session_) {
  const auto rows = static_cast<std::size_t>(options.max_rows);
  const auto positions = rows * static_cast<std::size_t>(options.capacity);
  for (int layer = 0; layer < shape.n_layer; ++layer) {
    for (const bool value : {false, true}) {
      past_names_.push_back(past_name(layer, value));
      present_names_.push_back(present_name(layer, value));
      kv_.emplace_back(positions * static_cast<std::size_t>(shape.n_head_kv) *
                       static_cast<std::size_t>(shape.head_size));
    }
  }
  ids_.resize(positions);
  mask_.resize(positions);
  lengths_.resize(rows);
  logits_.resize(rows * static_cast<std::size_t>(shape.n_vocab));
}

void DecoderSession::bind(Ort::IoBinding& binding, std::int64_t rows, std::int64_t length, std::int64_t total) {
  const auto tensor = [&](auto& buffer, std::initializer_list<std::int64_t> dims) {
    std::size_t count = 1;
    for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
    using Element = typename std::decay_t<decltype(buffer)>::value_type;
    return Ort::Value::CreateTensor<Element>(memory_, buffer.data(), count, dims.begin(), dims.size());
  };
  binding.ClearBoundInputs();
  binding.ClearBoundOutputs();
  binding.BindInput("input_ids", tensor(ids_, {rows, length}));
  binding.BindInput("attention_mask", tensor(mask_, {rows, total}));
  binding.BindOutput("logits", tensor(logits_, {rows, 1, shape_.n_vocab}));
  for (std::size_t i = 0; i < kv_.size(); ++i) {
    const auto cache = tensor(kv_[i], {rows, shape_.n_head_kv, options_.capacity, shape_.head_size});
    binding.BindInput(past_names_[i].c_str(), cache);
    binding.BindOutput(present_names_[i].c_str(), cache);
  }
}

std::int64_t DecoderSession::prepare_prefill(std::span<const Prompt> prompts) {
  std::size_t padded = 0;
  for (const Prompt& prompt : prompts) padded = std::max(padded, prompt.tokens.size());
  std::fill_n(ids_.begin(), prompts.size() * padded, 0);
  std::fill_n(mask_.begin(), prompts.size() * padded, 0);
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    const auto& tokens = prompts[row].tokens;
    std::copy(tokens.begin(), tokens.end(), ids_.begin() + static_cast<std::ptrdiff_t>(row * padded));
    std::fill_n(mask_.begin() + static_cast<std::ptrdiff_t>(row * padded), tokens.size(), 1);
  }
  const auto rows = static_cast<std::int64_t>(prompts.size());
  const auto length = static_cast<std::int64_t>(padded);
  if (rows != prefill_rows_ || length != prefill_length_) {
    bind(prefill_binding_, rows, length, length);
    prefill_rows_ = rows;
    prefill_length_ = length;
  }
  return length;
}

void DecoderSession::prepare_decode(std::span<const std::int64_t> lengths) {
  const auto capacity = static_cast<std::size_t>(options_.capacity);
  std::fill_n(mask_.begin(), lengths.size() * capacity, 0);
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    lengths_[row] = lengths[row];
    std::fill_n(mask_.begin() + static_cast<std::ptrdiff_t>(row * capacity), lengths[row], 1);
  }
  const auto rows = static_cast<std::int64_t>(lengths.size());
  if (rows != decode_rows_) {
    bind(decode_binding_, rows, 1, options_.capacity);
    decode_rows_ = rows;
  }
}

void DecoderSession::feed(std::size_t row, TokenId token) noexcept {
  ids_[row] = token;
  mask_[row * static_cast<std::size_t>(options_.capacity) + static_cast<std::size_t>(lengths_[row])] = 1;
  ++lengths_[row];
}

std::vector<const void*> DecoderSession::past_addresses() const {
  std::vector<const void*> out;
  for (const auto& buffer : kv_) out.push_back(buffer.data());
  return out;
}

std::vector<const void*> DecoderSession::present_addresses() {
  const auto names = decode_binding_.GetOutputNames();
  const auto values = decode_binding_.GetOutputValues();
  std::vector<const void*> out;
  for (const std::string& name : present_names_) {
    const auto found = std::find(names.begin(), names.end(), name);
    out.push_back(values[static_cast<std::size_t>(found - names.begin())].GetTensorRawData());
  }
  return out;
}

}  // namespace phasegate::engines::onnx
