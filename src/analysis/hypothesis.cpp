#include "analysis/hypothesis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "analysis/ranks.h"
#include "core/check.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

core::Status usable(Sample sample, std::size_t minimum, const char* test) {
  if (sample.size() < minimum) {
    return core::fail(ErrorKind::evidence, "{} needs at least {} values in each sample and got {}", test, minimum,
                      sample.size());
  }
  if (!all_finite(sample)) return core::fail(ErrorKind::invalid_input, "{}: a value is not a finite number", test);
  return {};
}

double count_of(Sample sample) { return static_cast<double>(sample.size()); }

// t and p when nothing varies: equal means are no evidence, different means are beyond doubt.
TestResult without_spread(std::string method, double difference, double df) {
  if (difference == 0) return {std::move(method), 0, 1, df, {}};
  return {std::move(method), std::copysign(std::numeric_limits<double>::infinity(), difference), 0, df, {}};
}

TestResult from_t(std::string method, double difference, double standard_error, double df) {
  if (standard_error == 0) return without_spread(std::move(method), difference, df);
  const double t = difference / standard_error;
  return {std::move(method), t, t_two_sided_p(t, df), df, {}};
}

// P(U >= u) under the null without ties: of all choices of n_a ranks out of n_a + n_b, the share whose rank sum is at
// least that of u. The counts grow by adding one rank at a time, so nothing cancels.
double exact_upper_tail(std::size_t n_small, std::size_t n_large, std::size_t u) {
  const std::size_t most = n_small * n_large;
  std::vector<std::vector<double>> ways(n_small + 1, std::vector<double>(most + 1, 0.0));
  ways[0][0] = 1;
  // ways[k][s]: k of the ranks so far chosen, s = sum of (position - smallest possible position).
  for (std::size_t rank = 0; rank < n_small + n_large; ++rank) {
    for (std::size_t k = std::min(n_small, rank + 1); k >= 1; --k) {
      const std::size_t shift = rank - (k - 1);
      if (shift > n_large) continue;
      for (std::size_t s = most + 1; s-- > shift;) ways[k][s] += ways[k - 1][s - shift];
    }
  }
  const auto& counts = ways[n_small];
  return sum(std::span(counts).subspan(u)) / sum(counts);
}

core::Status usable_groups(std::span<const std::vector<double>> groups, std::size_t minimum, const char* test) {
  if (groups.size() < 2) {
    return core::fail(ErrorKind::evidence, "{} needs at least 2 groups and got {}", test, groups.size());
  }
  for (const auto& group : groups) PHASEGATE_CHECK_OK(usable(group, minimum, test));
  return {};
}

std::vector<double> joined(std::span<const std::vector<double>> groups) {
  std::vector<double> all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

template <class Difference>
core::Result<TestResult> paired(const char* method, Sample a, Sample b, const Difference& difference) {
  if (a.size() != b.size()) {
    return core::fail(ErrorKind::invalid_input, "a paired test of {} against {} values", a.size(), b.size());
  }
  std::vector<double> differences(a.size());
  std::transform(a.begin(), a.end(), b.begin(), differences.begin(), difference);
  const double error = std::sqrt(variance(differences) / count_of(differences));
  return from_t(method, mean(differences), error, count_of(differences) - 1);
}

double pooled_variance(Sample a, Sample b) {
  return ((count_of(a) - 1) * variance(a) + (count_of(b) - 1) * variance(b)) / (count_of(a) + count_of(b) - 2);
}

}  // namespace

core::Result<TestResult> welch_t(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 2, "Welch's t-test"));
  PHASEGATE_CHECK_OK(usable(b, 2, "Welch's t-test"));
  const double va = variance(a) / count_of(a);
  const double vb = variance(b) / count_of(b);
  if (va + vb == 0) return without_spread("welch_t", mean(a) - mean(b), count_of(a) + count_of(b) - 2);
  const double df = (va + vb) * (va + vb) / (va * va / (count_of(a) - 1) + vb * vb / (count_of(b) - 1));
  return from_t("welch_t", mean(a) - mean(b), std::sqrt(va + vb), df);
}

core::Result<TestResult> pooled_t(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 2, "the pooled t-test"));
  PHASEGATE_CHECK_OK(usable(b, 2, "the pooled t-test"));
  const double error = std::sqrt(pooled_variance(a, b) * (1 / count_of(a) + 1 / count_of(b)));
  return from_t("pooled_t", mean(a) - mean(b), error, count_of(a) + count_of(b) - 2);
}

core::Result<TestResult> paired_t(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 2, "the paired t-test"));
  PHASEGATE_CHECK_OK(usable(b, 2, "the paired t-test"));
  return paired("paired_t", a, b, [](double x, double y) { return x - y; });
}

core::Result<TestResult> paired_t_log(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 2, "the paired t-test on logarithms"));
  PHASEGATE_CHECK_OK(usable(b, 2, "the paired t-test on logarithms"));
  const auto positive = [](double x) { return x > 0; };
  if (!std::all_of(a.begin(), a.end(), positive) || !std::all_of(b.begin(), b.end(), positive)) {
    return core::fail(ErrorKind::invalid_input, "the paired t-test on logarithms: a value is not positive");
  }
  return paired("paired_t_log", a, b, [](double x, double y) { return std::log(x / y); });
}

