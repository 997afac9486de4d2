#include "evidence/thresholds.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <map>

#include "core/check.h"
#include "core/files.h"
#include "core/limits.h"
#include "evidence/embedded.h"
#include "evidence/thresholds_fields.h"

namespace phasegate::evidence {
namespace {

constexpr const char* kWatchSection = "watch";  // younger than the first documents

// The key path of each value in the file, and the line it stands on: errors name both.
using Lines = std::map<std::string, int>;

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

core::Error bad(const std::string& source, int line, std::string what) {
  return {core::ErrorKind::invalid_input, std::move(what), fmt::format("{}:{}", source, line),
          "see src/evidence/thresholds.yaml for every key with its default"};
}

// A YAML scalar read with the type of the value that it replaces; locale-free.
core::Result<core::Json> scalar_like(const core::Json& like, const YAML::Node& node, const std::string& source,
                                     const std::string& path) {
  if (!node.IsScalar()) return core::fail(bad(source, line_of(node), path + " is not a number"));
  const std::string& text = node.Scalar();
  if (like.is_number_integer()) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code == std::errc() && end == text.data() + text.size()) return core::Json(value);
    return core::fail(bad(source, line_of(node), fmt::format("{} is \"{}\", an integer was expected", path, text)));
  }
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return core::Json(value);
  return core::fail(bad(source, line_of(node), fmt::format("{} is \"{}\", a number was expected", path, text)));
}

core::Status overlay(core::Json& target, const YAML::Node& node, const std::string& source, const std::string& prefix,
                     Lines& lines) {
  if (!node.IsMap()) return core::fail(bad(source, line_of(node), "is not a mapping of keys to values"));
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    const std::string path = prefix.empty() ? key : prefix + "." + key;
    const auto at = target.find(key);
    if (at == target.end()) {
      return core::fail(bad(source, line_of(entry.first), fmt::format("\"{}\" is not a known key", path)));
    }
    if (!lines.emplace(path, line_of(entry.first)).second) {
      return core::fail(bad(source, line_of(entry.first), fmt::format("\"{}\" stands here twice", path)));
    }
    if (at->is_object()) {
      PHASEGATE_CHECK_OK(overlay(*at, entry.second, source, path, lines));
    } else {
      PHASEGATE_TRY(value, scalar_like(*at, entry.second, source, path));
      *at = std::move(value);
    }
  }
  return {};
}

core::Result<Thresholds> read_over(core::Json values, const std::string& yaml, const std::string& source,
                                   std::size_t* keys) {
  YAML::Node root;
  try {
    root = YAML::Load(yaml);
  } catch (const YAML::Exception& error) {
    return core::fail(bad(source, error.mark.line + 1, "not valid YAML: " + error.msg));
  }
  Lines lines;
  PHASEGATE_CHECK_OK(overlay(values, root, source, {}, lines));
  if (keys != nullptr) *keys = lines.size();
  auto thresholds = thresholds_from_json(values);
  if (thresholds) return thresholds;
  auto error = thresholds.error();
  error.what = error.where + " " + error.what;
  const auto line = lines.find(error.where);
  error.where = line == lines.end() ? source : fmt::format("{}:{}", source, line->second);
  return core::fail(std::move(error));
}

std::size_t count_keys(const core::Json& values) {
  std::size_t count = 0;
  for (const auto& value : values) count += 1 + (value.is_object() ? count_keys(value) : 0);
  return count;
}

}  // namespace

const Thresholds& default_thresholds() {
  static const Thresholds thresholds = [] {
    std::size_t keys = 0;
    const auto values = to_json(Thresholds{});
    const auto parsed = read_over(values, std::string(kThresholdsYaml), "thresholds.yaml", &keys);
    PHASEGATE_CHECK(parsed.has_value() && keys == count_keys(values));  // the compiled-in file is whole
    return *parsed;
  }();
  return thresholds;
}

core::Result<Thresholds> parse_thresholds(const std::string& yaml, const std::string& source) {
  return read_over(to_json(default_thresholds()), yaml, source, nullptr);
}

core::Result<Thresholds> load_thresholds(const std::filesystem::path& path) {
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxMatrixBytes));
  return parse_thresholds(text, path.string());
}

core::Json to_json(const Thresholds& thresholds) {
  return write_fields(thresholds, [](auto& v, auto& t) { thresholds_fields(v, t); });
}

core::Result<Thresholds> thresholds_from_json(const core::Json& json) {
  const auto read = [](const core::Json& document) {
    return from_json<Thresholds>(document, [](auto& v, auto& t) { thresholds_fields(v, t); });
  };
  if (!json.is_object() || json.contains(kWatchSection)) return read(json);
  core::Json completed = json;
  completed[kWatchSection] = to_json(Thresholds{})[kWatchSection];
  return read(completed);
}

std::string thresholds_hash(const Thresholds& thresholds) {
  const auto hash = core::json_hash(to_json(thresholds));
  PHASEGATE_CHECK(hash.has_value());  // a Thresholds holds finite numbers only: every way in checks it
  return *hash;
}

}  // namespace phasegate::evidence
