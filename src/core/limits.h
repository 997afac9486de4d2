// Bounds on what is accepted from outside. A limit that is met gives an error that names it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace phasegate::core {

inline constexpr std::uint64_t kMaxMatrixBytes = 1 << 20;
inline constexpr std::uint64_t kMaxPolicyBytes = 64ULL << 20;
inline constexpr std::uint64_t kMaxManifestBytes = 16ULL << 20;
inline constexpr std::size_t kMaxRecordLineBytes = 4 << 20;         // one line of records.jsonl
inline constexpr std::size_t kMaxObservationLineBytes = 64 << 20;   // of observations.jsonl: holds a row of the source
inline constexpr std::uint64_t kMaxSourceJsonBytes = 256ULL << 20;  // source.json: the documents beside the rows
inline constexpr std::size_t kMaxPlanCells = 20'000;                // cells of one plan
inline constexpr std::int64_t kMaxPromptTokens = 1 << 20;
inline constexpr std::int64_t kMaxGenTokens = 1 << 17;
inline constexpr std::int64_t kMaxBatch = 1024;
inline constexpr std::size_t kMaxFrameBytes = 64ULL << 20;  // one message between parent and session process

// Files of other tools (readers).
inline constexpr std::size_t kMaxSourceLineBytes = 16 << 20;            // a longer row is a bad row
inline constexpr std::uint64_t kMaxSourceDocumentBytes = 256ULL << 20;  // one JSON document
inline constexpr std::uint64_t kMaxSourceDocumentMemory = 1ULL << 30;   // of its values, estimated while parsing
inline constexpr std::uint64_t kMaxSourceYamlBytes = 1 << 20;
inline constexpr std::size_t kMaxSourceYamlNodes = 100'000;
inline constexpr std::uint64_t kMaxSourceTableBytes = 64ULL << 20;  // a CSV that is kept whole
inline constexpr std::size_t kMaxSourceTableCells = 4'000'000;
inline constexpr std::size_t kMaxSourceColumns = 4096;
inline constexpr std::size_t kMaxSourceFiles = 50'000;              // under one folder
inline constexpr int kMaxSourceDepth = 32;                          // folders below it
inline constexpr std::uint64_t kMaxSourceHeadBytes = 256ULL << 20;  // of all heads that discover holds at once

}  // namespace phasegate::core
