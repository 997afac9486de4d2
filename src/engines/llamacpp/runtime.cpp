#include "engines/llamacpp/runtime.h"

#include <ggml-backend.h>

#include <exception>

#include "engines/llamacpp/backend.h"

namespace phasegate::engines::llamacpp {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;

constexpr std::uint32_t kClockEvery = 16;

// A function of the CPU plug-in; null when it has none of that name.
template <class Function>
Function* plugin_function(const char* name) {
  ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (device == nullptr) return nullptr;
  return reinterpret_cast<Function*>(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), name));
}

Error engine_error(ErrorKind kind, const char* what, const std::string& where, const char* next) {
  const std::string log = take_log_errors();
  return {kind, log.empty() ? what : fmt::format("{}: {}", what, log), where, next};
}

}  // namespace

void FreeThreadpool::operator()(ggml_threadpool* pool) const {
  if (auto* free_pool = plugin_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free")) free_pool(pool);
}

bool StopWatch::should_abort(void* watch) {
  auto& self = *static_cast<StopWatch*>(watch);
  if (self.stop == nullptr) return false;
  if (self.stop->cancelled()) return true;
  return self.asked++ % kClockEvery == 0 && self.stop->expired();
}

llama_context_params context_params(const Placement& placement, StopWatch& watch) {
  llama_context_params params = llama_context_default_params();
  const auto rows = static_cast<std::uint32_t>(placement.max_batch);
  params.n_ctx = static_cast<std::uint32_t>(placement.max_context) * rows;
  params.n_seq_max = rows;
  params.kv_unified = false;  // rows share no prefix: each has its own stream of the cache
  params.n_batch = kBatchTokens;
  params.n_ubatch = kMicroBatchTokens;
  params.n_threads = params.n_threads_batch = placement.threads;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_AUTO;
  params.type_k = params.type_v = GGML_TYPE_F16;
  params.swa_full = false;
  params.no_perf = true;
  params.abort_callback = &StopWatch::should_abort;
  params.abort_callback_data = &watch;
  return params;
}

ThreadpoolPtr make_threadpool(int threads) {
  auto* make = plugin_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new");
  if (make == nullptr) return nullptr;
  ggml_threadpool_params params = ggml_threadpool_params_default(threads);
  return ThreadpoolPtr(make(&params));
}

Result<ModelPtr> load_model(const std::string& path, bool vocab_only, const core::StopToken* stop) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = 0;
  params.vocab_only = vocab_only;
  if (stop != nullptr) {
    params.progress_callback = [](float, void* token) { return !static_cast<const core::StopToken*>(token)->stop(); };
    params.progress_callback_user_data = const_cast<core::StopToken*>(stop);
  }
  static_cast<void>(take_log_errors());
  try {
    ModelPtr model(llama_model_load_from_file(path.c_str(), params));
    if (model) return model;
  } catch (const std::exception& error) {
    return fail(Error{ErrorKind::engine, fmt::format("llama.cpp threw while loading: {}", error.what()), path, ""});
  }
  if (stop != nullptr && stop->stop()) return fail(stopped(*stop, "load"));
  Error error = engine_error(ErrorKind::invalid_input, "llama.cpp cannot load the model", path,
                             "check the file against its source, or forge it again");
  if (error.what.find("unknown model architecture") != std::string::npos) {
    error.kind = ErrorKind::unsupported;
    error.next = "use a model of an architecture that this llama.cpp knows";
  }
  return fail(std::move(error));
}

Result<ContextPtr> make_context(llama_model& model, const llama_context_params& params) {
  static_cast<void>(take_log_errors());
  try {
    ContextPtr context(llama_init_from_model(&model, params));
    if (context) return context;
  } catch (const std::exception& error) {
    return fail(
        Error{ErrorKind::engine, fmt::format("llama.cpp threw while making a context: {}", error.what()), "", ""});
  }
  return fail(engine_error(ErrorKind::engine, "llama.cpp cannot make a context", "",
                           "ask for fewer rows or a shorter context"));
}

core::Status check_decode(int code, const core::StopToken& stop, const char* call) {
  switch (code) {
    case 0: return {};
    case 1:
      return fail(Error{ErrorKind::engine, fmt::format("{}: no room in the KV cache", call), "",
                        "load with a larger max_context"});
    case 2: return fail(stopped(stop, call));
    default:
      return fail(engine_error(ErrorKind::engine, fmt::format("{}: llama_decode gave {}", call, code).c_str(), "",
                               "reset the engine; if it comes again, report it with the model's hash"));
  }
}

}  // namespace phasegate::engines::llamacpp
