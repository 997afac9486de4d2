// One line of observations.jsonl to an Observation: the hot path of everything that reads an imported run. Internal.
#pragma once

#include <memory>
#include <string_view>

#include "evidence/codec.h"
#include "evidence/observation.h"

namespace phasegate::evidence {

// Reuses its buffers from line to line. One thread.
class ObservationParser {
 public:
  ObservationParser();
  ~ObservationParser();

  // `line` must be followed by LineReader::kPadding readable bytes. On a problem `row` is unspecified; a line that is
  // not JSON at all has Fault::wrong_type and an empty path.
  [[nodiscard]] Problem parse(std::string_view line, Observation& row);
  // The same for a line with nothing readable behind it: copies it.
  [[nodiscard]] Problem parse_unpadded(std::string_view line, Observation& row);

 private:
  [[nodiscard]] Problem parse(std::string_view line, bool copy, Observation& row);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phasegate::evidence
