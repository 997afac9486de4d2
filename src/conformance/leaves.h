// The cells of a file that was published beside its rows, each under the name that a FileRule gives it: a table's row
// and column, a document's path with the key fields of a list's elements in place of positions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/published.h"
#include "core/json.h"
#include "readers/source.h"

namespace phasegate::conformance {

struct Leaf {
  std::string name;
  Scalar value;
  std::string place;  // inside the file: "row 3, p99_ms" or "rows[2].p99_ms"
};

// The prefix of the names when `path` is a file of this rule ("…/latency_summary_{mode}.csv"), else nothing.
[[nodiscard]] std::optional<std::string> prefix_for(const FileRule& rule, std::string_view path);

// Empty cells, NaN, null and what the rule skips are left out. A cell counts as a number when all of it is one.
[[nodiscard]] std::vector<Leaf> leaves_of(const readers::Table& table, const FileRule& rule, const std::string& prefix);
[[nodiscard]] std::vector<Leaf> leaves_of(const core::Json& document, const FileRule& rule, const std::string& prefix);

[[nodiscard]] std::optional<double> cell_number(std::string_view cell);
[[nodiscard]] std::string key_text(std::string_view cell);  // "1.0" and "1" are the same key

}  // namespace phasegate::conformance
