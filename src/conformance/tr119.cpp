// TR119: cost and energy of five backends. A row's power is a mean over monitor-on to monitor-off, with the number of
// samples beside it; costs are at the prices of the run's own configuration. Backend figures are arithmetic means over
// scenarios of the scenarios' costs, as published.
#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/energy_use.h"
#include "analysis/hypothesis.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "conformance/derive.h"
#include "conformance/series.h"
#include "conformance/tr119_cells.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

// --- statistics -----------------------------------------------------------------------------------------------------

constexpr double kAlpha = 0.05;

void summary_of(DerivedSet& out, const std::string& run, const std::string& name, const std::vector<double>& values) {
  DerivedSet scratch;
  describe(scratch, run, "s", values);
  const auto copy = [&](const char* from, const char* to) {
    out.number(run, name_of(name, to), scratch.number_of(run, name_of("s", from)), "n_below_2");
  };
  copy("mean", "mean");
  copy("median", "median");
  copy("std", "std");
  copy("ci_lower", "ci_95_lower");
  copy("ci_upper", "ci_95_upper");
  copy("n", "n");
}

// Pairs that the publication calls significant at 5 % each, and how many survive ten tests of one family.
void corrected_pairs(const RunData& run, const std::string& mode, const std::vector<double>& p, DerivedSet& out) {
  const auto adjusted = analysis::bonferroni(p);
  const auto survive = std::count_if(adjusted.begin(), adjusted.end(), [](double value) { return value < kAlpha; });
  const auto name = name_of("stats/by_mode", mode, "significant_pairs_corrected");
  out.number(run.id, name, static_cast<double>(survive));
  if (run.published == nullptr) return;
  const auto* stats = document(run, "statistical_analysis.json");
  const auto* pairs = stats == nullptr ? nullptr : at(*stats, {"by_mode", mode.c_str(), "pairwise_comparisons"});
  if (pairs == nullptr || !pairs->is_array()) return;
  double called = 0;
  for (const auto& pair : *pairs)
    if (const auto* flag = at(pair, {"significant"}); flag != nullptr && flag->is_boolean() && flag->get<bool>())
      ++called;
  if (called == static_cast<double>(survive)) return;
  out.state({run.id, name, Scalar(called), "statistical_analysis.json, pairs with significant = true",
             "ten tests without a correction for ten tests; after Bonferroni fewer remain"});
}

void statistics(const RunData& run, const std::vector<Tr119Cell>& cells, DerivedSet& out) {
  for (const std::string mode : {"", "generate", "prefill"}) {
    const auto name = mode.empty() ? std::string("stats/overall") : name_of("stats/by_mode", mode);
    std::vector<std::string> names;
    std::vector<std::vector<double>> samples;
    for (const auto& [backend, group] : by_backend(cells, mode)) {
      names.push_back(backend);
      samples.emplace_back();
      for (const auto* cell : group) samples.back().push_back(cell->total.at("on_demand"));
      summary_of(out, run.id, name_of(name, "summaries", backend), samples.back());
    }
    anova(out, run.id, name_of(name, "anova"), samples);
    std::vector<double> p;
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (std::size_t j = i + 1; j < names.size(); ++j) {
        const auto pair =
            name_of(name, "pairwise_comparisons", names[i], names[j], "total_cost_usd_per_1m_tokens_on_demand");
        compare_pooled(out, run.id, pair, samples[i], samples[j], "effect_size_cohens_d");
        if (const auto value = out.number_of(run.id, name_of(pair, "p_value"))) p.push_back(*value);
      }
    }
    if (!mode.empty() && !p.empty()) corrected_pairs(run, mode, p, out);
  }
}

// --- energy evidence ------------------------------------------------------------------------------------------------

bool energy_is_evidence(const Observation& row) {
  if (!row.power) return false;
  return analysis::judge_aggregate(row.power->samples, row.power->gpu_mean_w, std::nullopt).published_rule !=
         analysis::EnergyStatus::no_data;
}

void energy_evidence(const RunData& run, DerivedSet& out) {
  std::map<std::string, std::pair<double, double>> groups;  // rows, with evidence
  double with = 0;
  for (const auto& row : run.rows) {
    auto& group = groups[name_of(on_cpu(row.backend) ? "cpu" : "gpu", tr119_mode(row))];
    const bool evidence = energy_is_evidence(row);
    group.first += 1;
    group.second += evidence ? 1 : 0;
    with += evidence ? 1 : 0;
  }
  const auto rows = static_cast<double>(run.rows.size());
  out.number(run.id, "energy/rows", rows);
  out.number(run.id, "energy/rows_with_evidence", with);
  out.number(run.id, "energy/no_data_rows", rows - with);
  for (const auto& [group, counts] : groups) {
    out.number(run.id, name_of("energy", group, "rows_with_evidence"), counts.second);
    out.number(run.id, name_of("energy", group, "no_data_rows"), counts.first - counts.second);
    out.text(run.id, name_of("energy", group, "ranking"), counts.second < counts.first ? "refused" : "allowed");
  }
}

void validate(const RunData& run, const std::vector<Tr119Cell>& cells, DerivedSet& out) {
  bool cost = !cells.empty();
  bool energy = !cells.empty();
  for (const auto& cell : cells) {
    cost = cost && cell.energy_usd >= 0 && cell.total.at("on_demand") >= 0;
    energy = energy && cell.power_w >= 0 && (!on_cpu(cell.backend) || cell.power_source == "cpu");
  }
  const auto truth = [](bool value) { return std::string(value ? "true" : "false"); };
  out.text(run.id, "validation/cost_validation/valid", truth(cost));
  out.text(run.id, "validation/energy_validation/valid", truth(energy));
  out.text(run.id, "validation/overall_valid", truth(cost && energy));
}

void counts(const RunData& run, DerivedSet& out) {
  double failed = 0;
  double samples = 0;
  for (const auto& row : run.rows) {
    failed += row.usable() ? 0 : 1;
    samples += static_cast<double>(row.latency_ms.size());
  }
  out.number(run.id, "counts/total_runs", static_cast<double>(run.rows.size()));
  out.number(run.id, "counts/degraded_runs", failed);
  out.number(run.id, "counts/prompt_samples", samples);
  double duration = 0;
  for (const auto& [path, json] : run.source.documents)
    if (path.find("experiment_manifest") != std::string::npos) duration += number_at(json, {"duration_s"}).value_or(0);
  if (duration > 0) out.number(run.id, "duration/hours", duration / 3600);
}

}  // namespace

void derive_tr119(const ReportData& report, DerivedSet& out) {
  for (const auto& run : report.runs) {
    if (run.rows.empty()) continue;
    counts(run, out);
    energy_evidence(run, out);
    const auto prices = prices_of(run.source.config);
    const auto cells = tr119_cells(run, prices, out);
    if (cells.empty()) continue;
    write_economics(run, cells, *prices, out);
    statistics(run, cells, out);
    validate(run, cells, out);
  }
}

}  // namespace phasegate::conformance
