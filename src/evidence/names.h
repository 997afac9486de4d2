// The frozen spellings of the enums that evidence files hold: the name at index i belongs to the enum value i.
// A new value is added at the end of its enum and here; a spelling never changes.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace phasegate::evidence {

inline constexpr std::array<std::string_view, 6> kStatusNames = {"ok",      "degraded", "error",
                                                                 "timeout", "skipped",  "aborted"};
inline constexpr std::array<std::string_view, 40> kReasonNames = {
    "none",
    "engine_error",
    "load_failed",
    "session_crashed",
    "deadline_passed",
    "stopped_by_user",
    "invalid_output",
    "too_few_tokens",
    "provider_fallback",
    "contention",
    "session_drifted",
    "shape_out_of_range",
    "dtype_or_size_mismatch",
    "out_of_memory",
    "toolchain_missing",
    "engine_absent",
    "incompatible_combination",
    "no_room",
    "budget_spent",
    "other",
    "few_samples",
    "few_sessions",
    "no_price",
    "shadow_price",
    "not_measured",
    "warmup_not_converged",
    "effect_too_small",
    "not_significant",
    "interval_includes_one",
    "tie",
    "attribution_unproven",
    "compile_unproven",
    "accuracy_failed",
    "accuracy_missing",
    "outside_envelope",
    "wrong_scope",
    "expired",
    "non_canonical",
    "energy_no_data",
    "slower",
};
inline constexpr std::array<std::string_view, 3> kPhaseNames = {"prefill", "decode", "e2e"};
inline constexpr std::array<std::string_view, 4> kRegimeNames = {"cold", "warmup", "post_idle", "steady"};
inline constexpr std::array<std::string_view, 3> kWorkloadNames = {"decode_heavy", "prefill_heavy", "mixed"};

template <class Enum>
[[nodiscard]] constexpr std::string_view name_of(std::span<const std::string_view> names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> value_of(std::span<const std::string_view> names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace phasegate::evidence
