// Identities between the measured phases of one request shape. Each returns null when a term is missing, not finite or
// not positive where it has to be: no share of an unknown whole.
#pragma once

#include <cstdint>
#include <optional>

#include "core/units.h"

namespace phasegate::analysis {

// decode / (prefill + decode), in [0, 1]. Both at least 0, not both 0.
[[nodiscard]] std::optional<double> decode_fraction(double prefill_ms, double decode_ms);

// e2e is measured as one interval of its own; what it has beyond the sum of its phases belongs to neither.
struct Discrepancy {
  double ms = 0;        // e2e - (prefill + decode); negative when the phases overlap or were measured warmer
  double relative = 0;  // of e2e
};
[[nodiscard]] std::optional<Discrepancy> phase_discrepancy(double e2e_ms, double prefill_ms, double decode_ms);

// tokens / seconds, and back. Tokens and duration above 0.
[[nodiscard]] std::optional<double> tokens_per_second(core::TokenCount tokens, core::Nanos duration);
[[nodiscard]] std::optional<double> ms_per_token(core::TokenCount tokens, core::Nanos duration);
[[nodiscard]] std::optional<double> seconds_for(core::TokenCount tokens, double tok_s);

struct WarmupEffect {
  double ratio = 0;     // warm-up median / measured median
  double delta_ms = 0;  // warm-up median - measured median
};
[[nodiscard]] std::optional<WarmupEffect> warmup_effect(double warmup_median_ms, double measured_median_ms);

}  // namespace phasegate::analysis
