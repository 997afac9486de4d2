#include "claims/ledger_texts.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <map>

#include "claims/ledger_rules.h"
#include "claims/whitepaper.h"
#include "core/check.h"

namespace phasegate::claims {
namespace {

using core::ErrorKind;

core::Error bad(const std::string& source, const YAML::Node& node, std::string what) {
  return {ErrorKind::invalid_input, std::move(what), fmt::format("{}:{}", source, node.Mark().line + 1),
          "see data/claims/whitepaper.yaml"};
}

template <std::size_t N>
core::Status only_keys(const YAML::Node& node, const std::string& source, const std::array<const char*, N>& keys) {
  if (!node.IsMap()) return core::fail(bad(source, node, "is not a mapping of keys to values"));
  for (const auto& entry : node) {
    const auto key = entry.first.Scalar();
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      return core::fail(bad(source, entry.first, fmt::format("\"{}\" is not a known key", key)));
  }
  for (const char* key : keys)
    if (!node[key]) return core::fail(bad(source, node, fmt::format("lacks \"{}\"", key)));
  return {};
}

using Anchors = std::map<std::string, TextAnchor>;

core::Result<Anchors> read_anchors(const YAML::Node& node, const std::string& source) {
  Anchors anchors;
  for (const auto& entry : node) {
    PHASEGATE_CHECK_OK(only_keys(entry.second, source, std::array{"path", "report", "run"}));
    anchors[entry.first.Scalar()] = {entry.second["path"].Scalar(), entry.second["report"].Scalar(),
                                     entry.second["run"].Scalar()};
  }
  return anchors;
}

core::Result<LedgerText> read_text(const YAML::Node& node, const Anchors& anchors, const std::string& source) {
  PHASEGATE_CHECK_OK(only_keys(node, source, std::array{"id", "kind", "text", "where", "rule", "anchors"}));
  LedgerText text{node["id"].Scalar(),    node["kind"].Scalar(), node["text"].Scalar(),
                  node["where"].Scalar(), node["rule"].Scalar(), {}};
  if (!has_rule(text.rule)) return core::fail(bad(source, node, fmt::format("\"{}\" is no rule", text.rule)));
  for (const auto& name : node["anchors"]) {
    const auto anchor = anchors.find(name.Scalar());
    if (anchor == anchors.end())
      return core::fail(bad(source, name, fmt::format("\"{}\" is no anchor of this file", name.Scalar())));
    text.anchors.push_back(anchor->second);
  }
  return text;
}

core::Result<std::vector<LedgerText>> read_texts(const YAML::Node& root, const std::string& source) {
  PHASEGATE_CHECK_OK(only_keys(root, source, std::array{"title", "claims", "anchors"}));
  PHASEGATE_TRY(anchors, read_anchors(root["anchors"], source));
  std::vector<LedgerText> texts;
  for (const auto& node : root["claims"]) {
    PHASEGATE_TRY(text, read_text(node, anchors, source));
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

core::Result<std::vector<LedgerText>> parse_ledger_texts(const std::string& yaml, const std::string& source) {
  try {
    return read_texts(YAML::Load(yaml), source);
  } catch (const YAML::Exception& error) {
    return core::fail({ErrorKind::invalid_input,
                       "not valid YAML: " + error.msg,
                       fmt::format("{}:{}", source, error.mark.line + 1),
                       {}});
  }
}

const std::vector<LedgerText>& ledger_texts() {
  static const std::vector<LedgerText> texts = [] {
    auto parsed = parse_ledger_texts(std::string(kWhitepaperClaims), "data/claims/whitepaper.yaml");
    PHASEGATE_CHECK(parsed.has_value());  // the compiled-in file is whole (ledger_test.cpp names the line)
    return std::move(*parsed);
  }();
  return texts;
}

}  // namespace phasegate::claims
