// The distributions that the tests need. One file includes Boost.Math, for it is slow to compile; every function is
// exact to about 1e-12 and never throws inside the stated domain (programmer's error outside it).
#pragma once

#include <cstdint>

#include "analysis/estimate.h"

namespace phasegate::analysis {

[[nodiscard]] double t_quantile(double probability, double df);                        // probability in (0, 1), df > 0
[[nodiscard]] double t_two_sided_p(double t, double df);                               // P(|T| >= |t|)
[[nodiscard]] double normal_quantile(double probability);                              // probability in (0, 1)
[[nodiscard]] double normal_two_sided_p(double z);                                     // P(|Z| >= |z|)
[[nodiscard]] double f_upper_p(double f, double df1, double df2);                      // P(F >= f), f >= 0
[[nodiscard]] double chi_squared_upper_p(double x, double df);                         // P(X >= x), x >= 0
[[nodiscard]] double t_test_power(double effect_in_sd, std::int64_t n, double alpha);  // one-sample, two-sided, n >= 2

// Clopper-Pearson bounds of a proportion; each bound holds one-sided with `confidence`. trials > 0.
[[nodiscard]] Interval clopper_pearson_one_sided(std::int64_t successes, std::int64_t trials, double confidence);

}  // namespace phasegate::analysis
