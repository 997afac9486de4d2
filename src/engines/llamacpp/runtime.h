// Owners of llama.cpp's objects, and how a context is made: in one place, so that the timed context and the one of
// attribution differ in the evaluation callback alone.
#pragma once

#include <ggml-cpu.h>
#include <llama.h>

#include <cstdint>
#include <memory>

#include "core/result.h"
#include "core/stop.h"
#include "engines/engine.h"

namespace phasegate::engines::llamacpp {

struct FreeModel {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct FreeContext {
  void operator()(llama_context* context) const { llama_free(context); }
};
struct FreeThreadpool {
  void operator()(ggml_threadpool* pool) const;
};
using ModelPtr = std::unique_ptr<llama_model, FreeModel>;
using ContextPtr = std::unique_ptr<llama_context, FreeContext>;
using ThreadpoolPtr = std::unique_ptr<ggml_threadpool, FreeThreadpool>;

// What llama-bench uses by default, so that the two can be compared.
inline constexpr std::uint32_t kBatchTokens = 2048;
inline constexpr std::uint32_t kMicroBatchTokens = 512;

// Borrowed by llama.cpp's abort callback, which asks before every node of the graph. It looks at the flag each time and
// at the clock every 16th time: about 2 us in a decode step of a small model.
struct StopWatch {
  const core::StopToken* stop = nullptr;  // null: nothing to obey
  std::uint32_t asked = 0;

  [[nodiscard]] static bool should_abort(void* watch);
};

// Context parameters for a placement. `watch` outlives the context.
[[nodiscard]] llama_context_params context_params(const Placement& placement, StopWatch& watch);

// Threads that poll as llama-bench's do. Null when the plug-in offers none: ggml then makes threads for each graph.
[[nodiscard]] ThreadpoolPtr make_threadpool(int threads);

// Loads the model into memory; errors have llama.cpp's own words.
[[nodiscard]] core::Result<ModelPtr> load_model(const std::string& path, bool vocab_only, const core::StopToken* stop);
[[nodiscard]] core::Result<ContextPtr> make_context(llama_model& model, const llama_context_params& params);

// What llama_decode's return code means; `call` is "prefill" or "decode". Nothing for 0.
[[nodiscard]] core::Status check_decode(int code, const core::StopToken& stop, const char* call);

}  // namespace phasegate::engines::llamacpp
