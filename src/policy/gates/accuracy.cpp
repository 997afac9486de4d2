// Does the candidate still compute the same model? Speed that comes from other results is not a win. The bounds depend
// on the precision of the weights; a missing, NaN or failed measurement fails, an improvement beyond the bound is
// suspicious but passes, with the number on the card.
#include <fmt/format.h>

#include <cmath>

#include "policy/gates/gates.h"

namespace phasegate::policy {
namespace {

struct Bound {
  double growth = 0;
  const char* precision = "";
};

Bound bound_of(const std::string& weight_type, const evidence::Thresholds& thresholds) {
  const auto has = [&weight_type](const char* part) { return weight_type.find(part) != std::string::npos; };
  if (has("q4") || has("Q4") || has("int4")) return {thresholds.accuracy_int4, "4 bit"};
  if (has("q8") || has("Q8") || has("int8")) return {thresholds.accuracy_int8, "8 bit"};
  if (has("16")) return {thresholds.accuracy_f16, "16 bit"};
  if (has("32")) return {thresholds.accuracy_f32, "fp32"};
  return {thresholds.accuracy_f32, "unknown precision, held to the bound of fp32"};
}

}  // namespace

double accuracy_bound(const std::string& weight_type, const evidence::Thresholds& thresholds) {
  return bound_of(weight_type, thresholds).growth;
}

std::optional<Finding> accuracy_gate(const GateInput& input) {
  const evidence::Accuracy* accuracy = input.accuracy;
  if (accuracy == nullptr || accuracy->status == "missing") {
    const std::string why = accuracy == nullptr || accuracy->reason.empty() ? "" : ": " + accuracy->reason;
    return Finding{"accuracy_missing", "perplexity against the same weights in fp32 was not measured" + why};
  }
  if (!accuracy->delta_fraction || !std::isfinite(*accuracy->delta_fraction)) {
    return Finding{"accuracy_missing", "perplexity is not a number: " + accuracy->reason};
  }
  const Bound bound = bound_of(input.candidate.identity.weight_type, input.thresholds);
  if (*accuracy->delta_fraction > bound.growth) {
    return Finding{"accuracy_failed",
                   fmt::format("perplexity grew by {:.3g} % over fp32, allowed are {:.3g} % ({})",
                               100 * *accuracy->delta_fraction, 100 * bound.growth, bound.precision)};
  }
  if (accuracy->top1_agreement && *accuracy->top1_agreement < input.thresholds.min_top1_agreement) {
    return Finding{"accuracy_failed",
                   fmt::format("{:.1f} % of teacher-forced next tokens agree with fp32, needed are {:.0f} %",
                               100 * *accuracy->top1_agreement, 100 * input.thresholds.min_top1_agreement)};
  }
  if (accuracy->status != "pass") {
    return Finding{"accuracy_failed", "the run says " + accuracy->status + ": " + accuracy->reason};
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
