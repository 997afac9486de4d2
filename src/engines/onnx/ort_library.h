// The ONNX Runtime library of this process: found and opened at run time, never linked, so that one binary runs with
// any version from 1.21 on and without one at all.
//
// Opened once for each process and never closed: Ort's C++ API keeps its function table in a global, and the library
// keeps threads and static state of its own. The environment (Ort::Env) is the process's one as well; ONNX Runtime
// itself would hand out the same one again.
// Thread-safe. Exceptions of Ort's C++ API end in guarded() (guarded.h), never above this folder.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "engines/onnx/ort_api.h"

namespace phasegate::engines::onnx {

class OrtLibrary {
 public:
  // The same object for every call once it was found; a failure is not remembered, so that a later call looks again.
  // Looks at $PHASEGATE_ORT_LIBRARY (then nowhere else), beside the binary ($ORIGIN, $ORIGIN/../lib), and asks the
  // loader. Errors: toolchain_missing with everything that was tried.
  [[nodiscard]] static core::Result<const OrtLibrary*> open();

  OrtLibrary(const OrtLibrary&) = delete;
  OrtLibrary& operator=(const OrtLibrary&) = delete;

  [[nodiscard]] const std::string& version() const { return version_; }  // "1.31.1", as the library itself says
  [[nodiscard]] const std::string& path() const { return path_; }        // of the mapped file, symlinks resolved
  [[nodiscard]] bool has_api(unsigned version) const { return minor_ >= version; }
  // Function table of a newer API than the headers in the tree; null when the library lacks it.
  [[nodiscard]] const void* const* api_table(unsigned version) const;
  [[nodiscard]] const std::vector<std::string>& providers() const { return providers_; }  // "CPUExecutionProvider", ...
  [[nodiscard]] core::Result<std::string> sha256() const;  // of the mapped file; reads it
  [[nodiscard]] const Ort::Env& env() const { return env_; }

 private:
  OrtLibrary() = default;
  [[nodiscard]] static core::Result<const OrtLibrary*> adopt(void* handle, const std::string& asked);

  const OrtApiBase* base_ = nullptr;
  std::string version_;
  std::string path_;
  unsigned minor_ = 0;
  std::vector<std::string> providers_;
  Ort::Env env_{nullptr};
};

// How a user gets the library: shown by doctor and by the error above.
inline constexpr const char* kHowToGetOrt =
    "run deps/onnxruntime.sh, or `pip install onnxruntime==1.31.1`, and set PHASEGATE_ORT_LIBRARY to its "
    "libonnxruntime.so";

}  // namespace phasegate::engines::onnx
