// What this binary was built from; written at build time.
#pragma once

#include <optional>
#include <string>

namespace phasegate::evidence {

struct BuildInfo {
  std::string version;                    // of phasegate
  std::optional<std::string> git_commit;  // absent when built outside a git checkout
  std::optional<bool> git_dirty;
  std::string build_type;  // CMake's: "Release", "Debug", …
  std::string compiler;    // "GNU 12.2.0"
  std::string sanitizer;   // "none", or the value of -fsanitize=
};

[[nodiscard]] const BuildInfo& build_info();

// Measurements of a debug or sanitizer build say nothing about an engine.
[[nodiscard]] bool measures_for_real(const std::string& build_type, const std::string& sanitizer);

}  // namespace phasegate::evidence
