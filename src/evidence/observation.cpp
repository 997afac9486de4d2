#include "evidence/observation.h"

#include <array>
#include <cstring>
#include <numeric>

#include "evidence/fast_node.h"
#include "evidence/observation_fields.h"
#include "evidence/observation_line.h"
#include "evidence/text_writer.h"

namespace phasegate::evidence {
namespace {

constexpr std::size_t kMaxEscape = 6;    // bytes of one escaped byte, \u00XX
constexpr std::size_t kPiece = 1 << 10;  // of a text, escaped at once

// What stands for a byte inside a JSON string when it is at most two bytes; size 0 = a control character.
struct Escape {
  std::array<char, 2> bytes{};
  std::uint16_t size = 0;
};
constexpr std::array<Escape, 256> kEscapes = [] {
  std::array<Escape, 256> table{};
  for (std::size_t i = 0x20; i < table.size(); ++i) {
    const char c = static_cast<char>(i);
    table[i] = c == '"' || c == '\\' ? Escape{{'\\', c}, 2} : Escape{{c, 0}, 1};
  }
  return table;
}();

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

// A row of JSON has a quote every few bytes, which no processor foresees: every byte stores two, and the end moves by
// one or two.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto piece = text.substr(0, kPiece);
    const std::size_t before = out.size();
    out.resize(before + kMaxEscape * piece.size());
    char* at = out.data() + before;
    for (const char c : piece) {
      const Escape& escape = kEscapes[static_cast<unsigned char>(c)];
      if (escape.size == 0) {
        at = put_control(at, c);
        continue;
      }
      std::memcpy(at, escape.bytes.data(), escape.bytes.size());
      at += escape.size;
    }
    out.resize(static_cast<std::size_t>(at - out.data()));
    text.remove_prefix(piece.size());
  }
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
