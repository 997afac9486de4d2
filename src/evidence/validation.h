// Validation: is this run canonical, and if not, which rule says so. Small rules over the manifest and over a stream of
// records, listed in order in rules.h; each trips alone (requirement 49, validation_test.cpp). One pass over
// records.jsonl hashes and checks it. An imported run (import.h) has rules of its own (rules_import.h): it is graded
// the same way, and what its source lacks is an issue. Memory does not grow with the number of records: a few words for
// each session and cell, and at most kMaxIssuesOfRule issues of a rule are kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace phasegate::evidence {

inline constexpr int kValidationVersion = 1;
inline constexpr int kMaxIssuesOfRule = 10;  // more of the same rule are counted in one last issue

struct Issue {
  std::string rule;   // "negative_duration", "duplicate_record", "hash_mismatch", "records_missing", …
  std::string where;  // "records.jsonl:12 timing.duration_ns" or "manifest.json environment.driver"
  std::string what;
  friend bool operator==(const Issue&, const Issue&) = default;
};

struct Validation {
  bool canonical = false;       // no issue: may make policy
  std::vector<Issue> issues;    // make the run non-canonical
  std::vector<Issue> warnings;  // said, but do not block
  std::int64_t records = 0;     // lines of records.jsonl, of an imported run of observations.jsonl
  std::map<std::string, std::int64_t> by_status;
  std::string manifest_sha256;  // of the file
};

// Sound but for its own state: what a drifting machine left. It may be shown, as a card that is not for policy.
[[nodiscard]] bool only_provisional(const Validation& validation);

// Reads the run's files and applies every rule. An Error only when the folder is not a run at all (no manifest.json).
[[nodiscard]] core::Result<Validation> validate_run(const std::filesystem::path& run);

// {"schema","version","valid","issues":[{rule,where,what}],"warnings":[…],"records","by_status","manifest_sha256"}
[[nodiscard]] core::Json to_json(const Validation& validation);

}  // namespace phasegate::evidence
