// Pieces that the readers of the reports share: documents and tables beside the rows, the status of a row, and what is
// true of every runner of the reports. Internal to this module; one thread.
#pragma once

#include <string_view>
#include <vector>

#include "core/json.h"
#include "readers/format.h"
#include "readers/report_group.h"
#include "readers/row.h"

namespace phasegate::readers {

// A JSON or YAML file into source.documents. One that cannot be parsed is a bad row and the result is null: the rows of
// a run are not lost with a file beside them. Errors: what LineFile refuses because the file changed or is gone.
[[nodiscard]] core::Result<core::Json> keep_document(const SourceRun& run, const SourceFile& file, Source& source);
[[nodiscard]] core::Result<core::Json> keep_yaml(const SourceRun& run, const SourceFile& file, Source& source);
// A CSV into source.tables, a text into source.documents; faults as above.
[[nodiscard]] core::Status keep_table(const SourceRun& run, const SourceFile& file, Source& source);
[[nodiscard]] core::Status keep_text(const SourceRun& run, const SourceFile& file, Source& source);

// For the group() of a format, which may open files: nullopt and a line in `unplaced` when the document is broken.
[[nodiscard]] std::optional<core::Json> open_document(const FileHead& head, std::vector<std::string>& unplaced);
// The first row of a JSONL file or list, as far as the head holds it; null otherwise.
[[nodiscard]] core::Json first_row(const FileHead& head);
// The cell of a column in the first row of a CSV; empty when the head does not hold it.
[[nodiscard]] std::string first_cell(const FileHead& head, std::string_view column);
// "20251221_173112" or 1765652089 under `key`, as text; empty = absent.
[[nodiscard]] std::string id_at(const core::Json& document, std::string_view key);

// The same into a row that was used before: texts, lists and the nodes of `numbers` keep their room, and `numbers` its
// old entries until OrderedNumbers has gone over them. Most of the time that a row takes is the making of its numbers.
void begin_observation(const Row& row, evidence::Observation& out);

// Numbers of a row under the source's own names, asked for in the order of the names' bytes: what is there from the row
// before is written over, and what this row lacks goes away. Destroyed before `out` is used.
class OrderedNumbers {
 public:
  explicit OrderedNumbers(evidence::Observation& out) : numbers_(out.numbers), at_(numbers_.begin()) {}
  ~OrderedNumbers() { numbers_.erase(at_, numbers_.end()); }
  OrderedNumbers(const OrderedNumbers&) = delete;
  OrderedNumbers& operator=(const OrderedNumbers&) = delete;

  void take(Row& row, std::string_view key);

 private:
  std::map<std::string, double>& numbers_;
  std::map<std::string, double>::iterator at_;  // the first entry of the row before that was not gone over
};

// Position and text of the row, everything else absent.
[[nodiscard]] evidence::Observation observation_of(const Row& row);
// Status, error and reason from "status", "error", "degraded_count"; out.degraded_reasons is filled before. A row that
// calls itself ok and counts a degraded call is degraded, and so is one below the accuracy threshold.
void take_status(Row& row, evidence::Observation& out);
// The window of a runner's mode ("prefill", "kv_decode", "e2e_kv", "generate"); nullopt = none of them.
[[nodiscard]] std::optional<evidence::Window> window_of_mode(std::string_view mode);
// "a;b", "['a', 'b']" or "[\"a\"]" in a cell.
[[nodiscard]] std::vector<std::string> reasons_in_cell(std::string_view cell);

// A number that was published under `key` and has no field of its own.
void take_number(Row& row, std::string_view key, evidence::Observation& out);

// Every runner of the reports calls one model after the other and waits: no schedule, no arrivals.
void set_runner_facts(Source& source, bool order_randomised);
// Widens started and finished of the run by an instant.
void widen(Source& source, std::optional<double> started_unix_s, std::optional<double> finished_unix_s);

// The precision that a backend's own label holds ("tensorrt-fp16", "hf_gpu_fp16_bs8" -> "fp16"); empty = none.
[[nodiscard]] std::string precision_in_label(std::string_view backend);

}  // namespace phasegate::readers
