#include "engines/onnx/ep_assignment.h"

#include "engines/onnx/guarded.h"

namespace phasegate::engines::onnx {

namespace {

static_assert(sizeof(OrtApi) / sizeof(void*) == 285, "headers of another API version: check the slots against them");

constexpr unsigned kApi = 24;
constexpr std::size_t kSessionGetAssignment = 407;  // Session_GetEpGraphAssignmentInfo
constexpr std::size_t kSubgraphGetProvider = 408;   // EpAssignedSubgraph_GetEpName
constexpr std::size_t kSubgraphGetNodes = 409;      // EpAssignedSubgraph_GetNodes

using Subgraph = const void*;
using Node = const void*;
using GetAssignment = OrtStatus*(ORT_API_CALL*)(const OrtSession*, const Subgraph**, std::size_t*);
using GetProvider = OrtStatus*(ORT_API_CALL*)(Subgraph, const char**);
using GetNodes = OrtStatus*(ORT_API_CALL*)(Subgraph, const Node**, std::size_t*);

template <class Function>
Function slot(const void* const* table, std::size_t index) {
  return reinterpret_cast<Function>(const_cast<void*>(table[index]));
}

}  // namespace

core::Result<std::map<std::string, int>> ep_assignment(const OrtLibrary& library, Ort::Session& session) {
  return guarded("graph assignment", [&]() -> core::Result<std::map<std::string, int>> {
    std::map<std::string, int> out;
    const void* const* table = library.api_table(kApi);
    if (table == nullptr) return out;
    const Subgraph* subgraphs = nullptr;
    std::size_t count = 0;
    Ort::ThrowOnError(slot<GetAssignment>(table, kSessionGetAssignment)(session, &subgraphs, &count));
    for (std::size_t i = 0; i < count; ++i) {
      const char* provider = nullptr;
      const Node* nodes = nullptr;
      std::size_t size = 0;
      Ort::ThrowOnError(slot<GetProvider>(table, kSubgraphGetProvider)(subgraphs[i], &provider));
      Ort::ThrowOnError(slot<GetNodes>(table, kSubgraphGetNodes)(subgraphs[i], &nodes, &size));
      out[provider == nullptr ? "" : provider] += static_cast<int>(size);
    }
    return out;
  });
}

}  // namespace phasegate::engines::onnx
