// A value inside simdjson's tape, with the questions that codec.h asks (node.h). The parser has checked the whole text
// (UTF-8, numbers, nesting) before there is one. Internal.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>

namespace phasegate::evidence {

class FastNode {
 public:
  class Fields;
  explicit FastNode(simdjson::dom::element element) : element_(element) {}

  [[nodiscard]] bool is_null() const { return element_.is_null(); }
  [[nodiscard]] bool is_object() const { return element_.is_object(); }
  [[nodiscard]] bool is_array() const { return element_.is_array(); }
  [[nodiscard]] std::size_t size() const {
    if (simdjson::dom::object object; element_.get(object) == simdjson::SUCCESS) return object.size();
    if (simdjson::dom::array array; element_.get(array) == simdjson::SUCCESS) return array.size();
    return 0;
  }
  [[nodiscard]] std::optional<std::int64_t> integer() const { return get<std::int64_t>(); }
  [[nodiscard]] std::optional<double> number() const { return get<double>(); }
  [[nodiscard]] std::optional<bool> flag() const { return get<bool>(); }
  [[nodiscard]] std::optional<std::string_view> text() const { return get<std::string_view>(); }
  template <class Visit>
  void each_item(Visit visit) const {
    simdjson::dom::array array;
    if (element_.get(array) != simdjson::SUCCESS) return;
    for (const auto item : array) {
      if (!visit(FastNode(item))) return;
    }
  }
  template <class Visit>
  void each_entry(Visit visit) const {
    simdjson::dom::object object;
    if (element_.get(object) != simdjson::SUCCESS) return;
    for (const auto entry : object) {
      if (!visit(entry.key, FastNode(entry.value))) return;
    }
  }

 private:
  template <class T>
  [[nodiscard]] std::optional<T> get() const {
    T value{};
    if (element_.get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }

  simdjson::dom::element element_;
};

// The entries of an object, asked by key. In the order of the text each key costs one comparison; any other order costs
// a search.
class FastNode::Fields {
 public:
  explicit Fields(const FastNode& node) {
    if (node.element_.get(object_) == simdjson::SUCCESS) {
      next_.emplace(object_.begin());
      left_ = object_.size();
    }
  }

  [[nodiscard]] std::optional<FastNode> find(std::string_view key) {
    if (left_ > 0 && next_->key() == key) {
      const FastNode found(next_->value());
      ++*next_;
      --left_;
      return found;
    }
    simdjson::dom::element found;
    if (object_.at_key(key).get(found) != simdjson::SUCCESS) return std::nullopt;
    return FastNode(found);
  }

 private:
  simdjson::dom::object object_;
  std::optional<simdjson::dom::object::iterator> next_;  // what find() expects, when left_ > 0
  std::size_t left_ = 0;
};

}  // namespace phasegate::evidence
