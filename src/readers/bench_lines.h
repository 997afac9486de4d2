// What the runners of TR118 and TR119 share: one line for each (backend, scenario, repetition) with all its prompts,
// and an experiment manifest. Internal to this module; one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "readers/json_rows.h"
#include "readers/report_source.h"

namespace phasegate::readers {

// Both reports write the same kinds of files, some of them without saying whose they are. So one group() serves both:
// the kinds are "tr118_x", "tr119_x", and "bench_x" for what either may have written.
[[nodiscard]] std::string tr118_kind(const FileHead& head);
[[nodiscard]] std::string tr119_kind(const FileHead& head);
[[nodiscard]] std::string bench_kind(const FileHead& head);
[[nodiscard]] bool is_bench_lines(const FileHead& head);
[[nodiscard]] bool is_experiment_manifest(const FileHead& head, std::string_view report);

[[nodiscard]] std::vector<SourceRun> group_bench(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                                                 std::vector<std::string>& unplaced);

struct BenchRun {
  core::Json config;  // the snapshot of the run; null = none
  std::string model;  // for rows that do not name it
  std::optional<std::int64_t> max_new_tokens;
};

// Documents and tables beside the rows, facts and environment from manifests and configuration.
class BenchReader {
 public:
  BenchReader(const SourceRun& run, Source& source) : run_(run), source_(source) {}

  [[nodiscard]] core::Status documents();
  [[nodiscard]] core::Status rows(const Visit& visit);

 private:
  [[nodiscard]] core::Status configurations();
  void take_manifest(const core::Json& manifest);
  void take_export(const core::Json& document);
  void expect_rows();
  [[nodiscard]] const BenchRun& run_behind(const SourceFile& file) const;
  void keep_metadata(const SourceFile& file, const JsonRow& row);

  const SourceRun& run_;
  Source& source_;
  std::map<std::string, core::Json> manifests_;  // by run id
  std::map<std::string, core::Json> configs_;    // by path
  std::map<std::string, BenchRun> runs_;         // by run id; "" = the only configuration there is
  std::string exported_model_;                   // as the export metadata call it
};

}  // namespace phasegate::readers
