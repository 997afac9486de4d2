#include "conformance/series.h"

#include <cmath>

#include "analysis/distributions.h"
#include "analysis/hypothesis.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::conformance {
namespace {

constexpr double kAlpha = 0.05;  // of every test in the reports

std::string truth(bool value) { return value ? "true" : "false"; }

}  // namespace

void describe(DerivedSet& out, const std::string& run, const std::string& name, std::span<const double> values) {
  if (values.empty()) return;
  const auto ascending = analysis::sorted(values);
  const double mean = analysis::mean(values);
  const auto n = static_cast<double>(values.size());
  out.number(run, name_of(name, "n"), n);
  out.number(run, name_of(name, "mean"), mean);
  out.number(run, name_of(name, "median"), analysis::percentile(ascending, 0.5));
  out.number(run, name_of(name, "min"), ascending.front());
  out.number(run, name_of(name, "max"), ascending.back());
  out.number(run, name_of(name, "q25"), analysis::percentile(ascending, 0.25));
  out.number(run, name_of(name, "q75"), analysis::percentile(ascending, 0.75));
  if (values.size() < 2) return;
  const double std = std::sqrt(analysis::variance(values));
  const double half = analysis::t_quantile(0.975, n - 1) * std / std::sqrt(n);
  out.number(run, name_of(name, "std"), std);
  out.number(run, name_of(name, "ci_lower"), mean - half);
  out.number(run, name_of(name, "ci_upper"), mean + half);
}

void describe_latency(DerivedSet& out, const std::string& run, const std::string& name,
                      std::span<const double> values) {
  if (values.empty()) return;
  const auto ascending = analysis::sorted(values);
  out.number(run, name_of(name, "n"), static_cast<double>(values.size()));
  out.number(run, name_of(name, "mean_ms"), analysis::mean(values));
  out.number(run, name_of(name, "median_ms"), analysis::percentile(ascending, 0.5));
  if (values.size() > 1) out.number(run, name_of(name, "std_ms"), std::sqrt(analysis::variance(values)));
  out.number(run, name_of(name, "min_ms"), ascending.front());
  out.number(run, name_of(name, "max_ms"), ascending.back());
  out.number(run, name_of(name, "p90"), analysis::percentile(ascending, 0.90));
  out.number(run, name_of(name, "p95"), analysis::percentile(ascending, 0.95));
  out.number(run, name_of(name, "p99"), analysis::percentile(ascending, 0.99));
}

void compare_pooled(DerivedSet& out, const std::string& run, const std::string& name, std::span<const double> a,
                    std::span<const double> b, const char* effect) {
  const auto test = analysis::pooled_t(a, b);
  if (!test) return;
  const double mean_a = analysis::mean(a);
  const double mean_b = analysis::mean(b);
  out.number(run, name_of(name, "mean_a"), mean_a);
  out.number(run, name_of(name, "mean_b"), mean_b);
  out.number(run, name_of(name, "difference"), mean_b - mean_a);
  out.number(run, name_of(name, "percent_change"), (mean_b - mean_a) / mean_a * 100);
  out.number(run, name_of(name, "t_statistic"), test->statistic);
  out.number(run, name_of(name, "p_value"), test->p);
  out.text(run, name_of(name, "significant"), truth(test->p < kAlpha));
  if (const auto d = analysis::cohens_d(b, a)) out.number(run, name_of(name, effect), *d);
}

void anova(DerivedSet& out, const std::string& run, const std::string& name,
           std::span<const std::vector<double>> groups) {
  const auto test = analysis::one_way_anova(groups);
  if (!test) return;
  out.number(run, name_of(name, "f_statistic"), test->statistic);
  out.number(run, name_of(name, "p_value"), test->p);
  out.text(run, name_of(name, "significant"), truth(test->p < kAlpha));
  out.number(run, name_of(name, "n_groups"), static_cast<double>(groups.size()));
}

double geometric_mean(std::span<const double> values) {
  double logs = 0;
  for (const double value : values) logs += std::log(value);
  return std::exp(logs / static_cast<double>(values.size()));
}

}  // namespace phasegate::conformance
