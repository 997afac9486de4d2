// llama.cpp as a PhaseEngine (README.md has the settings). ModelRef::path is a GGUF file; ModelRef::sha256 is of it.
#pragma once

#include "engines/engine.h"

namespace phasegate::engines::llamacpp {

// Named "llamacpp". Absent when no CPU plug-in of ggml can be loaded.
[[nodiscard]] EngineFactory factory();

}  // namespace phasegate::engines::llamacpp
