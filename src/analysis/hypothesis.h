// Two-sample and k-sample tests with their effect sizes. Unblocked tests pool whatever they are given: on the samples
// of one session they say nothing about the next session, so policy uses compare.h and these are exploratory or for
// conformance with published tables.
//
// All tests are two-sided. Errors: invalid_input for a value that is not finite, evidence for too few values.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace phasegate::analysis {

struct TestResult {
  std::string method;          // "welch_t", "mann_whitney_u_exact", ...
  double statistic = 0;        // t, U of the first sample, F or H; infinite when only the spread is zero
  double p = 1;                // in [0, 1]
  std::optional<double> df;    // degrees of freedom; of F the numerator's
  std::optional<double> df_2;  // denominator's, of F alone
};

using Sample = std::span<const double>;

[[nodiscard]] core::Result<TestResult> welch_t(Sample a, Sample b);   // at least 2 values each
[[nodiscard]] core::Result<TestResult> pooled_t(Sample a, Sample b);  // Student's, equal variances assumed

// Exact when the smaller sample has at most 8 values, there are no ties and n_a * n_b <= 10,000 (scipy's "auto" with a
// bound on the work); else normal, with tie correction and continuity correction.
[[nodiscard]] core::Result<TestResult> mann_whitney_u(Sample a, Sample b);

[[nodiscard]] core::Result<TestResult> one_way_anova(std::span<const std::vector<double>> groups);   // >= 2 groups
[[nodiscard]] core::Result<TestResult> kruskal_wallis(std::span<const std::vector<double>> groups);  // tie-corrected

// t-test of mean(a_i - b_i) = 0 over pairs; the pair is the block, so what both have in common cancels. Equal lengths,
// at least 2 pairs. The log form asks whether mean ln(a_i / b_i) is 0: a ratio, and no large pair outweighs the others.
[[nodiscard]] core::Result<TestResult> paired_t(Sample a, Sample b);
[[nodiscard]] core::Result<TestResult> paired_t_log(Sample a, Sample b);  // all values above 0

// (mean a - mean b) / pooled sd; evidence error when the pooled sd is 0.
[[nodiscard]] core::Result<double> cohens_d(Sample a, Sample b);

// P(a > b) - P(a < b), in [-1, 1]. Both not empty and finite.
[[nodiscard]] core::Result<double> cliffs_delta(Sample a, Sample b);

// Adjusted p in the order given (Holm 1979; step-down, monotone, at most 1). Each p in [0, 1].
[[nodiscard]] std::vector<double> holm(std::span<const double> p);
[[nodiscard]] std::vector<double> bonferroni(std::span<const double> p);

}  // namespace phasegate::analysis
