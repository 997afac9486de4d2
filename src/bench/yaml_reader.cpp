#include "bench/yaml_reader.h"

#include <charconv>
#include <cmath>
#include <set>
#include <utility>

namespace phasegate::bench {

using core::Error;
using core::ErrorKind;
using core::Result;
using core::Status;

std::string Places::of(const std::string& key) const {
  const auto line = lines_.find(key);
  if (line == lines_.end()) return source_ + ": " + key;
  return fmt::format("{}:{}: {}", source_, line->second, key);
}

tl::unexpected<Error> Places::fail(const std::string& key, std::string what, std::string next) const {
  return core::fail(Error{ErrorKind::invalid_input, std::move(what), of(key), std::move(next)});
}

Result<YAML::Node> parse_yaml(std::string_view text, const std::string& source) {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::ParserException& error) {
    return core::fail(Error{ErrorKind::invalid_input, "is not YAML: " + error.msg,
                            fmt::format("{}:{}", source, error.mark.line + 1),
                            "mend the line; docs/formats.md shows a matrix"});
  } catch (const std::exception& error) {
    return core::fail(Error{ErrorKind::invalid_input, std::string("is not YAML: ") + error.what(), source, {}});
  }
}

Result<Section> Section::open(const YAML::Node& node, std::string path, Places& places) {
  const std::string shown = path.empty() ? "the file" : path;
  if (!node.IsMap()) return places.fail(shown, "is not a section of `key: value` lines", "write keys below it");
  Section section(std::move(path), places);
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) {
      return places.fail(shown, "has a key that is not a word", "write plain keys");
    }
    const std::string key = pair.first.Scalar();
    const std::string full = section.key_path(key);
    const bool first = section.nodes_.emplace(key, pair.second).second;
    places.add(full, pair.first.Mark().line + 1);
    if (!first) return places.fail(full, "stands twice", "remove one of the two");
  }
  return section;
}

std::string Section::key_path(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

std::optional<YAML::Node> Section::take(const std::string& key) {
  asked_[key] = true;
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return std::nullopt;
  return found->second;
}

Result<std::string> Section::plain(const YAML::Node& node, const std::string& key, const char* wanted) const {
  if (!node.IsScalar() || node.Tag() == "!") {
    return places_->fail(key_path(key), fmt::format("is not {}", wanted),
                         fmt::format("write {} without quotes", wanted));
  }
  return node.Scalar();
}

Status Section::text(const std::string& key, std::string& out) {
  const auto node = take(key);
  if (!node) return {};
  if (!node->IsScalar() || node->Scalar().empty()) {
    return places_->fail(key_path(key), "is not a text", "write one word or a quoted text");
  }
  out = node->Scalar();
  return {};
}

Result<std::int64_t> Section::parse_integer(const YAML::Node& node, const std::string& key, IntRange range) const {
  PHASEGATE_TRY(text, plain(node, key, "a whole number"));
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return places_->fail(key_path(key), fmt::format("is \"{}\", not a whole number", text), "write digits only");
  }
  if (value < range.low || value > range.high) {
    return places_->fail(key_path(key), fmt::format("is {}, outside {} to {}", value, range.low, range.high),
                         "choose a value inside");
  }
  return value;
}

Status Section::integer(const std::string& key, IntRange range, int& out) {
  const auto node = take(key);
  if (!node) return {};
  PHASEGATE_TRY(value, parse_integer(*node, key, range));
  out = static_cast<int>(value);
  return {};
}

Status Section::seed(const std::string& key, std::uint64_t& out) {
  const auto node = take(key);
  if (!node) return {};
  PHASEGATE_TRY(value, parse_integer(*node, key, {0, std::int64_t{1} << 62}));
  out = static_cast<std::uint64_t>(value);
  return {};
}

Status Section::number(const std::string& key, double low, double high, double& out) {
  const auto node = take(key);
  if (!node) return {};
  PHASEGATE_TRY(text, plain(*node, key, "a number"));
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(value)) {
    return places_->fail(key_path(key), fmt::format("is \"{}\", not a number", text), "write a number such as 0.1");
  }
  if (value < low || value > high) {
    return places_->fail(key_path(key), fmt::format("is {}, outside {} to {}", value, low, high),
                         "choose a value inside");
  }
  out = value;
  return {};
}

Status Section::flag(const std::string& key, bool& out) {
  const auto node = take(key);
  if (!node) return {};
  PHASEGATE_TRY(text, plain(*node, key, "on or off"));
  if (text == "on" || text == "true") {
    out = true;
  } else if (text == "off" || text == "false") {
    out = false;
  } else {
    return places_->fail(key_path(key), fmt::format("is \"{}\", not on or off", text), "write on or off");
  }
  return {};
}

Status Section::axis(const std::string& key, IntRange range, std::vector<int>& out) {
  const auto node = take(key);
  if (!node) return {};
  std::vector<YAML::Node> items;
  if (node->IsSequence()) {
    for (const auto& item : *node) items.push_back(item);
  } else {
    items.push_back(*node);
  }
  if (items.empty()) return places_->fail(key_path(key), "is an empty axis", "give at least one value");
  if (items.size() > 1000) return places_->fail(key_path(key), "has more than 1000 values", "split the matrix");
  out.clear();
  std::set<std::int64_t> seen;
  for (const auto& item : items) {
    PHASEGATE_TRY(value, parse_integer(item, key, range));
    if (!seen.insert(value).second) {
      return places_->fail(key_path(key), fmt::format("has {} twice", value), "remove one of the two");
    }
    out.push_back(static_cast<int>(value));
  }
  return {};
}

Result<std::vector<YAML::Node>> Section::list(const std::string& key, std::size_t most) {
  std::vector<YAML::Node> items;
  const auto node = take(key);
  if (!node) return items;
  if (!node->IsSequence()) return places_->fail(key_path(key), "is not a list", "write entries that start with `- `");
  if (node->size() == 0)
    return places_->fail(key_path(key), "is an empty list", "give at least one entry, or leave the key out");
  if (node->size() > most) {
    return places_->fail(key_path(key), fmt::format("has {} entries, the limit is {}", node->size(), most),
                         "split the matrix");
  }
  for (const auto& item : *node) {
    places_->add(fmt::format("{}[{}]", key_path(key), items.size()), item.Mark().line + 1);
    items.push_back(item);
  }
  return items;
}

Status Section::require(const std::string& key) const {
  if (has(key)) return {};
  return places_->fail(path_.empty() ? "the file" : path_, fmt::format("has no key \"{}\"", key), "add it");
}

Status Section::finish() const {
  for (const auto& [key, node] : nodes_) {
    if (asked_.count(key) != 0) continue;
    std::string known;
    for (const auto& [name, unused] : asked_) known += (known.empty() ? "" : ", ") + name;
    return places_->fail(key_path(key), "is an unknown key", "known here: " + known);
  }
  return {};
}

}  // namespace phasegate::bench
