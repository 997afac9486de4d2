// What pays off and when: builds and compiles, upfront money, a bigger model, a machine of one's own.
// Every function says when the answer is "never" or "unknown" instead of giving a number. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace phasegate::analysis {

// A build that takes `build_s` seconds and turns B tok/s into T tok/s:
//   seconds_to_recover   = b B / (T - B)      after the build, until its tokens are made up
//   tokens_to_recover    = seconds_to_recover * B
//   tokens_to_break_even = b B T / (T - B)    all tokens at which both ways have taken the same time
// Null with "target_not_faster" when T <= B: it never pays.
struct Amortisation {
  std::optional<double> seconds_to_recover;
  std::optional<double> tokens_to_recover;
  std::optional<double> tokens_to_break_even;
  std::string reason;
};
// Fails with invalid_input unless all are finite, b >= 0 and the rates above 0.
[[nodiscard]] core::Result<Amortisation> amortise_build(double build_s, double baseline_tok_s, double target_tok_s);

// Total cost of ownership and when an alternative pays back its upfront money.
struct Ownership {
  double upfront_usd = 0;
  double usd_per_month = 0;
};
[[nodiscard]] double total_cost(const Ownership& ownership, double months);
// (alternative.upfront - baseline.upfront) / monthly saving; null = never (the saving is not positive). 0 when the
// alternative needs no more money upfront and saves.
[[nodiscard]] std::optional<double> break_even_months(const Ownership& baseline, const Ownership& alternative);
// (base - alternative) / base * 100; null when base is not positive.
[[nodiscard]] std::optional<double> savings_percent(double base, double alternative);

// TR119 divided the upfront money by the operating cost of a month, which is no break-even. Kept to re-derive what was
// published; nothing else may ask for it.
struct ConformanceOnly {};
inline constexpr ConformanceOnly kConformanceOnly{};
[[nodiscard]] std::optional<double> legacy_break_even_months(double upfront_usd, double usd_per_month, ConformanceOnly);

// A machine of one's own, as a price of an hour of use:
//   capex / (life_years * 365.25 * 24 h * utilisation) + watts / 1000 * usd_per_kwh
// The machine ages while it idles, so a low utilisation makes the used hour dear.
struct OnPrem {
  double capex_usd = 0;
  double life_years = 0;
  double utilisation = 0;  // share of its life in which it works, (0, 1]
  double watts = 0;        // at the wall, while it works
  double usd_per_kwh = 0;
};
// Fails with invalid_input that names the field: capex, life and watts above 0, utilisation in (0, 1], price >= 0.
[[nodiscard]] core::Result<double> on_prem_usd_per_hour(const OnPrem& machine);

// Is the big model worth its price? Costs are of the same request, p is the share of requests that each gets right.
//   by success   big iff C_big / p_big <= C_small / p_small, that is p_big >= p_small * C_big / C_small
//   by value     big iff C_big - C_small <= (p_big - p_small) * V, V = what a failed request costs
struct TierInput {
  double usd_small = 0;  // of one request, or per 1M tokens when both need the same tokens
  double usd_big = 0;
  std::optional<double> p_small;  // measured success rates; nobody can derive them from speed
  std::optional<double> p_big;
  std::optional<double> usd_per_failure;
};
enum class TierVerdict {
  big,         // pays
  small,       // does not
  impossible,  // would need p_big above 1
  needs_p,     // undecided: give p_small (and p_big)
};
[[nodiscard]] std::string_view to_string(TierVerdict verdict);
struct TierBreakEven {
  double cost_ratio = 0;               // C_big / C_small
  std::optional<double> p_big_needed;  // by success; above 1 = impossible
  TierVerdict by_success = TierVerdict::needs_p;
  std::optional<double> usd_per_success_small;
  std::optional<double> usd_per_success_big;
  std::optional<double> failure_usd_needed;  // by value: what a failure must cost at least; null = no value is enough
  TierVerdict by_value = TierVerdict::needs_p;
  std::optional<double> failure_usd_floor;  // the same if the big model never failed: a bound that needs no p_big
};
// Fails with invalid_input unless costs are finite and above 0 and each p is in (0, 1].
[[nodiscard]] core::Result<TierBreakEven> tier_break_even(const TierInput& input);

}  // namespace phasegate::analysis
