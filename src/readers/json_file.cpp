#include "readers/json_file.h"

#include <simdjson.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "readers/lines.h"
#include "readers/python_json.h"
#include "readers/source_files.h"

namespace phasegate::readers {

using core::Error;
using core::ErrorKind;
using core::Json;
using core::Result;

namespace {

// Gives the parser one character after the other and knows how far it is: its own callbacks do not say where.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

// About what nlohmann takes for a value, a doubled vector around it included.
constexpr std::uint64_t kScalarBytes = 32;
constexpr std::uint64_t kContainerBytes = 64;
constexpr std::uint64_t kKeyBytes = 96;

class BoundedSax : public nlohmann::detail::json_sax_dom_parser<Json> {
 public:
  using Base = nlohmann::detail::json_sax_dom_parser<Json>;
  BoundedSax(Json& target, std::uint64_t max_memory) : Base(target, false), max_memory_(max_memory) {}

  bool null() { return room(kScalarBytes) && Base::null(); }
  bool boolean(bool value) { return room(kScalarBytes) && Base::boolean(value); }
  bool number_integer(Json::number_integer_t value) { return room(kScalarBytes) && Base::number_integer(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return room(kScalarBytes) && Base::number_unsigned(value); }
  bool number_float(Json::number_float_t value, const std::string& text) {
    return room(kScalarBytes) && Base::number_float(value, text);
  }
  bool string(std::string& value) { return room(kContainerBytes + value.size()) && Base::string(value); }
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
      problem = "the key \"" + printable(name, kMaxFoundBytes) + "\" stands twice";
      return false;
    }
    return room(kKeyBytes + name.size()) && Base::key(name);
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) {
    const std::string_view what = error.what();
    const std::size_t text = what.find("syntax error");  // in front of it stand the parser's own name and place
    problem = printable(text == std::string_view::npos ? what : what.substr(text), kMaxFoundBytes);
    return false;
  }

  std::string problem;

 private:
  bool room(std::uint64_t bytes) {
    memory_ += bytes;
    if (memory_ <= max_memory_) return true;
    problem = fmt::format("its values would take more than {} MiB of memory", max_memory_ >> 20);
    return false;
  }
  bool deeper() {
    if (++depth_ > core::kMaxJsonDepth) {
      problem = fmt::format("nested deeper than {}", core::kMaxJsonDepth);
      return false;
    }
    return room(kContainerBytes);
  }

  std::vector<std::set<std::string>> keys_;
  int depth_ = 0;
  std::uint64_t memory_ = 0;
  std::uint64_t max_memory_;
};

// Of the character that was read last; `offset` is behind it.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::size_t last = std::min(offset, text.size()) - (offset == 0 ? 0 : 1);
  const std::string_view before = text.substr(0, last);
  std::size_t line = 1;
  for (const char c : before) line += c == '\n' ? 1 : 0;
  const std::size_t feed = before.rfind('\n');
  return fmt::format("{}:{}", line, feed == std::string_view::npos ? last + 1 : last - feed);
}

std::size_t original_offset(std::size_t offset, const std::vector<Replaced>& places) {
  std::ptrdiff_t shift = 0;
  for (const auto& place : places) {
    if (place.at > offset) break;
    shift = place.shift;
  }
  return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(offset) + shift);
}

tl::unexpected<Error> refuse(std::string where, std::string what, std::string next = {}) {
  return core::fail(Error{ErrorKind::invalid_input, std::move(what), std::move(where), std::move(next)});
}

// Of the bytes in a YAML file and of what its escapes make: its parser checks neither.
bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text == word) return true;
  }
  return false;
}

// A plain scalar by YAML's core schema; infinities and NaN are null as everywhere here.
Json plain_scalar(const std::string& text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  const std::size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const std::string bare = text.substr(sign);
  if (is_one_of(bare, {".inf", ".Inf", ".INF"})) return nullptr;
  const bool numeric = !bare.empty() && bare.find_first_not_of("0123456789.eE+-") == std::string::npos;
  if (!numeric || bare[0] == '-' || bare[0] == '+') return text;
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc() && parsed.ptr == end) {
    return integer;
  }
  double number = 0;
  const auto parsed = std::from_chars(begin, end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(number)) return number;
  return text;
}

class YamlReader {
 public:
  explicit YamlReader(const std::string& where) : where_(where) {}

