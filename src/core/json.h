// Canonical JSON: one value has one text, so that a hash of the text identifies the value.
//   keys sorted bytewise, no white space, numbers in the shortest form that reads back to the same double,
//   integers as integers, UTF-8 as it is; NaN and infinities are refused (absence is null, never a sentinel).
// Reading is strict: duplicate keys, NaN, trailing text, invalid UTF-8 and depth above kMaxJsonDepth are errors
// that name the source, line and column.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace phasegate::core {

using Json = nlohmann::json;  // objects are ordered by key

inline constexpr int kMaxJsonDepth = 64;

// `source` is what an error names: a path, or "path:line" for a line of a JSONL file.
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view source);

// Fails with invalid_input when the value holds a NaN, an infinity or invalid UTF-8.
[[nodiscard]] Result<std::string> canonical_json(const Json& value);

// sha256 of canonical_json, hex.
[[nodiscard]] Result<std::string> json_hash(const Json& value);

// Null for a value that is not finite: the only way in which a double of an analysis enters JSON.
[[nodiscard]] Json finite_or_null(double value);

// The shortest decimal text that reads back to the same double, independent of the locale.
[[nodiscard]] std::string shortest(double value);
// The same, behind what `out` holds already: for writers of many numbers.
void append_shortest(std::string& out, double value);

}  // namespace phasegate::core
