// Puts the files of a report's runner into runs. An anchor (a manifest) says which run it is, which files it names and
// when it ran; every other file goes to the anchor that has the best claim to it, or forms a run of its own. Folders
// are compared only for which is nearer: their names are never read. Internal; one thread.
#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "readers/format.h"

namespace phasegate::readers {

enum class GroupRole {
  anchor,
  rows,   // a result file: never without a run
  part,   // belongs to a run, has no rows
  apart,  // about several runs: a run of published documents, without rows, together with its neighbours
};

struct GroupFile {
  const KnownFile* file = nullptr;
  GroupRole role = GroupRole::part;
  std::string family;              // files of different families are never one run; empty = goes with any
  std::string id;                  // of its run, as the content states it; empty = not stated
  std::string set;                 // anchors with the same one are one run ("" = a run for itself)
  std::vector<std::string> named;  // anchors: paths that it names, portable
  double from = -std::numeric_limits<double>::infinity();  // anchors: when the run went, Unix seconds
  double until = std::numeric_limits<double>::infinity();
  std::optional<double> at;  // others: an instant that the content states
  bool beside = false;       // rows: they lie in a folder beside their anchor's, not below it
  std::string alike;         // rows without an anchor are one run where folder and this agree
};

// In the order of claims: the id in the content or in the file's own name, a path that the anchor names, the instant,
// a place below the anchor's folder, and the only run in the neighbourhood. Among equal claims the nearest folder
// decides, then the run that ended last, for it wrote over the file.
[[nodiscard]] std::vector<SourceRun> group_files(Format format, const std::filesystem::path& root,
                                                 const std::vector<GroupFile>& files);

// Every text of a document that ends like a file name ("…\\raw\\bench.jsonl"), portable.
[[nodiscard]] std::vector<std::string> paths_in(const core::Json& document);

// Digits that a runner puts into the names of its files, at least 8 of them ("bench_prefill_1765652089.jsonl"), with
// those after an underscore ("20251221_173112"); empty = none.
[[nodiscard]] std::string digits_in_name(const std::string& path);

}  // namespace phasegate::readers
