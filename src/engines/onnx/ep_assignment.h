// The plan of ONNX Runtime: which execution provider each node of the graph was given to, before later fusions.
// API 24; the headers in the tree are older, so its functions are reached by their place in the table, which is
// append-only and part of the ABI.
#pragma once

#include <map>
#include <string>

#include "core/result.h"
#include "engines/onnx/ort_library.h"

namespace phasegate::engines::onnx {

// Nodes by provider ("CPUExecutionProvider"). Empty when the library has no such API. The session must have been made
// with session.record_ep_graph_assignment_info = 1.
[[nodiscard]] core::Result<std::map<std::string, int>> ep_assignment(const OrtLibrary& library, Ort::Session& session);

}  // namespace phasegate::engines::onnx
