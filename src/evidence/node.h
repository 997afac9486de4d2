// A read-only view of one JSON value with the few questions that codec.h asks. JsonNode looks into a parsed document;
// FastNode (fast_node.h) into simdjson's tape, for lines of records.jsonl.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/json.h"

namespace phasegate::evidence {

class JsonNode {
 public:
  class Fields;
  explicit JsonNode(const core::Json& json) : json_(&json) {}

  [[nodiscard]] bool is_null() const { return json_->is_null(); }
  [[nodiscard]] bool is_object() const { return json_->is_object(); }
  [[nodiscard]] bool is_array() const { return json_->is_array(); }
  [[nodiscard]] std::size_t size() const { return json_->size(); }  // of an object or array

  [[nodiscard]] std::optional<std::int64_t> integer() const {
    if (!json_->is_number_integer()) return std::nullopt;
    if (json_->is_number_unsigned() && json_->get<std::uint64_t>() > INT64_MAX) return std::nullopt;
    return json_->get<std::int64_t>();
  }
  [[nodiscard]] std::optional<double> number() const {
    if (!json_->is_number()) return std::nullopt;
    return json_->get<double>();
  }
  [[nodiscard]] std::optional<bool> flag() const {
    if (!json_->is_boolean()) return std::nullopt;
    return json_->get<bool>();
  }
  [[nodiscard]] std::optional<std::string_view> text() const {
    if (!json_->is_string()) return std::nullopt;
    return json_->get_ref<const std::string&>();
  }
  // Visits until `visit` returns false.
  template <class Visit>  // (JsonNode) -> bool
  void each_item(Visit visit) const {
    for (const auto& item : *json_) {
      if (!visit(JsonNode(item))) return;
    }
  }
  template <class Visit>  // (std::string_view key, JsonNode) -> bool
  void each_entry(Visit visit) const {
    for (auto at = json_->begin(); at != json_->end(); ++at) {
      if (!visit(std::string_view(at.key()), JsonNode(at.value()))) return;
    }
  }
  [[nodiscard]] core::Json json() const { return *json_; }

 private:
  const core::Json* json_;
};

// The entries of an object, asked by key.
class JsonNode::Fields {
 public:
  explicit Fields(const JsonNode& node) : json_(node.json_) {}

  [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const {
    const auto at = json_->find(key);
    if (at == json_->end()) return std::nullopt;
    return JsonNode(*at);
  }

 private:
  const core::Json* json_;
};

}  // namespace phasegate::evidence
