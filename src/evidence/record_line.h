// One line of records.jsonl to a Record: the hot path of validate and of everything that reads a run.
// Internal; `record_from_json` gives the same verdicts on a parsed document (record_test.cpp holds both to it).
#pragma once

#include <memory>
#include <string_view>

#include "evidence/codec.h"
#include "evidence/record.h"

namespace phasegate::evidence {

// Reuses its buffers from line to line. One thread.
class RecordParser {
 public:
  RecordParser();
  ~RecordParser();

  // `line` must be followed by LineReader::kPadding readable bytes. On a problem `record` is unspecified; a line that
  // is not JSON at all has Fault::wrong_type and an empty path.
  [[nodiscard]] Problem parse(std::string_view line, Record& record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phasegate::evidence
