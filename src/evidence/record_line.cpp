#include "evidence/record_line.h"

#include "evidence/record_fields.h"

namespace phasegate::evidence {

struct RecordParser::State {};

RecordParser::RecordParser() : state_(std::make_unique<State>()) {}
RecordParser::~RecordParser() = default;

Problem RecordParser::parse(std::string_view line, Record& record) {
  const auto json = core::parse_json(line, "");
  if (!json) return {Fault::wrong_type, {}, json.error().what};
  return read_fields(JsonNode(*json), record, [](auto& v, auto& r) { record_fields(v, r); });
}

}  // namespace phasegate::evidence
