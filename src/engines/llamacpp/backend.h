// The llama.cpp runtime of this process: its back ends, which CPU variant was really loaded, and its log.
// ggml keeps both as process-wide state, so they are set up once, at the first call, and never torn down.
#pragma once

#include <ggml-cpu.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace phasegate::engines::llamacpp {

struct Backend {
  std::string folder;       // where the plug-ins were looked for
  std::string cpu_library;  // path of the CPU plug-in that is mapped into this process
  std::string cpu_variant;  // "ggml-cpu-haswell"
  std::string version;      // "llama.cpp 0.5.0, ggml 0.25.3"
  std::string build;        // commit, and sha256 of the CPU plug-in
  // Functions of the plug-in that ggml's registry does not hand out.
  decltype(&ggml_get_type_traits_cpu) type_traits = nullptr;  // for the activation types
  decltype(&ggml_threadpool_pause) pause_threads = nullptr;
  decltype(&ggml_threadpool_resume) resume_threads = nullptr;
};

// Thread-safe. Loads the back ends at the first call. Errors: toolchain_missing when no CPU plug-in can be loaded.
[[nodiscard]] core::Result<const Backend*> backend();

// The lines that llama.cpp logged as errors (warnings where there was no error) since the last call, joined by "; ".
// Nothing of llama.cpp's log reaches stderr. Thread-safe.
[[nodiscard]] std::string take_log_errors();

// Paths of libggml-cpu*.so in the text of /proc/self/maps, each once. Pure.
[[nodiscard]] std::vector<std::string> cpu_libraries_in_maps(std::string_view maps);

}  // namespace phasegate::engines::llamacpp
