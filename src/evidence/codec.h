// One declaration of a struct's fields serves writing and reading, so that the two cannot drift apart:
//
//   template <class V, class T> void fields(V& v, T& scenario) {   // T is Scenario or const Scenario
//     v.integer("batch", scenario.batch, {1, kMaxBatch});
//   }
//
// Writer turns it into JSON. Reader is strict: every declared key must be there, no other may be, types and bounds
// must fit; the first problem wins and names its key path. Absence is null, never an absent key: an empty
// `text_or_null` string, an empty optional and choice 0 of `choice_or_null` are null in JSON, and only that. Internal
// to this module; the template is instantiated in the .cpp of each struct.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/names.h"
#include "evidence/node.h"

namespace phasegate::evidence {

enum class Fault { none, wrong_type, unknown_key, missing_key, out_of_range, inconsistent, newer_version };

struct Problem {
  Fault fault = Fault::none;
  std::string path;  // "timing.step_ns[3]"
  std::string what;

  [[nodiscard]] bool found() const { return fault != Fault::none; }
  [[nodiscard]] core::Error error() const {
    const auto kind = fault == Fault::newer_version ? core::ErrorKind::conflict : core::ErrorKind::invalid_input;
    return {kind, what, path, fault == Fault::newer_version ? "use a newer phasegate" : ""};
  }
};

struct Bounds {
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};
struct NumberBounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

enum class Text { any, not_empty, sha256 };

[[nodiscard]] bool is_sha256(std::string_view text);

// The plain number inside a field: an integer as it is, or the value of a core::Quantity.
template <class T>
[[nodiscard]] constexpr auto plain(const T& field) {
  if constexpr (requires { field.value; }) {
    return field.value;
  } else {
    return field;
  }
}

class Writer {
 public:
  [[nodiscard]] core::Json take() { return std::move(out_); }

  void constant(const char* key, std::string_view value) { out_[key] = value; }
  void version(const char* key, int value) { out_[key] = value; }
  template <class T>
  void integer(const char* key, const T& value, Bounds = {}) {
    out_[key] = plain(value);
  }
  template <class T>
  void integer_or_null(const char* key, const std::optional<T>& value, Bounds = {}) {
    out_[key] = value ? core::Json(plain(*value)) : core::Json();
  }
  // 64 bits as decimal text: most readers of JSON keep 53 bits of a number.
  void decimal(const char* key, const std::uint64_t& value) { out_[key] = std::to_string(value); }
  void number(const char* key, const double& value, NumberBounds = {}) { out_[key] = value; }
  void number_or_null(const char* key, const std::optional<double>& value, NumberBounds = {}) {
    out_[key] = value ? core::Json(*value) : core::Json();
  }
  void flag(const char* key, const bool& value) { out_[key] = value; }
  void text(const char* key, const std::string& value, Text = Text::any) { out_[key] = value; }
  void text_or_null(const char* key, const std::string& value, Text = Text::not_empty) {
    out_[key] = value.empty() ? core::Json() : core::Json(value);
  }
  void text_or_null(const char* key, const std::optional<std::string>& value, Text = Text::not_empty) {
    out_[key] = value ? core::Json(*value) : core::Json();
  }
  void one_of(const char* key, const std::string& value, std::span<const std::string_view>) { out_[key] = value; }
  template <class Enum>
  void choice(const char* key, const Enum& value, std::span<const std::string_view> names) {
    out_[key] = name_of(names, value);
  }
  template <class Enum>
  void choice_or_null(const char* key, const Enum& value, std::span<const std::string_view> names) {
    out_[key] = value == Enum{} ? core::Json() : core::Json(name_of(names, value));
  }
  template <class T>
  void integers(const char* key, const std::vector<T>& values, Bounds = {}) {
    auto list = core::Json::array();
    for (const auto& value : values) list.push_back(plain(value));
    out_[key] = std::move(list);
  }
  void texts(const char* key, const std::vector<std::string>& values, Text = Text::any) { out_[key] = values; }
  template <class T>
  void counts(const char* key, const std::map<std::string, T>& values) {
    out_[key] = core::Json(values);
  }
  void text_map(const char* key, const std::map<std::string, std::string>& values, Text = Text::any) {
    out_[key] = values;
  }
  void json(const char* key, const core::Json& value) { out_[key] = value; }
  template <class Low, class High>
  void pair(const char* key, const Low& low, const High& high, Bounds = {}) {
    out_[key] = core::Json::array({low, high});
  }
  // Values that follow from others: written for readers of the file, compared on reading.
  template <class Derive>
  void derived_integer(const char* key, Derive derive) {
    const auto value = derive();
    out_[key] = value ? core::Json(plain(*value)) : core::Json();
  }
  template <class Derive>
  void derived_number(const char* key, Derive derive) {
    const std::optional<double> value = derive();
    out_[key] = value ? core::finite_or_null(*value) : core::Json();
  }
  template <class Inner>
  void object(const char* key, Inner inner) {
    Writer writer;
    inner(writer);
    out_[key] = writer.take();
  }
  template <class T, class Inner>
  void object_or_null(const char* key, const std::optional<T>& value, Inner inner) {
    if (!value) {
      out_[key] = nullptr;
      return;
    }
    Writer writer;
    inner(writer, *value);
    out_[key] = writer.take();
  }
  template <class T, class Inner>
  void list(const char* key, const std::vector<T>& values, Inner inner) {
    auto items = core::Json::array();
    for (const auto& value : values) {
      Writer writer;
      inner(writer, value);
      items.push_back(writer.take());
    }
    out_[key] = std::move(items);
  }
  template <class Check>
  void require(const char*, const char*, Check) {}

