#include "conformance/published.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <set>

#include "conformance/embedded.h"
#include "core/check.h"

namespace phasegate::conformance {
namespace {

using core::ErrorKind;

core::Error bad(const std::string& source, const YAML::Node& node, std::string what) {
  return {ErrorKind::invalid_input, std::move(what), fmt::format("{}:{}", source, node.Mark().line + 1),
          "data/published/README.md has the grammar"};
}

core::Status only_keys(const YAML::Node& node, const std::string& source,
                       std::initializer_list<std::string_view> allowed) {
  if (!node.IsMap()) return core::fail(bad(source, node, "is not a mapping of keys to values"));
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const auto key = entry.first.Scalar();
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      return core::fail(bad(source, entry.first, fmt::format("\"{}\" is not a known key", key)));
    if (!seen.insert(key).second)
      return core::fail(bad(source, entry.first, fmt::format("\"{}\" stands here twice", key)));
  }
  return {};
}

std::string text_of(const YAML::Node& node, const char* key) {
  const auto value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

std::vector<std::string> texts_of(const YAML::Node& node, const char* key) {
  std::vector<std::string> texts;
  if (const auto list = node[key]; list && list.IsSequence())
    for (const auto& item : list) texts.push_back(item.Scalar());
  return texts;
}

core::Result<Kind> kind_of(const YAML::Node& node, const std::string& source) {
  const auto text = text_of(node, "kind");
  if (text.empty() || text == "golden") return Kind::golden;
  if (text == "published") return Kind::published;
  if (text == "contradicted") return Kind::contradicted;
  return core::fail(bad(source, node["kind"], fmt::format("\"{}\" is not golden, published or contradicted", text)));
}

// Fills value and tolerance out of what is printed.
core::Status set_value(Published& published, const YAML::Node& cell, const YAML::Node& context,
                       const std::string& source) {
  if (!cell || !cell.IsScalar()) return core::fail(bad(source, context, published.name + " has no value"));
  const auto& printed = cell.Scalar();
  const auto number = cell.Tag() == "tag:yaml.org,2002:str" ? std::nullopt : printed_number(printed);
  if (!number) {
    published.value = printed;
    return {};
  }
  published.value = *number;
  published.tolerance = *printed_tolerance(printed);
  if (const auto tolerance = text_of(context, "tolerance"); !tolerance.empty()) {
    const auto parsed = printed_number(tolerance);
    if (!parsed || *parsed < 0) return core::fail(bad(source, context["tolerance"], "is not a tolerance"));
    published.tolerance = *parsed;
  }
  return {};
}

core::Result<Published> common(const YAML::Node& node, const std::string& run, const std::string& source) {
  Published published;
  published.run = run;
  published.unit = text_of(node, "unit");
  published.where = text_of(node, "where");
  published.why = text_of(node, "why");
  PHASEGATE_TRY(kind, kind_of(node, source));
  published.kind = kind;
  if (published.where.empty()) return core::fail(bad(source, node, "does not say where it is published (`where`)"));
  if ((kind == Kind::contradicted) == published.why.empty())
    return core::fail(bad(source, node, "`why` belongs to a contradicted value, and only to one"));
  return published;
}

core::Status add_table(PublishedRun& run, const YAML::Node& node, const std::string& source) {
  PHASEGATE_CHECK_OK(
      only_keys(node, source, {"where", "kind", "why", "unit", "prefix", "columns", "rows", "tolerance"}));
  PHASEGATE_TRY(base, common(node, run.run, source));
  const auto columns = texts_of(node, "columns");
  const auto prefix = text_of(node, "prefix");
  if (!node["rows"] || !node["rows"].IsMap()) return core::fail(bad(source, node, "has no rows"));
  for (const auto& row : node["rows"]) {
    const auto& cells = row.second;
    if (!cells.IsSequence() || cells.size() != columns.size()) {
      return core::fail(
          bad(source, row.first, fmt::format("row \"{}\" does not have {} cells", row.first.Scalar(), columns.size())));
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (cells[i].IsScalar() && cells[i].Scalar() == "-") continue;  // not printed
      Published published = base;
      published.name =
          prefix.empty() ? name_of(row.first.Scalar(), columns[i]) : name_of(prefix, row.first.Scalar(), columns[i]);
      PHASEGATE_CHECK_OK(set_value(published, cells[i], node, source));
      run.values.push_back(std::move(published));
    }
  }
  return {};
}

core::Status add_value(PublishedRun& run, const YAML::Node& node, const std::string& source) {
  PHASEGATE_CHECK_OK(only_keys(node, source, {"name", "value", "where", "kind", "why", "unit", "tolerance"}));
  PHASEGATE_TRY(published, common(node, run.run, source));
  published.name = text_of(node, "name");
  if (published.name.empty()) return core::fail(bad(source, node, "a value has no name"));
  PHASEGATE_CHECK_OK(set_value(published, node["value"], node, source));
  run.values.push_back(std::move(published));
  return {};
}

core::Result<PublishedRun> read_run(const YAML::Node& node, const std::string& source) {
  PHASEGATE_CHECK_OK(only_keys(node, source, {"run", "recognise", "about", "tables", "values"}));
  PublishedRun run;
  run.run = text_of(node, "run");
  run.about = text_of(node, "about");
  run.recognise = texts_of(node, "recognise");
  if (run.run.empty()) return core::fail(bad(source, node, "a run has no id"));
  if (run.recognise.empty()) run.recognise = {run.run};
  for (const auto& table : node["tables"]) PHASEGATE_CHECK_OK(add_table(run, table, source));
  for (const auto& value : node["values"]) PHASEGATE_CHECK_OK(add_value(run, value, source));
  std::set<std::string> names;
  for (const auto& value : run.values) {
    if (!names.insert(value.name + " " + value.where).second)
      return core::fail(bad(source, node, fmt::format("{} is published twice in {}", value.name, value.where)));
  }
  return run;
}

core::Result<double> tolerance_of(const YAML::Node& node, const std::string& source) {
  const auto number = node.IsScalar() ? printed_number(node.Scalar()) : std::nullopt;
  if (!number || *number < 0) return core::fail(bad(source, node, "is not a relative tolerance"));
  return *number;
}

core::Result<FileRule> read_file_rule(const YAML::Node& node, const std::string& source) {
  PHASEGATE_CHECK_OK(
      only_keys(node, source, {"file", "with", "name", "keys", "at", "tolerance", "loose", "skip", "absent"}));
  FileRule rule;
  rule.file = text_of(node, "file");
  rule.with = text_of(node, "with");
  rule.name = text_of(node, "name");
  rule.at = text_of(node, "at");
  rule.keys = texts_of(node, "keys");
  rule.skip = texts_of(node, "skip");
  if (rule.file.empty()) return core::fail(bad(source, node, "a file rule names no file"));
  if (node["tolerance"]) {
    PHASEGATE_TRY(tolerance, tolerance_of(node["tolerance"], source));
    rule.tolerance = tolerance;
  }
  for (const auto& entry : node["loose"]) {
    PHASEGATE_TRY(tolerance, tolerance_of(entry.second, source));
    rule.loose[entry.first.Scalar()] = tolerance;
  }
  for (const auto& entry : node["absent"]) rule.absent[entry.first.Scalar()] = entry.second.Scalar();
  return rule;
}

core::Result<Catalogue> read_catalogue(const YAML::Node& root, const std::string& source) {
  PHASEGATE_CHECK_OK(only_keys(root, source, {"report", "title", "files", "runs"}));
  Catalogue result;
  const auto format = readers::parse_format(text_of(root, "report"));
  if (!format) return core::fail(bad(source, root, "`report` names no report"));
  result.format = *format;
  result.title = text_of(root, "title");
  for (const auto& node : root["files"]) {
    PHASEGATE_TRY(rule, read_file_rule(node, source));
    result.files.push_back(std::move(rule));
  }
  for (const auto& node : root["runs"]) {
    PHASEGATE_TRY(run, read_run(node, source));
    result.runs.push_back(std::move(run));
  }
  return result;
}

}  // namespace

std::optional<double> printed_number(std::string_view digits) {
  std::string plain;
  for (const char c : digits)
    if (c != ',') plain += c;
  if (plain.empty() || plain.front() == '+') return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (code != std::errc() || end != plain.data() + plain.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> printed_tolerance(std::string_view digits) {
  if (!printed_number(digits)) return std::nullopt;
  const auto e = digits.find_first_of("eE");
  const auto mantissa = digits.substr(0, e);
  int power = 0;
  if (e != std::string_view::npos) {
    auto exponent = digits.substr(e + 1);
    if (exponent.front() == '+') exponent.remove_prefix(1);
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  }
  const auto point = mantissa.find('.');
  const int decimals = point == std::string_view::npos ? 0 : static_cast<int>(mantissa.size() - point - 1);
  return 0.5 * std::pow(10.0, power - decimals);
}

core::Result<Catalogue> parse_catalogue(const std::string& yaml, const std::string& source) {
  try {
    return read_catalogue(YAML::Load(yaml), source);
  } catch (const YAML::Exception& error) {
    return core::fail({ErrorKind::invalid_input,
                       "not valid YAML: " + error.msg,
                       fmt::format("{}:{}", source, error.mark.line + 1),
                       {}});
  }
}

const Catalogue& catalogue(readers::Format format) {
  static const std::map<readers::Format, Catalogue> all = [] {
    std::map<readers::Format, Catalogue> parsed;
    for (const auto text :
         {kPublishedTr117, kPublishedTr118, kPublishedTr119, kPublishedTr120, kPublishedTr121, kPublishedTr122}) {
      auto result = parse_catalogue(std::string(text), "data/published");
      PHASEGATE_CHECK(result.has_value());  // the compiled-in files are whole (published_test.cpp names the line)
      parsed.emplace(result->format, std::move(*result));
    }
    return parsed;
  }();
  const auto found = all.find(format);
  PHASEGATE_CHECK(found != all.end());
  return found->second;
}

}  // namespace phasegate::conformance
