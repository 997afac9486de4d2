// What the first bytes of a file say about it, for the kind_of of a format: tolerant of a cut at the end, one pass, no
// document built. Pure; any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace phasegate::readers {

// Keys at the outermost level of the first JSON object, as far as the head goes; of a list, those of its first element.
// Empty when the text does not begin as JSON.
using HeadKeys = std::set<std::string, std::less<>>;
[[nodiscard]] HeadKeys head_keys(std::string_view head);
// The same for the object under an outermost key ("spec"); empty when that is none.
[[nodiscard]] HeadKeys head_keys_of(std::string_view head, std::string_view key);
// The text or number of an outermost key as it stands there, without quotes; "" when it is absent, a list or an object.
[[nodiscard]] std::string head_value(std::string_view head, std::string_view key);

[[nodiscard]] bool has_all(const HeadKeys& keys, std::initializer_list<std::string_view> wanted);

// Names in the first line of a CSV; empty when it cannot be a header.
[[nodiscard]] HeadKeys head_columns(std::string_view head);

// The document is a list.
[[nodiscard]] bool starts_with_list(std::string_view head);
// The first value is an object that, as far as the head goes, stands on one line: JSON Lines, or one such document.
[[nodiscard]] bool looks_like_json_lines(std::string_view head);

// Keys that begin a line of YAML without indentation.
[[nodiscard]] HeadKeys head_yaml_keys(std::string_view head);

}  // namespace phasegate::readers
