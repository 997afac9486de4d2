// What a run's records.jsonl holds after a crash. Internal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/result.h"
#include "evidence/record.h"

namespace phasegate::evidence {

struct Recovered {
  std::vector<Record> records;
  std::uint64_t whole_bytes = 0;  // where the last whole line ends
  bool torn = false;              // something stood behind it
};

// Error kind evidence when a whole line is not a record, or not the next one: then the file was changed, not cut.
[[nodiscard]] core::Result<Recovered> recover_records(const std::filesystem::path& run);

}  // namespace phasegate::evidence
