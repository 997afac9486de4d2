#include "evidence/observation.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "evidence/fast_node.h"
#include "evidence/observation_fields.h"
#include "evidence/observation_line.h"
#include "evidence/text_writer.h"

namespace phasegate::evidence {
namespace {

constexpr std::size_t kMaxEscapeGrowth = 5;  // of one byte, as \u00XX

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }
constexpr bool is_quoted(char c) { return c == '"' || c == '\\'; }

// Behind `at`; returns the end.
char* put_control(char* at, char c) {
  constexpr std::string_view kShort = "\b\f\n\r\t";
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kHex = "0123456789abcdef";
  *at++ = '\\';
  if (const auto which = kShort.find(c); which != std::string_view::npos) {
    *at++ = kLetters[which];
    return at;
  }
  const auto code = static_cast<unsigned char>(c);
  for (const char digit : {'u', '0', '0', kHex[code >> 4U], kHex[code & 15U]}) *at++ = digit;
  return at;
}

}  // namespace

// Counting first gives the room for the worst case. A row of JSON has a quote every few bytes, which no processor
// foresees: the backslash is stored before every byte, and kept only where it belongs.
void append_quoted(std::string& out, std::string_view text) {
  const auto escapes = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return is_control(c) || is_quoted(c); }));
  const std::size_t before = out.size();
  out.resize(before + text.size() + kMaxEscapeGrowth * escapes + 2);
  char* at = out.data() + before;
  *at++ = '"';
  if (escapes == 0) {
    at = std::copy(text.begin(), text.end(), at);
  } else {
    for (const char c : text) {
      if (is_control(c)) {
        at = put_control(at, c);
        continue;
      }
      *at = '\\';
      at += static_cast<std::ptrdiff_t>(is_quoted(c));
      *at++ = c;
    }
  }
  *at++ = '"';
  out.resize(static_cast<std::size_t>(at - out.data()));
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
