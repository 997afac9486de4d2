// What really ran: one prefill and one decode step in a context of their own, under ggml's evaluation callback.
// Untimed; the callback lets whole splits run, so that the graph is the one that is measured.
#pragma once

#include "engines/engine.h"
#include "engines/llamacpp/backend.h"
#include "engines/llamacpp/runtime.h"

namespace phasegate::engines::llamacpp {

[[nodiscard]] core::Result<Attribution> attribute(llama_model& model, const Placement& placement,
                                                  const Backend& backend, const core::StopToken& stop);

}  // namespace phasegate::engines::llamacpp
