// The accuracy gate on perplexities that a source published (requirement 51). The source's own verdict is not taken
// over: the difference is computed again and held against our thresholds, and a perplexity that is missing or no number
// is not a pass.
#include <algorithm>
#include <cmath>
#include <string>

#include "evidence/import_writer.h"

namespace phasegate::evidence {
namespace {

constexpr double kMaxTokens = 9'007'199'254'740'992;  // 2^53: a count above it is no count

std::optional<double> number_of(const core::Json& row, const char* key) {
  const auto at = row.find(key);
  if (at == row.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}

std::optional<double> positive(const core::Json& row, const char* key) {
  const auto value = number_of(row, key);
  return value && *value > 0 ? value : std::nullopt;
}

std::string text_of(const core::Json& row, const char* key) {
  const auto at = row.find(key);
  return at != row.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// {"results": [{"backend": …, "perplexity": …, "delta_frac": …}, …]}, the form of TR118.
bool is_perplexity_document(const core::Json& document) {
  if (!document.is_object() || !document.contains("results") || !document["results"].is_array()) return false;
  const auto& results = document["results"];
  return !results.empty() && std::all_of(results.begin(), results.end(), [](const core::Json& row) {
    return row.is_object() && !text_of(row, "backend").empty() && row.contains("perplexity");
  });
}

// The row that the others were compared with: the first whose own difference is exactly zero.
const core::Json* reference_of(const core::Json& document) {
  for (const auto& row : document["results"]) {
    if (number_of(row, "delta_frac") == 0.0 && positive(row, "perplexity")) return &row;
  }
  return nullptr;
}

double tolerance_of(const std::string& backend, const Thresholds& thresholds) {
  const auto has = [&](const char* word) { return backend.find(word) != std::string::npos; };
  if (has("int4") || has("q4")) return thresholds.accuracy_int4;
  if (has("int8") || has("q8")) return thresholds.accuracy_int8;
  if (has("fp16") || has("f16") || has("half")) return thresholds.accuracy_f16;
  return thresholds.accuracy_f32;
}

Accuracy accuracy_of(const core::Json& row, const core::Json* reference, const Thresholds& thresholds) {
  Accuracy accuracy;
  accuracy.candidate_name = text_of(row, "backend");
  accuracy.perplexity = positive(row, "perplexity");
  accuracy.scored_tokens = static_cast<std::int64_t>(std::min(positive(row, "token_count").value_or(0), kMaxTokens));
  if (reference != nullptr) {
    accuracy.reference = text_of(*reference, "backend");
    accuracy.reference_perplexity = positive(*reference, "perplexity");
  }
  const double delta = accuracy.perplexity.value_or(NAN) / accuracy.reference_perplexity.value_or(NAN) - 1;
  if (!std::isfinite(delta)) {
    accuracy.status = "missing";
    accuracy.reason = accuracy.perplexity ? "no reference with a perplexity" : text_of(row, "error");
    if (accuracy.reason.empty()) accuracy.reason = "the source has no perplexity";
    return accuracy;
  }
  accuracy.delta_fraction = delta;
  const double tolerance = tolerance_of(accuracy.candidate_name, thresholds);
  accuracy.status = delta <= tolerance ? "pass" : "fail";
  if (std::abs(delta) > tolerance) {
    accuracy.reason = fmt::format("perplexity {} by {:.4g} %, {:.4g} % are allowed", delta > 0 ? "grew" : "fell",
                                  100 * std::abs(delta), 100 * tolerance);
  }
  return accuracy;
}

}  // namespace

std::vector<Accuracy> imported_accuracy(const core::Json& documents, const Thresholds& thresholds) {
  std::vector<Accuracy> all;
  for (const auto& document : documents) {
    if (!is_perplexity_document(document)) continue;
    const auto* reference = reference_of(document);
    for (const auto& row : document["results"]) all.push_back(accuracy_of(row, reference, thresholds));
  }
  return all;
}

}  // namespace phasegate::evidence
