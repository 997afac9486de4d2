#include "engines/onnx/ort_library.h"

#include <dlfcn.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <system_error>

#include "core/log.h"
#include "core/sha256.h"
#include "engines/onnx/guarded.h"

namespace phasegate::engines::onnx {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using core::Result;

constexpr const char* kVariable = "PHASEGATE_ORT_LIBRARY";
constexpr const char* kLoaderName = "libonnxruntime.so.1";

// ONNX Runtime would write to stderr; what matters comes back as a status as well.
void ORT_API_CALL log_message(void*, OrtLoggingLevel, const char* category, const char*, const char* location,
                              const char* message) {
  core::log(core::LogLevel::debug, "onnxruntime", {{"category", category}, {"at", location}, {"text", message}});
}

// Files of `folder` that can be the library: the plain name first, then versioned names from the newest spelling down.
void add_candidates(const fs::path& folder, std::vector<std::string>& out) {
  std::error_code code;
  std::vector<std::string> versioned;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (name == "libonnxruntime.so") {
      out.push_back(entry.path().string());
    } else if (name.starts_with("libonnxruntime.so.")) {
      versioned.push_back(entry.path().string());
    }
  }
  out.insert(out.end(), versioned.begin(), versioned.end());
}

std::vector<std::string> candidates() {
  const char* named = std::getenv(kVariable);  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
  if (named != nullptr && *named != '\0') return {named};
  std::vector<std::string> out;
  std::error_code code;
  const fs::path binary = fs::read_symlink("/proc/self/exe", code);
  if (!code) {
    add_candidates(binary.parent_path(), out);
    add_candidates(binary.parent_path().parent_path() / "lib", out);
  }
  out.emplace_back("libonnxruntime.so");
  out.emplace_back(kLoaderName);
  return out;
}

// The minor version is the number of the newest API that the library has.
unsigned minor_of(const std::string& version) {
  unsigned minor = 0;
  if (const auto dot = version.find('.'); dot != std::string::npos) {
    std::from_chars(version.data() + dot + 1, version.data() + version.size(), minor);
  }
  return minor;
}

core::Error missing(const std::string& tried) {
  return {ErrorKind::toolchain_missing, "the ONNX Runtime library was not found; tried " + tried, {}, kHowToGetOrt};
}

}  // namespace

Result<const OrtLibrary*> OrtLibrary::open() {
  static std::mutex mutex;
  static const OrtLibrary* opened = nullptr;
  const std::lock_guard lock(mutex);
  if (opened != nullptr) return opened;
  std::string tried;
  for (const std::string& path : candidates()) {
    if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); handle != nullptr) {
      auto library = adopt(handle, path);
      if (library) return opened = *library;
      dlclose(handle);
      tried += (tried.empty() ? "" : "; ") + library.error().message();
    } else {
      tried +=
          (tried.empty() ? "" : "; ") + std::string(dlerror());  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    }
  }
  return core::fail(missing(tried));
}

Result<const OrtLibrary*> OrtLibrary::adopt(void* handle, const std::string& asked) {
  using GetApiBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetApiBase>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) return core::fail(ErrorKind::unsupported, "{}: not ONNX Runtime (no OrtGetApiBase)", asked);
  auto library = std::unique_ptr<OrtLibrary>(new OrtLibrary());
  library->base_ = get_base();
  library->version_ = library->base_->GetVersionString();
  library->minor_ = minor_of(library->version_);
  const OrtApi* api = library->has_api(ORT_API_VERSION) ? library->base_->GetApi(ORT_API_VERSION) : nullptr;
  if (api == nullptr) {
    return core::fail(ErrorKind::unsupported, "{}: ONNX Runtime {} is older than 1.{}", asked, library->version_,
                      ORT_API_VERSION);
  }
  Dl_info info{};
  std::error_code code;
  library->path_ = asked;
  if (dladdr(reinterpret_cast<void*>(get_base), &info) != 0 && info.dli_fname != nullptr) {
    const fs::path resolved = fs::canonical(info.dli_fname, code);
    if (!code) library->path_ = resolved.string();
  }
  return guarded(asked, [&]() -> Result<const OrtLibrary*> {
    Ort::InitApi(api);
    library->env_ = Ort::Env(ORT_LOGGING_LEVEL_ERROR, "phasegate", log_message, nullptr);
    library->env_.DisableTelemetryEvents();
    library->providers_ = Ort::GetAvailableProviders();
    return library.release();  // lives as long as the process, see the header
  });
}

const void* const* OrtLibrary::api_table(unsigned version) const {
  return has_api(version) ? reinterpret_cast<const void* const*>(base_->GetApi(version)) : nullptr;
}

Result<std::string> OrtLibrary::sha256() const { return core::sha256_file(path_); }

}  // namespace phasegate::engines::onnx
