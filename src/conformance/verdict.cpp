#include "conformance/verdict.h"

#include <cmath>

namespace phasegate::conformance {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
    case Verdict::known_discrepancy: return "known_discrepancy";
    case Verdict::inputs_absent: return "inputs_absent";
    case Verdict::not_published: return "not_published";
  }
  return "";
}

bool equal(const Scalar& published, const Scalar& derived, double tolerance) {
  if (published.index() != derived.index()) return to_text(published) == to_text(derived);
  if (const auto* number = std::get_if<double>(&published)) {
    // Half a printed digit may itself round: one part in 1e12 of the value is no difference.
    return std::abs(*number - std::get<double>(derived)) <= tolerance + 1e-12 * std::abs(*number);
  }
  return published == derived;
}

Value judge(const Published& published, const Derived* derived) {
  Value value;
  value.run = published.run;
  value.source = published.where;
  value.name = published.name;
  value.published = published.value;
  if (std::holds_alternative<double>(published.value)) value.tolerance = published.tolerance;
  if (derived == nullptr || !derived->value) {
    value.verdict = Verdict::inputs_absent;
    value.why = derived == nullptr || derived->reason.empty() ? kNoRows : derived->reason;
    return value;
  }
  value.derived = derived->value;
  const bool same = equal(published.value, *derived->value, published.tolerance);
  if (published.kind != Kind::contradicted) {
    value.verdict = same ? Verdict::pass : Verdict::fail;
    if (!same) value.why = "the rows give another value";
  } else if (same) {
    value.verdict = Verdict::fail;
    value.why = "listed as contradicted, but the data give the published value";
  } else {
    value.verdict = Verdict::known_discrepancy;
    value.why = published.why;
  }
  return value;
}

}  // namespace phasegate::conformance