 private:
  core::Json out_ = core::Json::object();
};

template <class Node>
class Reader {
 public:
  Reader(Node node, Problem& problem) : Reader(node, problem, nullptr, {}, 0) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // After the last field: what was not declared is unknown.
  void finish() {
    if (problem_.found() || node_.size() == declared_) return;
    node_.each_entry([&](std::string_view key, const Node&) {
      for (std::size_t i = 0; i < declared_; ++i) {
        if (keys_[i] == key) return true;
      }
      report(Fault::unknown_key, key, "is not a known key");
      return false;
    });
    if (!problem_.found()) report(Fault::unknown_key, {}, "has a duplicate key");
  }

  void constant(const char* key, std::string_view value) {
    if (const auto text = as_text(key); text && *text != value) {
      report(Fault::out_of_range, key, fmt::format("is \"{}\", \"{}\" was expected", *text, value));
    }
  }
  void version(const char* key, int value) {
    const auto found = as_integer(key);
    if (!found || *found == value) return;
    if (*found > value) {
      report(Fault::newer_version, key, fmt::format("is {}, this phasegate reads version {}", *found, value));
    } else {
      report(Fault::out_of_range, key, fmt::format("is {}, {} was expected", *found, value));
    }
  }
  template <class T>
  void integer(const char* key, T& target, Bounds bounds = {}) {
    if (const auto node = get(key)) store_integer(*node, key, target, bounds);
  }
  template <class T>
  void integer_or_null(const char* key, std::optional<T>& target, Bounds bounds = {}) {
    target.reset();
    if (const auto node = get(key); node && !node->is_null()) {
      T value{};
      store_integer(*node, key, value, bounds);
      target = value;
    }
  }
  void decimal(const char* key, std::uint64_t& target) {
    const auto value = as_text(key);
    if (!value) return;
    const auto [end, code] = std::from_chars(value->data(), value->data() + value->size(), target);
    if (code != std::errc() || end != value->data() + value->size() || std::to_string(target) != *value) {
      report(Fault::out_of_range, key, "is not an integer from 0 to 2^64-1 in decimal");
    }
  }
  void number(const char* key, double& target, NumberBounds bounds = {}) {
    if (const auto node = get(key)) store_number(*node, key, target, bounds);
  }
  void number_or_null(const char* key, std::optional<double>& target, NumberBounds bounds = {}) {
    target.reset();
    if (const auto node = get(key); node && !node->is_null()) {
      double value = 0;
      store_number(*node, key, value, bounds);
      target = value;
    }
  }
  void flag(const char* key, bool& target) {
    const auto node = get(key);
    if (!node) return;
    const auto value = node->flag();
    if (!value) return report(Fault::wrong_type, key, "is not true or false");
    target = *value;
  }
  void text(const char* key, std::string& target, Text kind = Text::any) {
    if (const auto value = as_text(key); value && fits(key, *value, kind)) target = *value;
  }
  void text_or_null(const char* key, std::string& target, Text kind = Text::not_empty) {
    target.clear();
    if (const auto node = get(key); node && !node->is_null()) text_of(*node, key, target, kind);
  }
  void text_or_null(const char* key, std::optional<std::string>& target, Text kind = Text::not_empty) {
    target.reset();
    if (const auto node = get(key); node && !node->is_null()) text_of(*node, key, target.emplace(), kind);
  }
  void one_of(const char* key, std::string& target, std::span<const std::string_view> names) {
    const auto value = as_text(key);
    if (!value) return;
    target = *value;
    if (std::find(names.begin(), names.end(), *value) == names.end())
      report(Fault::out_of_range, key, fmt::format("is \"{}\", which is not in its set", *value));
  }
  template <class Enum>
  void choice(const char* key, Enum& target, std::span<const std::string_view> names) {
    if (const auto node = get(key)) store_choice(*node, key, target, names);
  }
  template <class Enum>
  void choice_or_null(const char* key, Enum& target, std::span<const std::string_view> names) {
    target = Enum{};
    const auto node = get(key);
    if (!node || node->is_null()) return;
    store_choice(*node, key, target, names);
    if (!problem_.found() && target == Enum{}) report(Fault::out_of_range, key, "says none; null was expected");
  }
  template <class T>
  void integers(const char* key, std::vector<T>& target, Bounds bounds = {}) {
    target.clear();
    each_of_array(key, [&](const Node& item, const char* name, std::size_t) {
      store_integer(item, name, target.emplace_back(), bounds);
    });
  }
  void texts(const char* key, std::vector<std::string>& target, Text kind = Text::any) {
    target.clear();
    each_of_array(key, [&](const Node& item, const char* name, std::size_t) {
      text_of(item, name, target.emplace_back(), kind);
    });
  }
  void numbers(const char* key, std::vector<double>& target) {
    target.clear();
    each_of_array(key, [&](const Node& item, const char* name, std::size_t) {
      store_number(item, name, target.emplace_back(), {});
    });
  }
  // Lines that follow each other have the same names: the map of the line before is filled again where they match.
  void number_map(const char* key, std::map<std::string, double>& target) {
    auto next = target.begin();
    bool same = true;
    each_of_map(key, [&](std::string_view name, const Node& item) {
      double value = 0;
      store_number(item, key, value, {});
      same = same && next != target.end() && next->first == name;
      if (same) {
        (next++)->second = value;
        return;
      }
      target.erase(next, target.end());
      if (!target.emplace(name, value).second) report(Fault::inconsistent, key, "has a duplicate key");
      next = target.end();
    });
    target.erase(next, target.end());
  }
  template <class Enum>
  void optional_choice(const char* key, std::optional<Enum>& target, std::span<const std::string_view> names) {
    target.reset();
    if (const auto node = get(key); node && !node->is_null()) store_choice(*node, key, target.emplace(), names);
  }
  template <class T>
  void counts(const char* key, std::map<std::string, T>& target) {
    target.clear();
    each_of_map(key, [&](std::string_view name, const Node& item) {
      T value{};
      store_integer(item, key, value, {});
      target.emplace(name, value);
    });
  }
  void text_map(const char* key, std::map<std::string, std::string>& target, Text kind = Text::any) {
    target.clear();
    each_of_map(key, [&](std::string_view name, const Node& item) {
      std::string value;
      text_of(item, key, value, kind);
      target.emplace(name, std::move(value));
    });
  }
  void json(const char* key, core::Json& target) {
    if (const auto node = get(key)) target = node->json();
  }
  template <class Low, class High>
  void pair(const char* key, Low& low, High& high, Bounds bounds = {}) {
    const auto node = get(key);
    if (!node) return;
    if (!node->is_array() || node->size() != 2) return report(Fault::wrong_type, key, "is not an array of two numbers");
    int index = 0;
    node->each_item([&](const Node& item) {
      auto& target = index++ == 0 ? low : high;
      if constexpr (std::is_floating_point_v<Low>) {
        store_number(item, key, target, {});
      } else {
        store_integer(item, key, target, bounds);
      }
      return !problem_.found();
    });
    if (!problem_.found() && low > high) report(Fault::inconsistent, key, "has its low end above its high end");
  }
  template <class Derive>
  void derived_integer(const char* key, Derive derive) {
    std::optional<std::int64_t> found;
    integer_or_null(key, found);
    if (problem_.found()) return;
    const auto expected = derive();
    if (found.has_value() != expected.has_value() || (found && *found != plain(*expected))) {
      report(Fault::inconsistent, key, "does not follow from the values beside it");
    }
  }
  template <class Derive>
  void derived_number(const char* key, Derive derive) {
    std::optional<double> found;
    number_or_null(key, found, {0});
    if (problem_.found()) return;
    std::optional<double> expected = derive();
    if (expected && !std::isfinite(*expected)) expected.reset();
    const bool equal = found.has_value() == expected.has_value() &&
                       (!found || std::abs(*found - *expected) <= 1e-9 * std::abs(*expected));
    if (!equal) report(Fault::inconsistent, key, "does not follow from tokens and duration");
  }
  template <class Inner>
  void object(const char* key, Inner inner) {
    if (const auto node = get(key)) nested(*node, key, -1, inner);
  }
  template <class T, class Inner>
  void object_or_null(const char* key, std::optional<T>& target, Inner inner) {
    target.reset();
    if (const auto node = get(key); node && !node->is_null()) {
      nested(*node, key, -1, [&](auto& reader) { inner(reader, target.emplace()); });
    }
  }
  template <class T, class Inner>
  void list(const char* key, std::vector<T>& target, Inner inner) {
    target.clear();
    each_of_array(key, [&](const Node& item, const char* name, std::size_t index) {
      nested(item, name, static_cast<std::int64_t>(index), [&](auto& reader) { inner(reader, target.emplace_back()); });
    });
  }
  // What a schema cannot say: a relation between fields that were read before.
  template <class Check>
  void require(const char* key, const char* what, Check check) {
    if (!problem_.found() && !check()) report(Fault::inconsistent, key, what);
  }

