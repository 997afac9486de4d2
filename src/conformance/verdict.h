// Published against derived: one verdict for each value, and why.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/derived.h"
#include "conformance/published.h"

namespace phasegate::conformance {

enum class Verdict {
  pass,               // equal at its tolerance
  fail,               // not equal, or listed as contradicted and yet equal
  known_discrepancy,  // listed as contradicted, and the data do say otherwise
  inputs_absent,      // published; the rows that it follows from are not here
  not_published,      // derived; nobody published it
};
[[nodiscard]] std::string_view to_string(Verdict verdict);
inline constexpr std::size_t kVerdicts = 5;

struct Value {
  readers::Format format = readers::Format::tr117;
  std::string run;
  std::string source;  // file and place, or the publication's section; empty for not_published
  std::string name;
  std::optional<Scalar> published;
  std::optional<Scalar> derived;
  std::optional<double> tolerance;  // absolute; of numbers alone
  Verdict verdict = Verdict::not_published;
  std::string why;  // of a discrepancy, an absence or a failure
};

inline constexpr const char* kNoRows = "no rows of this run here";

// One published value, with what the data give under the same run and name.
[[nodiscard]] Value judge(const Published& published, const Derived* derived);

[[nodiscard]] bool equal(const Scalar& published, const Scalar& derived, double tolerance);

}  // namespace phasegate::conformance
