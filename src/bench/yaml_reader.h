// Strict reading of YAML: every key is known, stands once and has the type that is asked for. Each fault is an Error
// that names file, line and key. A section reads its keys with the typed getters and ends with finish(), which refuses
// what nobody asked for. Exceptions of yaml-cpp stay inside. One thread.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace phasegate::bench {

// Where each key stands, so that a rule that is checked later can still name the line.
class Places {
 public:
  explicit Places(std::string source) : source_(std::move(source)) {}

  void add(const std::string& key, int line) { lines_[key] = line; }
  // "file:12: candidates[1].model"; without a line for a matrix that was built in code.
  [[nodiscard]] std::string of(const std::string& key) const;
  [[nodiscard]] tl::unexpected<core::Error> fail(const std::string& key, std::string what, std::string next) const;

 private:
  std::string source_;
  std::map<std::string, int> lines_;
};

[[nodiscard]] core::Result<YAML::Node> parse_yaml(std::string_view text, const std::string& source);

struct IntRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

class Section {
 public:
  // `path` is the key of this section, empty for the file itself.
  [[nodiscard]] static core::Result<Section> open(const YAML::Node& node, std::string path, Places& places);

  [[nodiscard]] bool has(const std::string& key) const { return nodes_.count(key) != 0; }
  [[nodiscard]] std::string key_path(const std::string& key) const;
  // Getters leave `out` alone when the key is absent.
  [[nodiscard]] core::Status text(const std::string& key, std::string& out);
  [[nodiscard]] core::Status integer(const std::string& key, IntRange range, int& out);
  [[nodiscard]] core::Status seed(const std::string& key, std::uint64_t& out);
  [[nodiscard]] core::Status number(const std::string& key, double low, double high, double& out);
  [[nodiscard]] core::Status flag(const std::string& key, bool& out);
  // One integer or a list of distinct ones; empty = error.
  [[nodiscard]] core::Status axis(const std::string& key, IntRange range, std::vector<int>& out);
  // The node of a section or list, for the caller to open; nullopt when absent.
  [[nodiscard]] std::optional<YAML::Node> take(const std::string& key);
  // A list of at most `most` nodes.
  [[nodiscard]] core::Result<std::vector<YAML::Node>> list(const std::string& key, std::size_t most);
  [[nodiscard]] core::Status require(const std::string& key) const;
  // Every key of the section was asked for.
  [[nodiscard]] core::Status finish() const;

 private:
  Section(std::string path, Places& places) : path_(std::move(path)), places_(&places) {}
  [[nodiscard]] core::Result<std::int64_t> parse_integer(const YAML::Node& node, const std::string& key,
                                                         IntRange range) const;
  [[nodiscard]] core::Result<std::string> plain(const YAML::Node& node, const std::string& key,
                                                const char* wanted) const;

  std::string path_;
  Places* places_;
  std::map<std::string, YAML::Node> nodes_;
  mutable std::map<std::string, bool> asked_;
};

}  // namespace phasegate::bench