 private:
  static constexpr std::size_t kMaxFields = 64;

  Reader(Node node, Problem& problem, const Reader* parent, std::string_view name, std::int64_t index)
      : node_(node), fields_(node), problem_(problem), parent_(parent), name_(name), index_(index) {
    if (!problem_.found() && !node_.is_object()) {
      problem_ = {Fault::wrong_type, path({}), "is not an object"};
    }
  }

  [[nodiscard]] std::optional<Node> get(const char* key) {
    if (problem_.found()) return std::nullopt;
    keys_[declared_++] = key;
    auto node = fields_.find(key);
    if (!node) report(Fault::missing_key, key, "is missing");
    return node;
  }
  [[nodiscard]] std::optional<std::int64_t> as_integer(const char* key) {
    const auto node = get(key);
    if (!node) return std::nullopt;
    const auto value = node->integer();
    if (!value) report(Fault::wrong_type, key, "is not an integer");
    return value;
  }
  [[nodiscard]] std::optional<std::string_view> as_text(const char* key) {
    const auto node = get(key);
    if (!node) return std::nullopt;
    const auto value = node->text();
    if (!value) report(Fault::wrong_type, key, "is not a string");
    return value;
  }
  [[nodiscard]] bool fits(const char* key, std::string_view value, Text kind) {
    if (kind == Text::sha256 && !is_sha256(value)) {
      report(Fault::out_of_range, key, "is not a sha256 of 64 lower-case hex digits");
      return false;
    }
    if (kind == Text::not_empty && value.empty()) {
      report(Fault::out_of_range, key, "is empty");
      return false;
    }
    return true;
  }
  void text_of(const Node& node, const char* key, std::string& target, Text kind) {
    const auto value = node.text();
    if (!value) return report(Fault::wrong_type, key, "is not a string");
    if (fits(key, *value, kind)) target = *value;
  }
  template <class T>
  void store_integer(const Node& node, const char* key, T& target, Bounds bounds) {
    const auto value = node.integer();
    if (!value) return report(Fault::wrong_type, key, "is not an integer");
    using Plain = decltype(plain(target));
    bounds.high = std::min<std::int64_t>(bounds.high, std::numeric_limits<Plain>::max());
    if (*value < bounds.low || *value > bounds.high) {
      return report(Fault::out_of_range, key, fmt::format("is {}, outside {} to {}", *value, bounds.low, bounds.high));
    }
    target = T(static_cast<Plain>(*value));
  }
  void store_number(const Node& node, const char* key, double& target, NumberBounds bounds) {
    const auto value = node.number();
    if (!value) return report(Fault::wrong_type, key, "is not a number");
    if (!(*value >= bounds.low && *value <= bounds.high)) {
      return report(Fault::out_of_range, key, fmt::format("is {}, outside {} to {}", *value, bounds.low, bounds.high));
    }
    target = *value;
  }
  template <class Enum>
  void store_choice(const Node& node, const char* key, Enum& target, std::span<const std::string_view> names) {
    const auto text = node.text();
    if (!text) return report(Fault::wrong_type, key, "is not a string");
    const auto value = value_of<Enum>(names, *text);
    if (!value) return report(Fault::out_of_range, key, fmt::format("is \"{}\", which is not in its set", *text));
    target = *value;
  }
  template <class Inner>
  void nested(const Node& node, const char* key, std::int64_t index, Inner inner) {
    Reader reader(node, problem_, this, key, index);
    if (problem_.found()) return;
    inner(reader);
    reader.finish();
  }
  template <class Visit>
  void each_of_array(const char* key, Visit visit) {
    const auto node = get(key);
    if (!node) return;
    if (!node->is_array()) return report(Fault::wrong_type, key, "is not an array");
    std::size_t index = 0;
    node->each_item([&](const Node& item) {
      visit(item, key, index);
      ++index;
      return !problem_.found();
    });
  }
  template <class Visit>
  void each_of_map(const char* key, Visit visit) {
    const auto node = get(key);
    if (!node) return;
    if (!node->is_object()) return report(Fault::wrong_type, key, "is not an object");
    node->each_entry([&](std::string_view name, const Node& item) {
      visit(name, item);
      return !problem_.found();
    });
  }
  void report(Fault fault, std::string_view key, std::string what) {
    if (!problem_.found()) problem_ = {fault, path(key), std::move(what)};
  }
  [[nodiscard]] std::string path(std::string_view key) const {
    std::string text = parent_ == nullptr ? std::string() : parent_->path(name_);
    if (index_ >= 0 && parent_ != nullptr) text += fmt::format("[{}]", index_);
    if (!text.empty() && !key.empty()) text += '.';
    return text.append(key);
  }

  Node node_;
  typename Node::Fields fields_;
  Problem& problem_;
  const Reader* parent_;
  std::string_view name_;
  std::int64_t index_;
  std::array<std::string_view, kMaxFields> keys_;
  std::size_t declared_ = 0;
};

// Applies `declare(visitor, value)` to a whole document.
template <class T, class Declare>
[[nodiscard]] core::Json write_fields(const T& value, Declare declare) {
  Writer writer;
  declare(writer, value);
  return writer.take();
}

template <class Node, class T, class Declare>
[[nodiscard]] Problem read_fields(Node node, T& value, Declare declare) {
  Problem problem;
  Reader<Node> reader(node, problem);
  if (!problem.found()) {
    declare(reader, value);
    reader.finish();
  }
  return problem;
}

template <class T, class Declare>
[[nodiscard]] core::Result<T> from_json(const core::Json& json, Declare declare) {
  T value;
  const auto problem = read_fields(JsonNode(json), value, declare);
  if (problem.found()) return core::fail(problem.error());
  return value;
}

}  // namespace phasegate::evidence