core::Result<TestResult> mann_whitney_u(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 1, "the Mann-Whitney test"));
  PHASEGATE_CHECK_OK(usable(b, 1, "the Mann-Whitney test"));
  std::vector<double> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  const Ranks ranks = mid_ranks(all);
  const double na = count_of(a);
  const double nb = count_of(b);
  const double u_a = sum(std::span(ranks.of).first(a.size())) - na * (na + 1) / 2;
  const double u_larger = std::max(u_a, na * nb - u_a);
  const std::size_t smaller = std::min(a.size(), b.size());
  const std::size_t larger = std::max(a.size(), b.size());
  if (smaller <= 8 && ranks.tie_term == 0 && smaller * larger <= 10'000) {
    const double tail = exact_upper_tail(smaller, larger, static_cast<std::size_t>(u_larger));
    return TestResult{"mann_whitney_u_exact", u_a, std::min(1.0, 2 * tail), {}, {}};
  }
  const double n = na + nb;
  const double spread = std::sqrt(na * nb / 12 * ((n + 1) - ranks.tie_term / (n * (n - 1))));
  if (!(spread > 0)) return TestResult{"mann_whitney_u_normal", u_a, 1, {}, {}};  // every value is the same
  const double z = (u_larger - na * nb / 2 - 0.5) / spread;
  return TestResult{"mann_whitney_u_normal", u_a, z <= 0 ? 1.0 : normal_two_sided_p(z), {}, {}};
}

core::Result<TestResult> one_way_anova(std::span<const std::vector<double>> groups) {
  PHASEGATE_CHECK_OK(usable_groups(groups, 1, "one-way ANOVA"));
  const auto all = joined(groups);
  if (all.size() <= groups.size()) {
    return core::fail(ErrorKind::evidence, "one-way ANOVA needs more values ({}) than groups ({})", all.size(),
                      groups.size());
  }
  const double centre = mean(all);
  double between = 0;
  double within = 0;
  for (const auto& group : groups) {
    const double m = mean(group);
    between += count_of(group) * (m - centre) * (m - centre);
    for (const double x : group) within += (x - m) * (x - m);
  }
  const double df_1 = static_cast<double>(groups.size()) - 1;
  const double df_2 = static_cast<double>(all.size() - groups.size());
  if (within == 0) {
    TestResult flat = without_spread("one_way_anova", between, df_1);
    flat.df_2 = df_2;
    return flat;
  }
  const double f = (between / df_1) / (within / df_2);
  return TestResult{"one_way_anova", f, f_upper_p(f, df_1, df_2), df_1, df_2};
}

core::Result<TestResult> kruskal_wallis(std::span<const std::vector<double>> groups) {
  PHASEGATE_CHECK_OK(usable_groups(groups, 1, "the Kruskal-Wallis test"));
  const auto all = joined(groups);
  const Ranks ranks = mid_ranks(all);
  const auto n = static_cast<double>(all.size());
  const double df = static_cast<double>(groups.size()) - 1;
  const double correction = 1 - ranks.tie_term / (n * n * n - n);
  if (!(correction > 0)) return TestResult{"kruskal_wallis", 0, 1, df, {}};  // every value is the same
  double total = 0;
  std::size_t from = 0;
  for (const auto& group : groups) {
    const double rank_sum = sum(std::span(ranks.of).subspan(from, group.size()));
    total += rank_sum * rank_sum / count_of(group);
    from += group.size();
  }
  const double h = std::max(0.0, (12 / (n * (n + 1)) * total - 3 * (n + 1)) / correction);
  return TestResult{"kruskal_wallis", h, chi_squared_upper_p(h, df), df, {}};
}

core::Result<double> cohens_d(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 2, "Cohen's d"));
  PHASEGATE_CHECK_OK(usable(b, 2, "Cohen's d"));
  const double pooled = pooled_variance(a, b);
  if (pooled == 0) return core::fail(ErrorKind::evidence, "Cohen's d has no scale: neither sample varies");
  return (mean(a) - mean(b)) / std::sqrt(pooled);
}

core::Result<double> cliffs_delta(Sample a, Sample b) {
  PHASEGATE_CHECK_OK(usable(a, 1, "Cliff's delta"));
  PHASEGATE_CHECK_OK(usable(b, 1, "Cliff's delta"));
  std::vector<double> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  const Ranks ranks = mid_ranks(all);
  const double u = sum(std::span(ranks.of).first(a.size())) - count_of(a) * (count_of(a) + 1) / 2;
  return 2 * u / (count_of(a) * count_of(b)) - 1;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return p[i] < p[j]; });
  std::vector<double> adjusted(p.size());
  double running = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    PHASEGATE_CHECK(p[order[k]] >= 0 && p[order[k]] <= 1);
    running = std::max(running, std::min(1.0, p[order[k]] * static_cast<double>(p.size() - k)));
    adjusted[order[k]] = running;
  }
  return adjusted;
}

std::vector<double> bonferroni(std::span<const double> p) {
  std::vector<double> adjusted;
  adjusted.reserve(p.size());
  for (const double each : p) adjusted.push_back(std::min(1.0, each * static_cast<double>(p.size())));
  return adjusted;
}

}  // namespace phasegate::analysis
