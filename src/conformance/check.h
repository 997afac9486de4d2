// `phasegate conformance DIR`: finds every report run under a folder, derives its values from the rows and compares
// them with what was published: in the files beside the rows, and in the reports themselves (data/published).
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "conformance/verdict.h"
#include "core/json.h"
#include "core/result.h"

namespace phasegate::conformance {

struct RunSeen {
  readers::Format format = readers::Format::tr117;
  std::string run;
  std::string root;  // relative to the folder that was asked about; of an imported run its id in the store
  std::vector<std::string> files;  // with rows, in their order; of a run without rows its first file
  std::int64_t rows = 0;
  std::int64_t bad_rows = 0;
  bool published = false;  // one of the runs that the reports speak of
};

struct Outcome {
  std::vector<RunSeen> runs;
  std::vector<Value> values;          // by report, run and name
  std::vector<std::string> unplaced;  // paths of no run, each with ": reason"
  std::vector<std::string> unread;    // runs that could not be read: "root: error"

  [[nodiscard]] std::size_t count(Verdict verdict) const;
  [[nodiscard]] bool holds() const { return count(Verdict::fail) == 0 && unread.empty(); }
};

// Called between runs with the share done and what comes next; from the calling thread.
using Progress = std::function<void(double fraction, const std::string& what)>;

// Errors: not_found, io and limits of discover(). A run that cannot be read is listed and the others go on. Rows of one
// report at a time are in memory.
[[nodiscard]] core::Result<Outcome> check_folder(const std::filesystem::path& folder, const Progress& progress = {});

// The same for runs that were imported into a store (folders of runs there). What a report says of several runs by
// their place in its folders (a sweep's table) has no place here and is absent.
[[nodiscard]] core::Result<Outcome> check_imported(const std::vector<std::filesystem::path>& runs,
                                                   const Progress& progress = {});

// {"values":[{"run","source","name","published","derived","tolerance","verdict"}],"unplaced":[paths],"summary":{…}}.
// tolerance: the allowed difference, in the unit of the value; null for texts. The summary counts verdicts in all and
// by report, and says why of each discrepancy and failure.
[[nodiscard]] core::Json to_json(const Outcome& outcome);

// Counts by report, discrepancies with both values and why, failures. At most `width` columns.
[[nodiscard]] std::string to_text(const Outcome& outcome, std::size_t width = 120);

}  // namespace phasegate::conformance
