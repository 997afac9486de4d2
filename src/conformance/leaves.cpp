#include "conformance/leaves.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace phasegate::conformance {
namespace {

bool skipped(const FileRule& rule, std::string_view name) {
  return std::any_of(rule.skip.begin(), rule.skip.end(), [&](const std::string& pattern) {
    if (name.size() > pattern.size() && name.ends_with(pattern) && name[name.size() - pattern.size() - 1] == '/')
      return true;
    return name == pattern || name.find("/" + pattern + "/") != std::string_view::npos;
  });
}

// One step of matching "latency_summary_{mode}.csv" against a path's component; `parts` gets what {mode} stands for.
bool match_component(std::string_view pattern, std::string_view text, std::map<std::string, std::string>& parts) {
  const auto open = pattern.find('{');
  if (open == std::string_view::npos) return pattern == text;
  const auto close = pattern.find('}', open);
  const auto head = pattern.substr(0, open);
  const auto tail = pattern.substr(close + 1);
  if (text.size() <= head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail)) return false;
  parts[std::string(pattern.substr(open + 1, close - open - 1))] =
      std::string(text.substr(head.size(), text.size() - head.size() - tail.size()));
  return true;
}

std::string fill(std::string name, const std::map<std::string, std::string>& parts) {
  for (const auto& [key, value] : parts) {
    const auto place = "{" + key + "}";
    for (auto at = name.find(place); at != std::string::npos; at = name.find(place, at + value.size()))
      name.replace(at, place.size(), value);
  }
  return name;
}

std::optional<Scalar> scalar_of(const core::Json& value) {
  if (value.is_boolean()) return Scalar(std::string(value.get<bool>() ? "true" : "false"));
  if (value.is_number()) return Scalar(value.get<double>());
  if (value.is_string()) return Scalar(value.get<std::string>());
  return std::nullopt;
}

std::string joined(const std::string& name, const std::string& part) { return name.empty() ? part : name + "/" + part; }

class Flattener {
 public:
  Flattener(const FileRule& rule, std::vector<Leaf>& leaves) : rule_(rule), leaves_(leaves) {}

  void walk(const core::Json& value, const std::string& name, const std::string& place) {
    if (value.is_object()) {
      for (const auto& [key, member] : value.items())
        walk(member, joined(name, key), place.empty() ? key : place + "." + key);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) element(value[i], i, name, fmt::format("{}[{}]", place, i));
    } else if (const auto scalar = scalar_of(value); scalar && !skipped(rule_, name)) {
      leaves_.push_back({name, *scalar, place});
    }
  }

 private:
  void element(const core::Json& value, std::size_t index, const std::string& name, const std::string& place) {
    if (!value.is_object()) return walk(value, joined(name, std::to_string(index)), place);
    std::string id;
    core::Json rest = value;
    for (const auto& key : rule_.keys) {
      const auto member = value.find(key);
      if (member == value.end()) continue;
      if (const auto scalar = scalar_of(*member)) id = joined(id, key_text(to_text(*scalar)));
      rest.erase(key);
    }
    walk(rest, joined(name, id.empty() ? std::to_string(index) : id), place);
  }

  const FileRule& rule_;
  std::vector<Leaf>& leaves_;
};

}  // namespace

std::optional<double> cell_number(std::string_view cell) {
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string key_text(std::string_view cell) {
  const auto number = cell_number(cell);
  if (number && *number == std::floor(*number) && std::abs(*number) < 1e15)
    return std::to_string(static_cast<long long>(*number));
  return std::string(cell);
}

std::optional<std::string> prefix_for(const FileRule& rule, std::string_view path) {
  std::string_view pattern = rule.file;
  std::map<std::string, std::string> parts;
  while (!pattern.empty()) {
    const auto pattern_cut = pattern.rfind('/');
    const auto path_cut = path.rfind('/');
    const auto component = [](std::string_view text, std::size_t cut) {
      return cut == std::string_view::npos ? text : text.substr(cut + 1);
    };
    if (path.empty() || !match_component(component(pattern, pattern_cut), component(path, path_cut), parts))
      return std::nullopt;
    pattern = pattern_cut == std::string_view::npos ? std::string_view() : pattern.substr(0, pattern_cut);
    path = path_cut == std::string_view::npos ? std::string_view() : path.substr(0, path_cut);
  }
  return fill(rule.name, parts);
}

std::vector<Leaf> leaves_of(const readers::Table& table, const FileRule& rule, const std::string& prefix) {
  std::vector<Leaf> leaves;
  const auto is_key = [&](const std::string& column) {
    return std::find(rule.keys.begin(), rule.keys.end(), column) != rule.keys.end();
  };
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    std::string name = prefix;
    for (const auto& key : rule.keys) {
      const auto at = std::find(table.columns.begin(), table.columns.end(), key);
      if (at == table.columns.end()) continue;
      const auto column = static_cast<std::size_t>(at - table.columns.begin());
      if (column < row.size()) name = joined(name, key_text(row[column]));
    }
    for (std::size_t c = 0; c < table.columns.size() && c < row.size(); ++c) {
      const auto& cell = row[c];
      if (is_key(table.columns[c]) || cell.empty() || cell == "NaN" || cell == "nan" || cell == "None") continue;
      auto leaf = joined(name, table.columns[c]);
      if (skipped(rule, leaf)) continue;
      const auto number = cell_number(cell);
      Scalar value = number ? Scalar(*number) : Scalar(cell);
      if (cell == "True" || cell == "False") value = std::string(cell == "True" ? "true" : "false");
      leaves.push_back({std::move(leaf), std::move(value), fmt::format("row {}, {}", r + 1, table.columns[c])});
    }
  }
  return leaves;
}

std::vector<Leaf> leaves_of(const core::Json& document, const FileRule& rule, const std::string& prefix) {
  std::vector<Leaf> leaves;
  if (rule.at.empty()) {
    Flattener(rule, leaves).walk(document, prefix, {});
  } else if (document.is_object() && document.contains(rule.at)) {
    Flattener(rule, leaves).walk(document[rule.at], prefix, rule.at);
  }
  return leaves;
}

}  // namespace phasegate::conformance
