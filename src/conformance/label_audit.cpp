#include "conformance/label_audit.h"

#include <algorithm>
#include <cmath>

#include "analysis/distributions.h"

namespace phasegate::conformance {
namespace {

constexpr double kAlpha = 0.05;

// What one line of the table says about one file of runs.
struct FileLine {
  std::string backend, scenario, precision;
  double n = 0, mean = 0, median = 0, p99 = 0, max = 0, mean_rest = 0;
  double ratio = 0;
  bool max_first = false;
};

struct Sums {
  double files = 0, n = 0, mean = 0, rest = 0, max = 0, max_first = 0, over_2x = 0, over_3x = 0;

  void add(const FileLine& line) {
    files += 1;
    n += line.n;
    mean += line.n * line.mean;
    rest += (line.n - 1) * line.mean_rest;
    max = std::max(max, line.max);
    max_first += line.max_first ? 1 : 0;
    over_2x += line.ratio > 2 ? 1 : 0;
    over_3x += line.ratio > 3 ? 1 : 0;
  }
  [[nodiscard]] double mean_ms() const { return mean / n; }
  [[nodiscard]] double mean_excl_first_ms() const { return rest / (n - files); }
};

std::vector<FileLine> lines_of(const readers::Table& cells) {
  const TableView view(cells);
  std::vector<FileLine> lines;
  for (std::size_t i = 0; i < view.size(); ++i) {
    FileLine line;
    line.backend = view.text(i, "backend");
    line.scenario = view.text(i, "scenario");
    line.precision = view.text(i, "quantization");
    const auto get = [&](const char* column) { return view.number(i, column).value_or(std::nan("")); };
    line.n = get("n_samples");
    line.mean = get("mean_ms");
    line.median = get("median_ms");
    line.p99 = get("p99_ms");
    line.max = get("max_ms");
    line.mean_rest = get("mean_excl_first_ms");
    line.ratio = get("first_ms") / get("median_rest_ms");
    line.max_first = view.number(i, "max_index") == 0.0;
    lines.push_back(std::move(line));
  }
  return lines;
}

void overall(const RunData& run, const std::map<std::string, Sums>& backends, DerivedSet& out) {
  for (const auto& [backend, sums] : backends) {
    const auto name = name_of("label_audit/overall", backend);
    out.number(run.id, name_of(name, "n_total_samples"), sums.n);
    out.number(run.id, name_of(name, "mean_ms"), sums.mean_ms());
    out.number(run.id, name_of(name, "max_ms"), sums.max);
    out.number(run.id, name_of(name, "n_excl_first_samples"), sums.n - sums.files);
    out.number(run.id, name_of(name, "mean_excl_first_ms"), sums.mean_excl_first_ms());
    out.number(run.id, name_of(name, "frac_max_at_first_sample_per_file"), sums.max_first / sums.files);
    out.number(run.id, name_of(name, "frac_first_sample_over_2x_rest_median_per_file"), sums.over_2x / sums.files);
    out.number(run.id, name_of(name, "frac_first_sample_over_3x_rest_median_per_file"), sums.over_3x / sums.files);
    out.number(run.id, name_of(name, "files"), sums.files);
    out.number(run.id, name_of(name, "files_over_3x"), sums.over_3x);
    const auto summary = name_of("label/overall", backend);
    out.number(run.id, name_of(summary, "n"), sums.n);
    out.number(run.id, name_of(summary, "mean_ms"), sums.mean_ms());
    out.number(run.id, name_of(summary, "max_ms"), sums.max);
  }
}

void by_scenario(const RunData& run, const std::vector<FileLine>& lines, DerivedSet& out) {
  std::map<std::string, Sums> groups;
  for (const auto& line : lines) groups[name_of(line.scenario, line.backend)].add(line);
  for (const auto& [key, sums] : groups) {
    const auto name = name_of("label_audit/by_scenario", key);
    out.number(run.id, name_of(name, "files"), sums.files);
    out.number(run.id, name_of(name, "max_ms"), sums.max);
    out.number(run.id, name_of(name, "frac_max_at_first_sample"), sums.max_first / sums.files);
    out.number(run.id, name_of(name, "mean_ms"), sums.mean_ms());
    out.number(run.id, name_of(name, "mean_excl_first_ms"), sums.mean_excl_first_ms());
  }
}

void by_precision(const RunData& run, const std::vector<FileLine>& lines, DerivedSet& out) {
  std::map<std::string, Sums> groups;
  for (const auto& line : lines) groups[name_of(line.backend, line.precision)].add(line);
  for (const auto& [key, sums] : groups) {
    const auto name = name_of("label/by_quantization", key);
    out.number(run.id, name_of(name, "n"), sums.n);
    out.number(run.id, name_of(name, "mean_ms"), sums.mean_ms());
    out.number(run.id, name_of(name, "max_ms"), sums.max);
  }
  // One file is one cell here, so that its own median and p99 are the cell's.
  std::map<std::string, std::vector<const FileLine*>> cells;
  for (const auto& line : lines) cells[name_of(line.backend, line.precision, line.scenario)].push_back(&line);
  for (const auto& [key, files] : cells) {
    if (files.size() != 1) continue;
    const auto& line = *files.front();
    const auto name = name_of("label/by_scenario_quantization", key);
    out.number(run.id, name_of(name, "n"), line.n);
    out.number(run.id, name_of(name, "mean_ms"), line.mean);
    out.number(run.id, name_of(name, "median_ms"), line.median);
    out.number(run.id, name_of(name, "max_ms"), line.max);
    out.number(run.id, name_of(name, "p99"), line.p99);
  }
}

// p follows from the published U and the counts; U itself needs the samples.
void tests_of(const RunData& run, DerivedSet& out) {
  for (const auto& [path, json] : run.source.documents) {
    const auto* overall = at(json, {"comparisons", "overall"});
    if (overall == nullptr || at(json, {"cold_start"}) == nullptr) continue;
    const auto one = [&](const core::Json& comparison, const std::string& name) {
      const auto u = number_at(comparison, {"mann_whitney", "u_statistic"});
      const auto n_a = number_at(comparison, {"n_a"});
      const auto n_b = number_at(comparison, {"n_b"});
      if (!u || !n_a || !n_b) return;
      const double p = mann_whitney_p(*u, *n_a, *n_b);
      out.number(run.id, name_of(name, "mann_whitney/p_value"), p);
      out.text(run.id, name_of(name, "significant"), p < kAlpha ? "true" : "false");
    };
    one(*overall, "label/comparisons/overall");
    if (const auto* groups = at(json, {"comparisons", "by_quantization"}); groups != nullptr && groups->is_object())
      for (const auto& [precision, entry] : groups->items())
        one(entry, name_of("label/comparisons/by_quantization", precision));
  }
}

void deltas(const RunData& run, const std::map<std::string, Sums>& backends, DerivedSet& out) {
  const auto eager = backends.find("transformers-gpu");
  const auto compiled = backends.find("transformers-gpu-compile");
  if (eager == backends.end() || compiled == backends.end()) return;
  const auto put = [&](const std::string& name, double a, double b) {
    out.number(run.id, name_of("label/comparisons/overall", name, "delta"), b - a);
    out.number(run.id, name_of("label/comparisons/overall", name, "pct"), (b - a) / a * 100);
  };
  put("mean_delta_ms", eager->second.mean_ms(), compiled->second.mean_ms());
  put("max_delta_ms", eager->second.max, compiled->second.max);
  out.number(run.id, "label/comparisons/overall/n_a", eager->second.n);
  out.number(run.id, "label/comparisons/overall/n_b", compiled->second.n);
  out.number(run.id, "label_audit/mean_delta_excl_first_ms",
             compiled->second.mean_excl_first_ms() - eager->second.mean_excl_first_ms());
}

}  // namespace

double mann_whitney_p(double u, double n_a, double n_b) {
  const double mean = n_a * n_b / 2;
  const double sd = std::sqrt(n_a * n_b * (n_a + n_b + 1) / 12);
  return analysis::normal_two_sided_p((std::abs(u - mean) - 0.5) / sd);
}

void audit_labels(const RunData& run, DerivedSet& out) {
  const auto* cells = table(run, "cold_start_by_file.csv");
  if (cells == nullptr) return;
  const auto lines = lines_of(*cells);
  std::map<std::string, Sums> backends;
  for (const auto& line : lines) backends[line.backend].add(line);
  overall(run, backends, out);
  by_scenario(run, lines, out);
  by_precision(run, lines, out);
  deltas(run, backends, out);
  tests_of(run, out);
}

}  // namespace phasegate::conformance
