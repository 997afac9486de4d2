// Validation: is this run canonical, and if not, which rule says so. Pure rules over a stream of records; each trips
// alone (requirement 49). Memory does not grow with the number of records beyond one small key for each cell and call.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace phasegate::evidence {

struct Issue {
  std::string rule;   // "negative_duration", "duplicate_key", "hash_mismatch", "records_missing", …
  std::string where;  // "records.jsonl:12" or "manifest.json: environment.driver"
  std::string what;
};

struct Validation {
  bool canonical = false;       // no issue: may make policy
  std::vector<Issue> issues;    // make the run non-canonical
  std::vector<Issue> warnings;  // said, but do not block
  std::int64_t records = 0;
  std::map<std::string, std::int64_t> by_status;
  std::string manifest_sha256;
};

// Reads the run's files and applies every rule. An Error only when the folder is not a run at all.
[[nodiscard]] core::Result<Validation> validate_run(const std::filesystem::path& run);

[[nodiscard]] core::Json to_json(const Validation& validation);

}  // namespace phasegate::evidence
