// TR117: seven backends behind one service call. Where its rows are not here, its published group means, deviations and
// counts still decide its published tests: Student's t, Cohen's d and the analysis of variance need nothing else.
#include <cmath>

#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "conformance/derive.h"
#include "conformance/series.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

constexpr double kAlpha = 0.05;
// The report's cost of an hour when nothing of the machine was recorded: 50 % of a CPU and 2 GB, and no GPU.
constexpr double kUsdPerHour = 0.05 * 0.5 + 0.005 * 2;

struct Group {
  double n = 0, mean = 0, std = 0;
};
using Groups = std::map<std::string, Group>;

void cost(DerivedSet& out, const std::string& run, const std::string& backend, double tok_s) {
  out.number(run, name_of("group", backend, "usd_per_1m"), kUsdPerHour / (tok_s * 3600) * 1e6);
}

Groups groups_of_rows(const RunData& run, DerivedSet& out) {
  Groups groups;
  std::map<std::string, double> degraded;
  double total = 0;
  Rows all;
  for (const auto& row : run.rows) all.push_back(&row);
  for (const auto& [backend, rows] : cells_of(all, [](const Observation& row) { return row.backend; })) {
    std::vector<double> latency, rates;
    for (const auto* row : rows) {
      if (!row->usable()) {
        degraded[backend] += 1;
        continue;
      }
      latency.insert(latency.end(), row->latency_ms.begin(), row->latency_ms.end());
      rates.insert(rates.end(), row->tok_s.begin(), row->tok_s.end());
    }
    total += static_cast<double>(rows.size());
    if (degraded[backend] > 0) out.number(run.id, name_of("group", backend, "degraded"), degraded[backend]);
    if (latency.size() < 2) continue;
    describe_latency(out, run.id, name_of("group", backend), latency);
    groups[backend] = {static_cast<double>(latency.size()), analysis::mean(latency),
                       std::sqrt(analysis::variance(latency))};
    if (rates.empty()) continue;
    out.number(run.id, name_of("group", backend, "tok_s"), analysis::mean(rates));
    cost(out, run.id, backend, analysis::mean(rates));
  }
  double failed = 0;
  for (const auto& [backend, count] : degraded) failed += count;
  out.number(run.id, "totals/rows", total);
  out.number(run.id, "totals/degraded", failed);
  out.number(run.id, "totals/ok", total - failed);
  return groups;
}

// A published number by its name, to compute with when the rows are not here.
std::optional<double> printed(const PublishedRun& run, const std::string& name) {
  for (const auto& value : run.values)
    if (value.name == name && std::holds_alternative<double>(value.value)) return std::get<double>(value.value);
  return std::nullopt;
}

Groups groups_of_publication(const PublishedRun& run, DerivedSet& out) {
  Groups groups;
  double ok = 0;
  double degraded = 0;
  for (const auto& value : run.values) {
    if (value.name.rfind("group/", 0) != 0) continue;
    const auto backend = value.name.substr(6, value.name.find('/', 6) - 6);
    if (value.name.ends_with("/degraded")) degraded += std::get<double>(value.value);
    if (!value.name.ends_with("/n")) continue;
    const auto base = name_of("group", backend);
    const auto mean = printed(run, name_of(base, "mean_ms"));
    const auto std = printed(run, name_of(base, "std_ms"));
    if (!mean || !std) continue;
    groups[backend] = {std::get<double>(value.value), *mean, *std};
    ok += groups[backend].n;
    if (const auto rate = printed(run, name_of(base, "tok_s"))) cost(out, run.run, backend, *rate);
  }
  out.number(run.run, "totals/ok", ok);
  out.number(run.run, "totals/degraded", degraded);
  out.number(run.run, "totals/rows", ok + degraded);
  return groups;
}

double pooled_variance(const Group& a, const Group& b) {
  return ((a.n - 1) * a.std * a.std + (b.n - 1) * b.std * b.std) / (a.n + b.n - 2);
}

void tests(const Groups& groups, const std::string& run, DerivedSet& out) {
  double n = 0, sum = 0;
  for (const auto& [backend, group] : groups) n += group.n, sum += group.n * group.mean;
  double between = 0, within = 0;
  for (const auto& [backend, group] : groups) {
    between += group.n * (group.mean - sum / n) * (group.mean - sum / n);
    within += (group.n - 1) * group.std * group.std;
  }
  const auto k = static_cast<double>(groups.size());
  if (k < 2 || n <= k || within <= 0) return;
  const double f = between / (k - 1) / (within / (n - k));
  out.number(run, "test/anova/f_statistic", f);
  out.number(run, "test/anova/p_value", analysis::f_upper_p(f, k - 1, n - k));
  for (auto a = groups.begin(); a != groups.end(); ++a) {
    for (auto b = std::next(a); b != groups.end(); ++b) {
      const double variance = pooled_variance(a->second, b->second);
      if (variance <= 0) continue;
      const double difference = a->second.mean - b->second.mean;
      const double t = difference / std::sqrt(variance * (1 / a->second.n + 1 / b->second.n));
      const double p = analysis::t_two_sided_p(t, a->second.n + b->second.n - 2);
      const auto name = name_of("test", a->first + " ~ " + b->first);
      out.number(run, name_of(name, "t_statistic"), t);
      out.number(run, name_of(name, "p_value"), p);
      out.text(run, name_of(name, "significant"), p < kAlpha ? "true" : "false");
      out.number(run, name_of(name, "abs_d"), std::abs(difference) / std::sqrt(variance));
    }
  }
}

}  // namespace

void derive_tr117(const ReportData& report, DerivedSet& out) {
  bool published_rows = false;
  for (const auto& run : report.runs) {
    if (run.rows.empty()) continue;
    published_rows = published_rows || run.published != nullptr;
    tests(groups_of_rows(run, out), run.id, out);
  }
  if (published_rows) return;
  for (const auto& run : catalogue(readers::Format::tr117).runs) tests(groups_of_publication(run, out), run.run, out);
}

}  // namespace phasegate::conformance
