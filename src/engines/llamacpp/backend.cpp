#include "engines/llamacpp/backend.h"

#include <dlfcn.h>
#include <ggml-backend.h>
#include <ggml.h>
#include <llama.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "core/sha256.h"

namespace phasegate::engines::llamacpp {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;

constexpr std::size_t kMaxLogLines = 4;

// Receives llama.cpp's log from whatever thread it comes. Lines arrive in pieces.
class LogSink {
 public:
  void write(ggml_log_level level, const char* text) {
    const std::scoped_lock lock(mutex_);
    if (level != GGML_LOG_LEVEL_CONT) level_ = level;
    if (level_ != GGML_LOG_LEVEL_ERROR && level_ != GGML_LOG_LEVEL_WARN) return;
    part_ += text;
    for (auto end = part_.find('\n'); end != std::string::npos; end = part_.find('\n')) {
      auto& lines = level_ == GGML_LOG_LEVEL_ERROR ? errors_ : warnings_;
      lines.push_back(part_.substr(0, end));
      if (lines.size() > kMaxLogLines) lines.pop_front();
      part_.erase(0, end + 1);
    }
  }
  std::string take() {
    const std::scoped_lock lock(mutex_);
    std::string out;
    for (const std::string& line : errors_.empty() ? warnings_ : errors_) out += (out.empty() ? "" : "; ") + line;
    errors_.clear();
    warnings_.clear();
    return out;
  }

 private:
  std::mutex mutex_;
  ggml_log_level level_ = GGML_LOG_LEVEL_NONE;
  std::string part_;
  std::deque<std::string> errors_;
  std::deque<std::string> warnings_;
};

// llama.cpp has one log callback for the process, so there is one sink; it is never destroyed, for threads of ggml may
// log while the process ends.
LogSink& log_sink() {
  static auto* sink = new LogSink;
  return *sink;
}

bool has_cpu_plugin(const std::filesystem::path& folder) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (entry.path().filename().string().rfind("libggml-cpu", 0) == 0) return true;
  }
  return false;
}

// The program's own folder first: an installed phasegate carries its libraries. Else libllama's.
std::filesystem::path plugin_folder() {
  std::error_code code;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", code);
  if (!code && has_cpu_plugin(program.parent_path())) return program.parent_path();
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&llama_backend_init), &info) == 0 || info.dli_fname == nullptr) return {};
  const auto library = std::filesystem::canonical(info.dli_fname, code);
  return code ? std::filesystem::path{} : library.parent_path();
}

std::string own_maps() {
  std::ifstream file("/proc/self/maps");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Error missing(std::string what, const std::string& folder) {
  return {ErrorKind::toolchain_missing, std::move(what), folder,
          "run deps/llamacpp.sh and build again, or put libggml-cpu-*.so beside the program"};
}

template <class Function>
bool find(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  return out != nullptr;
}

Result<Backend> load_backend() {
  llama_log_set([](ggml_log_level level, const char* text, void*) { log_sink().write(level, text); }, nullptr);
  Backend backend;
  backend.folder = plugin_folder().string();
  if (backend.folder.empty()) return fail(missing("the folder of libllama cannot be found", ""));
  ggml_backend_load_all_from_path(backend.folder.c_str());
  llama_backend_init();
  if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
    return fail(missing(fmt::format("ggml found no CPU back end that this machine can run. {}", take_log_errors()),
                        backend.folder));
  }
  const auto libraries = cpu_libraries_in_maps(own_maps());
  if (libraries.size() != 1) {
    return fail(missing(fmt::format("{} ggml CPU libraries are mapped, expected 1", libraries.size()), backend.folder));
  }
  backend.cpu_library = libraries.front();
  backend.cpu_variant = std::filesystem::path(backend.cpu_library).stem().string().substr(3);  // without "lib"
  PHASEGATE_TRY(sha256, core::sha256_file(backend.cpu_library));
  backend.version = fmt::format("llama.cpp {}, ggml {}", llama_version(), ggml_version());
  backend.build = fmt::format("{} {} sha256:{}", ggml_commit(),
                              std::filesystem::path(backend.cpu_library).filename().string(), sha256);
  void* handle = dlopen(backend.cpu_library.c_str(), RTLD_NOW | RTLD_NOLOAD);  // ggml holds it already
  if (handle == nullptr || !find(handle, "ggml_get_type_traits_cpu", backend.type_traits) ||
      !find(handle, "ggml_threadpool_pause", backend.pause_threads) ||
      !find(handle, "ggml_threadpool_resume", backend.resume_threads)) {
    return fail(missing("the CPU plug-in lacks functions of its header", backend.cpu_library));
  }
  return backend;
}

}  // namespace

std::vector<std::string> cpu_libraries_in_maps(std::string_view maps) {
  std::vector<std::string> out;
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(maps.size(), line.size() + 1));
    const auto slash = line.find('/');
    if (slash == std::string_view::npos) continue;
    const std::string path(line.substr(slash));
    if (std::filesystem::path(path).filename().string().rfind("libggml-cpu", 0) != 0) continue;
    if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
  }
  return out;
}

core::Result<const Backend*> backend() {
  static const Result<Backend> loaded = load_backend();
  if (!loaded) return fail(loaded.error());
  return &*loaded;
}

std::string take_log_errors() { return log_sink().take(); }

}  // namespace phasegate::engines::llamacpp
