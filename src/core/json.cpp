#include "core/json.h"

#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "core/sha256.h"

namespace phasegate::core {
namespace {

// Refuses duplicate keys and deep nesting while nlohmann parses; its own parser silently keeps the last of two keys.
class StrictSax : public nlohmann::detail::json_sax_dom_parser<Json> {
 public:
  using Base = nlohmann::detail::json_sax_dom_parser<Json>;
  explicit StrictSax(Json& target) : Base(target, false) {}

  bool start_object(std::size_t size) {
    keys_.emplace_back();
    return deeper() && Base::start_object(size);
  }
  bool end_object() {
    keys_.pop_back();
    --depth_;
    return Base::end_object();
  }
  bool start_array(std::size_t size) { return deeper() && Base::start_array(size); }
  bool end_array() {
    --depth_;
    return Base::end_array();
  }
  bool key(std::string& name) {
    if (!keys_.back().insert(name).second) {
      problem = "duplicate key \"" + name + "\"";
      return false;
    }
    return Base::key(name);
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    offset = position;
    problem = error.what();
    return false;
  }

  std::string problem;
  std::size_t offset = 0;

 private:
  bool deeper() {
    if (++depth_ <= kMaxJsonDepth) return true;
    problem = fmt::format("nested deeper than {}", kMaxJsonDepth);
    return false;
  }

  std::vector<std::set<std::string>> keys_;
  int depth_ = 0;
};

void append_string(std::string& out, const std::string& text) {
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::strict);
}

Status append(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.items()) {
        if (!first) out += ',';
        first = false;
        append_string(out, key);
        out += ':';
        PHASEGATE_CHECK_OK(append(out, item));
      }
      out += '}';
      return {};
    }
    case Json::value_t::array: {
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i != 0) out += ',';
        PHASEGATE_CHECK_OK(append(out, value[i]));
      }
      out += ']';
      return {};
    }
    case Json::value_t::string: append_string(out, value.get_ref<const std::string&>()); return {};
    case Json::value_t::number_float: {
      const double number = value.get<double>();
      if (!std::isfinite(number))
        return fail(ErrorKind::invalid_input, "a number is not finite; write null and a reason");
      append_shortest(out, number);
      return {};
    }
    default: out += value.dump(); return {};
  }
}

std::string line_and_column(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i + 1 < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return fmt::format("line {} column {}", line, column);
}

}  // namespace

void append_shortest(std::string& out, double value) {
  char buffer[32];
  // Small whole numbers are most of what is written; from 1e5 on the shortest form may be another one.
  if (std::abs(value) < 1e5 && value == std::trunc(value) && !std::signbit(value)) {
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, static_cast<int>(value)).ptr);
    out += ".0";
    return;
  }
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  // 1e3 and 1000 are integers to a reader of JSON; keep a float a float, so that a type survives the round trip.
  if (text.find_first_of(".en") == std::string_view::npos) out += ".0";
}

std::string shortest(double value) {
  std::string text;
  append_shortest(text, value);
  return text;
}

Result<Json> parse_json(std::string_view text, std::string_view source) {
  Json root;
  StrictSax sax(root);
  bool ok = false;
  try {
    ok = Json::sax_parse(text.begin(), text.end(), &sax);
  } catch (const std::exception& error) {  // out-of-range numbers
    sax.problem = error.what();
  }
  if (ok) return root;
  std::string what = sax.problem.empty() ? "not valid JSON" : sax.problem;
  if (sax.offset != 0) what = line_and_column(text, sax.offset) + ": " + what;
  return fail(Error{ErrorKind::invalid_input, std::move(what), std::string(source), {}});
}

Result<std::string> canonical_json(const Json& value) {
  std::string out;
  try {
    PHASEGATE_CHECK_OK(append(out, value));
  } catch (const Json::exception& error) {  // invalid UTF-8
    return fail(ErrorKind::invalid_input, "cannot be written as JSON: {}", error.what());
  }
  return out;
}

Result<std::string> json_hash(const Json& value) {
  PHASEGATE_TRY(text, canonical_json(value));
  return sha256_hex(text);
}

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace phasegate::core
