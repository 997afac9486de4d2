#include "evidence/record_line.h"

#include "evidence/fast_node.h"
#include "evidence/record_fields.h"

namespace phasegate::evidence {

struct RecordParser::State {
  simdjson::dom::parser parser;
};

RecordParser::RecordParser() : state_(std::make_unique<State>()) {}
RecordParser::~RecordParser() = default;

Problem RecordParser::parse(std::string_view line, Record& record) {
  simdjson::dom::element root;
  if (const auto error = state_->parser.parse(line.data(), line.size(), false).get(root); error) {
    return {Fault::wrong_type, {}, fmt::format("not valid JSON: {}", simdjson::error_message(error))};
  }
  return read_fields(FastNode(root), record, [](auto& v, auto& r) { record_fields(v, r); });
}

}  // namespace phasegate::evidence
