// The PhaseEngine of ONNX Runtime: a decoder folder that forge wrote (model.onnx, its data file, genai_config.json),
// float32 KV cache, greedy choice on the host.
//
// Settings: intra-op threads = Placement.threads, inter-op 1, all graph optimizations, memory arena as ONNX Runtime's
// default. Workers may spin inside a step and stop spinning when it ends (session.force_spinning_stop), so that an idle
// session leaves the cores to the one that is measured. Rows of different length are padded on the right
// (compute_tokens says so). A stop token ends a running pass between two graph nodes (watchdog.h).
//
// ONNX Runtime has no compile mode: a placement that asks for one runs all the same, and attribution says `refuted`.
// Threads: as PhaseEngine; the watchdog's thread is inside.
#pragma once

#include <memory>

#include "engines/engine.h"

namespace phasegate::engines::onnx {

[[nodiscard]] EngineFactory factory();

}  // namespace phasegate::engines::onnx
