// Bounds on what is accepted from outside. A limit that is met gives an error that names it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace phasegate::core {

inline constexpr std::uint64_t kMaxMatrixBytes = 1 << 20;
inline constexpr std::uint64_t kMaxPolicyBytes = 64ULL << 20;
inline constexpr std::uint64_t kMaxManifestBytes = 16ULL << 20;
inline constexpr std::size_t kMaxRecordLineBytes = 4 << 20;  // one line of records.jsonl
inline constexpr std::size_t kMaxPlanCells = 20'000;         // cells of one plan
inline constexpr std::int64_t kMaxPromptTokens = 1 << 20;
inline constexpr std::int64_t kMaxGenTokens = 1 << 17;
inline constexpr std::int64_t kMaxBatch = 1024;
inline constexpr std::size_t kMaxFrameBytes = 64ULL << 20;  // one message between parent and session process

}  // namespace phasegate::core
