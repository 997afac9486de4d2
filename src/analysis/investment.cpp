#include "analysis/investment.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

constexpr double kHoursPerYear = 365.25 * 24;

bool positive(double x) { return std::isfinite(x) && x > 0; }

core::Error wrong(const char* what, const char* field) {
  return {ErrorKind::invalid_input, what, field, "give a number in that range"};
}

core::Status check_share(const std::optional<double>& p, const char* field) {
  if (p && !(positive(*p) && *p <= 1)) return core::fail(wrong("is not a share in (0, 1]", field));
  return {};
}

void judge_success(const TierInput& input, TierBreakEven& result) {
  if (!input.p_small) return;
  result.p_big_needed = *input.p_small * result.cost_ratio;
  result.usd_per_success_small = input.usd_small / *input.p_small;
  if (input.p_big) result.usd_per_success_big = input.usd_big / *input.p_big;
  if (*result.p_big_needed > 1) {
    result.by_success = TierVerdict::impossible;
  } else if (input.p_big) {
    result.by_success = *input.p_big >= *result.p_big_needed ? TierVerdict::big : TierVerdict::small;
  }
}

void judge_value(const TierInput& input, TierBreakEven& result) {
  const double extra = input.usd_big - input.usd_small;
  if (input.p_small && *input.p_small < 1) result.failure_usd_floor = std::max(0.0, extra / (1 - *input.p_small));
  if (!input.p_small || !input.p_big) return;
  const double fewer_failures = *input.p_big - *input.p_small;
  if (fewer_failures > 0) {
    result.failure_usd_needed = std::max(0.0, extra / fewer_failures);
  } else if (extra > 0) {
    result.by_value = TierVerdict::small;  // dearer and no better: no value of a failure changes that
    return;
  }
  if (!input.usd_per_failure) return;
  const bool pays = extra <= fewer_failures * *input.usd_per_failure;
  result.by_value = pays ? TierVerdict::big : TierVerdict::small;
}

}  // namespace

core::Result<Amortisation> amortise_build(double build_s, double baseline_tok_s, double target_tok_s) {
  if (!std::isfinite(build_s) || build_s < 0) return core::fail(wrong("is not a time", "build_s"));
  if (!positive(baseline_tok_s)) return core::fail(wrong("is not above 0", "baseline_tok_s"));
  if (!positive(target_tok_s)) return core::fail(wrong("is not above 0", "target_tok_s"));
  Amortisation result;
  if (target_tok_s <= baseline_tok_s) {
    result.reason = "target_not_faster";
    return result;
  }
  result.seconds_to_recover = build_s * baseline_tok_s / (target_tok_s - baseline_tok_s);
  result.tokens_to_recover = *result.seconds_to_recover * baseline_tok_s;
  result.tokens_to_break_even = *result.seconds_to_recover * target_tok_s;
  return result;
}

double total_cost(const Ownership& ownership, double months) {
  return ownership.upfront_usd + months * ownership.usd_per_month;
}

std::optional<double> break_even_months(const Ownership& baseline, const Ownership& alternative) {
  const double saving = baseline.usd_per_month - alternative.usd_per_month;
  if (!(saving > 0)) return std::nullopt;
  return std::max(0.0, alternative.upfront_usd - baseline.upfront_usd) / saving;
}

std::optional<double> savings_percent(double base, double alternative) {
  if (!positive(base)) return std::nullopt;
  return (base - alternative) / base * 100;
}

std::optional<double> legacy_break_even_months(double upfront_usd, double usd_per_month, ConformanceOnly /*flag*/) {
  if (!(usd_per_month > 0)) return std::nullopt;
  return upfront_usd <= 0 ? 0 : upfront_usd / usd_per_month;
}

core::Result<double> on_prem_usd_per_hour(const OnPrem& machine) {
  if (!positive(machine.capex_usd)) return core::fail(wrong("is not above 0", "capex_usd"));
  if (!positive(machine.life_years)) return core::fail(wrong("is not above 0", "life_years"));
  if (!positive(machine.utilisation) || machine.utilisation > 1)
    return core::fail(wrong("is not a share in (0, 1]", "utilisation"));
  if (!positive(machine.watts)) return core::fail(wrong("is not above 0", "watts"));
  if (!std::isfinite(machine.usd_per_kwh) || machine.usd_per_kwh < 0)
    return core::fail(wrong("is not a price", "usd_per_kwh"));
  return machine.capex_usd / (machine.life_years * kHoursPerYear * machine.utilisation) +
         machine.watts / 1000 * machine.usd_per_kwh;
}

std::string_view to_string(TierVerdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"big", "small", "impossible", "needs_p"};
  return kNames[static_cast<std::size_t>(verdict)];
}

core::Result<TierBreakEven> tier_break_even(const TierInput& input) {
  if (!positive(input.usd_small)) return core::fail(wrong("is not a cost above 0", "usd_small"));
  if (!positive(input.usd_big)) return core::fail(wrong("is not a cost above 0", "usd_big"));
  PHASEGATE_CHECK_OK(check_share(input.p_small, "p_small"));
  PHASEGATE_CHECK_OK(check_share(input.p_big, "p_big"));
  if (input.usd_per_failure && !(std::isfinite(*input.usd_per_failure) && *input.usd_per_failure >= 0))
    return core::fail(wrong("is not a cost", "usd_per_failure"));
  TierBreakEven result;
  result.cost_ratio = input.usd_big / input.usd_small;
  judge_success(input, result);
  judge_value(input, result);
  return result;
}

}  // namespace phasegate::analysis
