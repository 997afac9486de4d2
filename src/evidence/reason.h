// Statuses and reason codes: closed sets with frozen spellings. The raw text of an error is kept beside its code.
#pragma once

#include <optional>
#include <string_view>

namespace phasegate::evidence {

enum class Status { ok, degraded, error, timeout, skipped, aborted };

enum class Reason {
  none,
  // why a call has no good result
  engine_error,
  load_failed,
  session_crashed,
  deadline_passed,
  stopped_by_user,
  invalid_output,
  too_few_tokens,
  provider_fallback,
  contention,
  session_drifted,
  shape_out_of_range,
  dtype_or_size_mismatch,
  out_of_memory,
  toolchain_missing,
  engine_absent,
  incompatible_combination,
  no_room,
  budget_spent,
  other,
  // why a value is null
  few_samples,
  few_sessions,
  no_price,
  shadow_price,
  not_measured,
  warmup_not_converged,
  effect_too_small,
  not_significant,
  interval_includes_one,
  tie,
  // why a gate rejected
  attribution_unproven,
  compile_unproven,
  accuracy_failed,
  accuracy_missing,
  outside_envelope,
  wrong_scope,
  expired,
  non_canonical,
  energy_no_data,
  slower,
};

[[nodiscard]] std::string_view to_string(Status status);
[[nodiscard]] std::string_view to_string(Reason reason);
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view text);

}  // namespace phasegate::evidence
