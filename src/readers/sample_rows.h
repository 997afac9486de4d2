// What the runners of TR117 and TR120 share: metrics.csv with one row for each timed call, and beside it one JSON for
// each cell (run_<ms>.json) with the same calls as lists. The table has the rows; a list that says something else makes
// its row bad. A JSON that no table names has rows of its own. Memory: one JSON at a time, and what `keep_outputs`
// allows. Internal to this module; one thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "readers/report_source.h"

namespace phasegate::readers {

inline constexpr std::size_t kMaxOutputBytes = 64 << 20;  // generated texts of one run that documents keep

struct SampleClues {
  const SourceFile* table = nullptr;  // null for a row of a JSON
  const core::Json* spec = nullptr;   // of the JSON beside the row; null = none
  std::string path;                   // of the JSON, as the row names it, portable
};

struct SampleRules {
  std::string_view table_kind;
  std::string_view list_kind;
  // Window and everything that only this report's rows have. May call row.fail.
  std::function<void(Row& row, const SampleClues& clues, evidence::Observation& out)> finish;
};

class SampleReader {
 public:
  SampleReader(const SourceRun& run, SampleRules rules, Source& source);
  [[nodiscard]] core::Status read(const Visit& visit);

 private:
  struct List {
    const SourceFile* file = nullptr;
    std::size_t next = 0;  // sample that the next row of a table should be
    std::size_t size = 0;
    bool named = false;  // by a table
    bool kept = false;
  };
  [[nodiscard]] core::Status read_table(const SourceFile& file, const Visit& visit);
  [[nodiscard]] core::Status read_list(List& list, const Visit& visit);
  [[nodiscard]] core::Status load(List& list);
  [[nodiscard]] List* find_list(const std::string& path);
  void compare(Row& row, List& list);
  [[nodiscard]] bool same(Row& row, std::string_view column, std::string_view key, std::size_t index) const;
  [[nodiscard]] core::Status take(Row& row, const SampleClues& clues, const Visit& visit);
  void keep(List& list);

  const SourceRun& run_;
  SampleRules rules_;
  Source& source_;
  std::multimap<std::string, List> lists_;  // by the file's own name
  const List* loaded_ = nullptr;
  core::Json document_;  // of loaded_
  std::size_t output_bytes_ = 0;
};

}  // namespace phasegate::readers
