#include "analysis/distributions.h"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>

#include "core/check.h"

namespace phasegate::analysis {
namespace {

namespace bm = boost::math;
namespace bp = boost::math::policies;

// Overflow gives infinity and a p below the smallest double gives 0: both are the right answer of a test.
// No promotion to long double, so that every platform computes the same.
using Quiet = bp::policy<bp::overflow_error<bp::ignore_error>, bp::underflow_error<bp::ignore_error>,
                         bp::evaluation_error<bp::ignore_error>, bp::promote_double<false>>;

}  // namespace

double t_quantile(double probability, double df) {
  PHASEGATE_CHECK(probability > 0 && probability < 1 && df > 0);
  return bm::quantile(bm::students_t_distribution<double, Quiet>(df), probability);
}

double t_two_sided_p(double t, double df) {
  PHASEGATE_CHECK(df > 0 && !std::isnan(t));
  if (std::isinf(t)) return 0;
  return 2 * bm::cdf(bm::students_t_distribution<double, Quiet>(df), -std::abs(t));
}

double normal_quantile(double probability) {
  PHASEGATE_CHECK(probability > 0 && probability < 1);
  return bm::quantile(bm::normal_distribution<double, Quiet>(0, 1), probability);
}

double normal_two_sided_p(double z) {
  PHASEGATE_CHECK(!std::isnan(z));
  return std::erfc(std::abs(z) / std::sqrt(2.0));
}

double f_upper_p(double f, double df1, double df2) {
  PHASEGATE_CHECK(f >= 0 && df1 > 0 && df2 > 0);
  if (std::isinf(f)) return 0;
  return bm::cdf(bm::complement(bm::fisher_f_distribution<double, Quiet>(df1, df2), f));
}

double chi_squared_upper_p(double x, double df) {
  PHASEGATE_CHECK(x >= 0 && df > 0);
  if (std::isinf(x)) return 0;
  return bm::cdf(bm::complement(bm::chi_squared_distribution<double, Quiet>(df), x));
}

double t_test_power(double effect_in_sd, std::int64_t n, double alpha) {
  PHASEGATE_CHECK(n >= 2 && alpha > 0 && alpha < 1 && std::isfinite(effect_in_sd));
  const auto df = static_cast<double>(n - 1);
  const double noncentrality = std::abs(effect_in_sd) * std::sqrt(static_cast<double>(n));
  if (noncentrality == 0) return alpha;
  const double critical = t_quantile(1 - alpha / 2, df);
  // Far beyond the critical value the power is 1 to the last bit, and the series of the noncentral t is slow there.
  if (noncentrality > critical + 38 && noncentrality > 2 * critical) return 1;
  const bm::non_central_t_distribution<double, Quiet> t(df, noncentrality);
  return bm::cdf(bm::complement(t, critical)) + bm::cdf(t, -critical);
}

Interval clopper_pearson_one_sided(std::int64_t successes, std::int64_t trials, double confidence) {
  PHASEGATE_CHECK(trials > 0 && successes >= 0 && successes <= trials && confidence > 0 && confidence < 1);
  using Binomial = bm::binomial_distribution<double, Quiet>;
  const auto n = static_cast<double>(trials);
  const auto k = static_cast<double>(successes);
  const double low = successes == 0 ? 0.0 : Binomial::find_lower_bound_on_p(n, k, 1 - confidence);
  const double high = successes == trials ? 1.0 : Binomial::find_upper_bound_on_p(n, k, 1 - confidence);
  return {low, high};
}

}  // namespace phasegate::analysis