  // Aliases are written out, so a few lines can stand for a huge document: every visit counts.
  [[nodiscard]] Result<Json> convert(const YAML::Node& node, int depth) {
    if (++nodes_ > core::kMaxSourceYamlNodes) {
      return fail(node,
                  fmt::format("has more than {} values once its aliases are written out", core::kMaxSourceYamlNodes));
    }
    if (depth > core::kMaxJsonDepth) return fail(node, fmt::format("is nested deeper than {}", core::kMaxJsonDepth));
    if (node.IsMap()) return map(node, depth);
    if (node.IsSequence()) {
      Json list = Json::array();
      for (const auto& item : node) {
        PHASEGATE_TRY(value, convert(item, depth + 1));
        list.push_back(std::move(value));
      }
      return list;
    }
    if (!node.IsScalar()) return Json(nullptr);
    if (!is_utf8(node.Scalar())) return fail(node, "has a text that is not UTF-8");
    // A text that is referred to many times is copied each time.
    bytes_ += node.Scalar().size();
    if (bytes_ > core::kMaxSourceDocumentBytes) return fail(node, "is too large once its aliases are written out");
    const bool plain = node.Tag() == "?" || node.Tag().empty();
    return plain ? plain_scalar(node.Scalar()) : Json(node.Scalar());
  }

 private:
  [[nodiscard]] tl::unexpected<Error> fail(const YAML::Node& node, std::string what) const {
    return refuse(fmt::format("{}:{}", where_, node.Mark().line + 1), std::move(what));
  }

  [[nodiscard]] Result<Json> map(const YAML::Node& node, int depth) {
    Json object = Json::object();
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) return fail(pair.first, "has a key that is not a word");
      const std::string& key = pair.first.Scalar();
      if (!is_utf8(key)) return fail(pair.first, "has a key that is not UTF-8");
      if (object.contains(key)) {
        return fail(pair.first, "the key \"" + printable(key, kMaxFoundBytes) + "\" stands twice");
      }
      PHASEGATE_TRY(value, convert(pair.second, depth + 1));
      object[key] = std::move(value);
    }
    return object;
  }

  const std::string& where_;
  std::size_t nodes_ = 0;
  std::uint64_t bytes_ = 0;
};

Result<std::string> read_whole(const SourceRun& run, const SourceFile& file, std::uint64_t most, Source& source) {
  PHASEGATE_TRY(lines, LineFile::open(run, file));
  if (lines.bytes() > most) {
    return refuse(file.path, fmt::format("has {} bytes, the limit is {}", lines.bytes(), most));
  }
  std::string hash;
  PHASEGATE_TRY(text, lines.rest(&hash));
  set_hash(source, file.path, hash);
  return std::move(text);
}

}  // namespace

Result<Json> parse_source_json(std::string_view text, const std::string& where, std::uint64_t max_memory) {
  std::string replaced;
  std::vector<Replaced> places;
  const bool python = replace_python_words(text, replaced, &places);
  const std::string_view input = python ? std::string_view(replaced) : text;
  Json root;
  BoundedSax sax(root, max_memory);
  const char* furthest = input.data();
  bool ok = false;
  try {
    ok = Json::sax_parse(Cursor(input.data(), &furthest), Cursor(input.data() + input.size(), &furthest), &sax);
  } catch (const std::exception& error) {  // numbers that no double holds, memory
    sax.problem = error.what();
  }
  if (ok) return root;
  const auto offset = original_offset(static_cast<std::size_t>(furthest - input.data()), places);
  return refuse(fmt::format("{}:{}", where, place_of(text, offset)),
                sax.problem.empty() ? "is not JSON" : "is not JSON that can be taken: " + sax.problem);
}

Result<Json> parse_source_yaml(std::string_view text, const std::string& where) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    return YamlReader(where).convert(root, 1);
  } catch (const YAML::Exception& error) {
    return refuse(fmt::format("{}:{}", where, error.mark.line + 1), "is not YAML: " + error.msg);
  } catch (const std::exception& error) {
    return refuse(where, std::string("is not YAML: ") + error.what());
  }
}

Result<Json> read_source_json(const SourceRun& run, const SourceFile& file, Source& source) {
  PHASEGATE_TRY(text, read_whole(run, file, core::kMaxSourceDocumentBytes, source));
  return parse_source_json(text, file.path);
}

Result<Json> read_source_yaml(const SourceRun& run, const SourceFile& file, Source& source) {
  PHASEGATE_TRY(text, read_whole(run, file, core::kMaxSourceYamlBytes, source));
  return parse_source_yaml(text, file.path);
}

}  // namespace phasegate::readers
