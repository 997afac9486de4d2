// The statistics that the reports share, each written under a name: descriptions of a sample and pooled comparisons of
// two, as their scripts defined them (TR117 statistics: t interval, Student's t, Cohen's d as (b - a) / pooled sd).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conformance/derived.h"

namespace phasegate::conformance {

// mean, median, std (n-1), min, max, q25, q75, ci_lower, ci_upper, n under `name`/…; nothing for an empty sample, and
// no std or interval below two values.
void describe(DerivedSet& out, const std::string& run, const std::string& name, std::span<const double> values);

// n, mean_ms, median_ms, std_ms, min_ms, max_ms, p90, p95, p99 (linear percentiles) under `name`/…
void describe_latency(DerivedSet& out, const std::string& run, const std::string& name, std::span<const double> values);

// mean_a, mean_b, difference, percent_change, t_statistic, p_value, significant and the effect under `name`/…;
// `effect` is what the report calls d. Nothing below two values in either.
void compare_pooled(DerivedSet& out, const std::string& run, const std::string& name, std::span<const double> a,
                    std::span<const double> b, const char* effect);

// f_statistic, p_value, significant, n_groups under `name`/…
void anova(DerivedSet& out, const std::string& run, const std::string& name,
           std::span<const std::vector<double>> groups);

[[nodiscard]] double geometric_mean(std::span<const double> values);  // positive, not empty

}  // namespace phasegate::conformance
