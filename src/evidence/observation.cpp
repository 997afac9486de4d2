#include "evidence/observation.h"

#include <array>
#include <numeric>

#include "evidence/fast_node.h"
#include "evidence/observation_fields.h"
#include "evidence/observation_line.h"
#include "evidence/text_writer.h"

namespace phasegate::evidence {
namespace {

constexpr std::array<bool, 256> kEscaped = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = true;
  table[static_cast<unsigned char>('"')] = true;
  table[static_cast<unsigned char>('\\')] = true;
  return table;
}();

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[code >> 4U];
  out += kHex[code & 15U];
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!kEscaped[static_cast<unsigned char>(text[i])]) continue;
    out.append(text, begin, i - begin);
    append_escape(out, text[i]);
    begin = i + 1;
  }
  out.append(text, begin, text.size() - begin);
  out += '"';
}

std::string_view to_string(Window window) { return name_of(kWindowNames, window); }
std::optional<Window> parse_window(std::string_view text) { return value_of<Window>(kWindowNames, text); }

std::optional<double> Observation::mean_latency_ms() const {
  if (latency_ms.empty()) return std::nullopt;
  return std::accumulate(latency_ms.begin(), latency_ms.end(), 0.0) / static_cast<double>(latency_ms.size());
}

core::Status write_observation(const Observation& observation, std::string& out) {
  out.clear();
  Problem problem;
  TextWriter writer(out, problem);
  observation_fields(writer, observation);
  writer.finish();
  if (!problem.found() && !simdjson::validate_utf8(out)) {
    problem = {Fault::wrong_type, {}, "holds bytes that are not UTF-8"};
  }
  if (!problem.found()) return {};
  auto error = problem.error();
  error.where = fmt::format("{}:{} {}", observation.file, observation.line, error.where);
  return core::fail(std::move(error));
}

struct ObservationParser::State {
  simdjson::dom::parser parser;
};

ObservationParser::ObservationParser() : state_(std::make_unique<State>()) {}
ObservationParser::~ObservationParser() = default;

Problem ObservationParser::parse(std::string_view line, bool copy, Observation& row) {
  simdjson::dom::element root;
  if (const auto error = state_->parser.parse(line.data(), line.size(), copy).get(root); error) {
    return {Fault::wrong_type, {}, fmt::format("not valid JSON: {}", simdjson::error_message(error))};
  }
  return read_fields(FastNode(root), row, [](auto& v, auto& r) { observation_fields(v, r); });
}

Problem ObservationParser::parse(std::string_view line, Observation& row) { return parse(line, false, row); }
Problem ObservationParser::parse_unpadded(std::string_view line, Observation& row) { return parse(line, true, row); }

core::Result<Observation> read_observation(std::string_view line, std::string_view where) {
  thread_local ObservationParser parser;
  Observation row;
  const auto problem = parser.parse_unpadded(line, row);
  if (!problem.found()) return row;
  auto error = problem.error();
  error.where = error.where.empty() ? std::string(where) : fmt::format("{}: {}", where, error.where);
  return core::fail(std::move(error));
}

}  // namespace phasegate::evidence
