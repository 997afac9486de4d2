#include "analysis/phases.h"

#include <cmath>

namespace phasegate::analysis {
namespace {

bool not_negative(double x) { return std::isfinite(x) && x >= 0; }
bool positive(double x) { return std::isfinite(x) && x > 0; }

}  // namespace

std::optional<double> decode_fraction(double prefill_ms, double decode_ms) {
  if (!not_negative(prefill_ms) || !not_negative(decode_ms) || !positive(prefill_ms + decode_ms)) return std::nullopt;
  return decode_ms / (prefill_ms + decode_ms);
}

std::optional<Discrepancy> phase_discrepancy(double e2e_ms, double prefill_ms, double decode_ms) {
  if (!positive(e2e_ms) || !not_negative(prefill_ms) || !not_negative(decode_ms)) return std::nullopt;
  const double ms = e2e_ms - (prefill_ms + decode_ms);
  return Discrepancy{ms, ms / e2e_ms};
}

std::optional<double> tokens_per_second(core::TokenCount tokens, core::Nanos duration) {
  if (tokens.value <= 0 || duration.value <= 0) return std::nullopt;
  return static_cast<double>(tokens.value) / core::to_seconds(duration);
}

std::optional<double> ms_per_token(core::TokenCount tokens, core::Nanos duration) {
  if (tokens.value <= 0 || duration.value <= 0) return std::nullopt;
  return core::to_ms(duration) / static_cast<double>(tokens.value);
}

std::optional<double> seconds_for(core::TokenCount tokens, double tok_s) {
  if (tokens.value < 0 || !positive(tok_s)) return std::nullopt;
  return static_cast<double>(tokens.value) / tok_s;
}

std::optional<WarmupEffect> warmup_effect(double warmup_median_ms, double measured_median_ms) {
  if (!positive(warmup_median_ms) || !positive(measured_median_ms)) return std::nullopt;
  return WarmupEffect{warmup_median_ms / measured_median_ms, warmup_median_ms - measured_median_ms};
}

}  // namespace phasegate::analysis
