#include "report/observed_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "report/figures.h"

namespace phasegate::report {
namespace {

using analysis::ObservedAnalysis;
using analysis::ObservedCell;
using analysis::ObservedComparison;
using analysis::ObservedFit;
using analysis::ObservedTail;
using evidence::Window;

std::string name_of(Window window) {
  switch (window) {
    case Window::prefill: return "prefill";
    case Window::decode: return "decode";
    case Window::e2e: return "end to end";
    case Window::e2e_sum: return "prefill + decode";
    case Window::generate_uncached: return "generate, uncached";
    case Window::service: return "service call";
    case Window::request: return "request";
  }
  return "request";
}

std::string batch_text(const std::optional<std::int64_t>& batch) { return batch ? fmt::format("{}", *batch) : ""; }

std::string key_of(const ObservedCell& cell) { return "cells." + cell.key.text(); }

Table table(std::vector<Column> columns) { return {std::move(columns), {}, analysis::kObservedFile}; }

std::string flags_of(const ObservedCell& cell) {
  std::string flags;
  const auto add = [&](const std::string& flag) { flags += (flags.empty() ? "" : ", ") + flag; };
  if (cell.latency_ms.first.over_3x) {
    add("first call over 3x");
  } else if (cell.latency_ms.first.over_2x) {
    add("first call over 2x");
  }
  if (cell.latency_ms.modes.bimodal.value_or(false)) add("bimodal");
  if (!cell.latency_ms.outliers.beyond_iqr.empty())
    add(fmt::format("{} outliers", cell.latency_ms.outliers.beyond_iqr.size()));
  if (cell.tok_s_contradicted > 0) add(fmt::format("tok/s fits no count in {} rows", cell.tok_s_contradicted));
  if (cell.early_stop && cell.early_stop->early_share > 0)
    add(fmt::format("{:.0f} % stopped early", 100 * cell.early_stop->early_share));
  return flags;
}

// Backends of one model and scenario under each other.
std::vector<const ObservedCell*> side_by_side(const ObservedAnalysis& analysis, Window window) {
  std::vector<const ObservedCell*> cells;
  for (const ObservedCell& cell : analysis.cells)
    if (cell.key.window == window) cells.push_back(&cell);
  std::stable_sort(cells.begin(), cells.end(), [](const ObservedCell* a, const ObservedCell* b) {
    return std::tie(a->key.model, a->key.scenario, a->key.batch) <
           std::tie(b->key.model, b->key.scenario, b->key.batch);
  });
  return cells;
}

bool batches_differ(const Table& table) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return row[2].text != table.rows.front()[2].text; });
}

Section window_section(const ObservedAnalysis& analysis, Window window) {
  Section section;
  section.title = "Latency · " + name_of(window);
  section.lead =
      "Every timed call of the rows that count, per cell. A percentile is left out where its cell has too few calls.";
  section.table = table({{"Model", false},
                         {"Scenario", false},
                         {"Batch", false},
                         {"Backend", false},
                         {"Calls", true},
                         {"Median, ms", true},
                         {"Mean, ms", true},
                         {"p95, ms", true},
                         {"p99, ms", true},
                         {"tok/s", true},
                         {"Flags", false}});
  for (const ObservedCell* each : side_by_side(analysis, window)) {
    const ObservedCell& cell = *each;
    const std::string key = key_of(cell) + ".latency_ms";
    section.table.rows.push_back(
        {words(cell.key.model), words(cell.key.scenario), words(batch_text(cell.key.batch)), words(cell.key.arm()),
         count_cell(static_cast<std::int64_t>(cell.latency_ms.n), key + ".n"),
         estimate_cell(cell.latency_ms.median, key + ".median"), estimate_cell(cell.latency_ms.mean, key + ".mean"),
         estimate_cell(cell.latency_ms.p95, key + ".p95"), estimate_cell(cell.latency_ms.p99, key + ".p99"),
         estimate_cell(cell.tok_s, key_of(cell) + ".tok_s"), words(flags_of(cell))});
  }
  drop_unless_given(section, 8);
  drop_unless_given(section, 7);
  if (batches_differ(section.table)) {
    section.plots.push_back({{0, 1, 2}, 3, 5, "ms", true, {}});
    return section;
  }
  const std::string batch = section.table.rows.empty() ? "" : section.table.rows.front()[2].text;
  if (!batch.empty()) section.lead += fmt::format(" Batch {} throughout.", batch);
  drop_column(section.table, 2);
  section.plots.push_back({{0, 1}, 2, 4, "ms", true, {}});
  return section;
}

Section request_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "First token and gaps";
  section.lead = "As the client measured them; a copy of the whole latency is not a first token and is left out.";
  section.table = table({{"Model", false},
                         {"Scenario", false},
                         {"Backend", false},
                         {"Requests", true},
                         {"TTFT median, ms", true},
                         {"TTFT p95, ms", true},
                         {"TTFT p99, ms", true},
                         {"Gaps", true},
                         {"ITL median, ms", true},
                         {"ITL p95, ms", true},
                         {"ITL p99, ms", true}});
  for (const ObservedCell& cell : analysis.cells) {
    if (!cell.ttft_ms && !cell.itl_ms) continue;
    const analysis::Summary none;
    const analysis::Summary& ttft = cell.ttft_ms ? *cell.ttft_ms : none;
    const analysis::Summary& itl = cell.itl_ms ? *cell.itl_ms : none;
    const std::string key = key_of(cell);
    section.table.rows.push_back(
        {words(cell.key.model), words(cell.key.scenario), words(cell.key.arm()),
         count_cell(static_cast<std::int64_t>(ttft.n), key + ".ttft_ms.n"),
         estimate_cell(ttft.median, key + ".ttft_ms.median"), estimate_cell(ttft.p95, key + ".ttft_ms.p95"),
         estimate_cell(ttft.p99, key + ".ttft_ms.p99"), count_cell(static_cast<std::int64_t>(itl.n), key + ".itl_ms.n"),
         estimate_cell(itl.median, key + ".itl_ms.median"), estimate_cell(itl.p95, key + ".itl_ms.p95"),
         estimate_cell(itl.p99, key + ".itl_ms.p99")});
  }
  section.empty = "The source measured neither.";
  section.plots.push_back({{0, 1}, 2, 4, "ms", false, {}});
  return section;
}

Section failure_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "Failed and degraded rows";
  section.lead = "Counted and kept in the run, outside every figure above.";
  section.table = table({{"Model", false},
                         {"Scenario", false},
                         {"Window", false},
                         {"Backend", false},
                         {"Rows", true},
                         {"Degraded", true},
                         {"Share", true},
                         {"Reasons", false}});
  for (const ObservedCell& cell : analysis.cells) {
    if (cell.degraded == 0) continue;
    std::string reasons;
    for (const auto& [reason, count] : cell.by_reason)
      reasons += fmt::format("{}{} × {}", reasons.empty() ? "" : ", ", count, reason);
    section.table.rows.push_back({words(cell.key.model), words(cell.key.scenario), words(name_of(cell.key.window)),
                                  words(cell.key.arm()), count_cell(cell.rows, key_of(cell) + ".rows"),
                                  count_cell(cell.degraded, key_of(cell) + ".degraded"),
                                  estimate_cell(cell.degraded_rate, key_of(cell) + ".degraded_rate"), words(reasons)});
  }
  section.empty = "None: every row was ok.";
  section.plots.push_back({{0, 1, 2}, 3, 6, "share", false, {}});
  return section;
}

Section warmup_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "What the first calls cost";
  section.lead = "Median of the warm-up calls against the median of the measured ones, the costliest first.";
  if (analysis.warmup_spread) {
    section.lead +=
        fmt::format(" Over {} cells: median {}x, largest {}x; {} above 10x, where a warm pool is mandatory.",
                    analysis.warmup_spread->cells, figure_text(analysis.warmup_spread->median),
                    figure_text(analysis.warmup_spread->max), analysis.warmup_spread->over_10x);
  }
  section.table = table({{"Model", false},
                         {"Scenario", false},
                         {"Window", false},
                         {"Backend", false},
                         {"Warm-up calls", true},
                         {"Warm-up, ms", true},
                         {"Measured, ms", true},
                         {"Ratio", true},
                         {"Delta, ms", true}});
  std::vector<const ObservedCell*> cells;
  for (const ObservedCell& cell : analysis.cells)
    if (cell.warmup) cells.push_back(&cell);
  std::stable_sort(cells.begin(), cells.end(), [](const ObservedCell* a, const ObservedCell* b) {
    return a->warmup->ratio.value_or(0) > b->warmup->ratio.value_or(0);
  });
  for (const ObservedCell* cell : cells) {
    const std::string key = key_of(*cell) + ".warmup";
    section.table.rows.push_back({words(cell->key.model), words(cell->key.scenario), words(name_of(cell->key.window)),
                                  words(cell->key.arm()),
                                  count_cell(static_cast<std::int64_t>(cell->warmup->warmup_n), key + ".warmup_n"),
                                  figure(cell->warmup->warmup_median, key + ".warmup_median_ms"),
                                  figure(cell->warmup->measured_median, key + ".measured_median_ms"),
                                  figure(cell->warmup->ratio, key + ".ratio", "measured median is 0"),
                                  figure(cell->warmup->delta, key + ".delta_ms")});
  }
  section.empty = "The source does not tell warm-up calls from measured ones.";
  section.plots.push_back({{0, 1, 2}, 3, 7, "× measured", true, 1.0});
  return section;
}

std::string outcome_text(const ObservedComparison& each) {
  switch (each.verdict.outcome) {
    case analysis::Outcome::winner_a: return each.a + " faster in this run";
    case analysis::Outcome::winner_b: return each.b + " faster in this run";
    case analysis::Outcome::tie: return "not separable: " + each.verdict.reason;
    case analysis::Outcome::too_few: return "open: " + each.verdict.reason;
  }
  return {};
}

Section comparison_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "Backends against each other";
  section.lead =
      "Blocked: medians paired inside each scenario, the ratio over scenarios, p adjusted over the whole run (Holm). "
      "Exploratory: all calls pooled, which mixes scenarios. Neither knows sessions, so neither makes a policy.";
  if (analysis.comparisons_left_out > 0)
    section.lead += fmt::format(" {} pairs beyond the limit are left out.", analysis.comparisons_left_out);
  section.table = table({{"Model", false},
                         {"Window", false},
                         {"A", false},
                         {"B", false},
                         {"Scenarios", true},
                         {"A / B, blocked", true},
                         {"p, Holm", true},
                         {"p, exploratory", true},
                         {"Reading", false},
                         {"Mean and median disagree in", false}});
  for (const ObservedComparison& each : analysis.comparisons) {
    const std::string key =
        fmt::format("comparisons.{}/{}/{}|{}", analysis::label_key(each.model), evidence::to_string(each.window),
                    analysis::label_key(each.a), analysis::label_key(each.b));
    std::string flips;
    for (const std::string& scenario : each.flips) flips += (flips.empty() ? "" : ", ") + scenario;
    section.table.rows.push_back(
        {words(each.model), words(name_of(each.window)), words(each.a), words(each.b),
         count_cell(static_cast<std::int64_t>(each.blocked.n), key + ".blocked.n"),
         number_with_interval(each.blocked.ratio, each.blocked.ci95, key + ".blocked.ratio", each.blocked.reason),
         p_cell(each.p_holm, key + ".blocked.p_holm"), p_cell(each.mann_whitney_p, key + ".unblocked.mann_whitney_p"),
         words(outcome_text(each)), words(flips)});
  }
  section.empty = "No two backends ran the same model in the same window and scenario.";
  section.plots.push_back({{0, 1, 2, 3}, {}, 5, "A / B", true, 1.0});
  return section;
}

Section tail_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "Whose tail is it?";
  section.lead =
      "Slow = above 3x the median of all scenarios together. Where the slow calls are one scenario, a pooled p95 or "
      "p99 "
      "describes neither that scenario nor the others.";
  section.table = table({{"Backend", false},
                         {"Model", false},
                         {"Window", false},
                         {"Scenario", false},
                         {"Calls", true},
                         {"Slow", true},
                         {"Share of the scenario", true},
                         {"Share of the slow", true},
                         {"Reading", false}});
  for (const ObservedTail& tail : analysis.tails) {
    if (tail.mixture.slow == 0) continue;
    const std::string key =
        fmt::format("tails.{}/{}/{}/{}.shapes.", analysis::label_key(tail.arm), analysis::label_key(tail.model),
                    evidence::to_string(tail.window), tail.batch ? fmt::format("b{}", *tail.batch) : "-");
    for (const analysis::SlowShare& shape : tail.mixture.shapes) {
      const std::string at = key + (shape.shape.empty() ? "-" : shape.shape);
      const bool dominant = tail.mixture.one_shape && shape.shape == tail.mixture.dominant;
      section.table.rows.push_back({words(tail.arm), words(tail.model), words(name_of(tail.window)), words(shape.shape),
                                    count_cell(static_cast<std::int64_t>(shape.n), at + ".n"),
                                    count_cell(static_cast<std::int64_t>(shape.slow), at + ".slow"),
                                    figure(shape.share_of_shape, at + ".share_of_shape"),
                                    figure(shape.share_of_slow, at + ".share_of_slow"),
                                    words(dominant ? "this scenario is the whole tail" : "")});
    }
  }
  section.empty = "No call was slower than 3x the median of its backend, model and window.";
  section.plots.push_back({{1, 2, 3}, 0, 6, "share slow", false, {}});
  return section;
}

Section fit_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "Latency against size";
  section.lead = fmt::format(
      "log10 latency on log10 parameters, over models. Usable for planning only with R² of at least 0.2 and an "
      "interval "
      "that excludes 0 ({} resamples of models, {}, seed {}).",
      analysis.resamples, analysis::kNumpyGeneratorName, analysis.seed);
  section.table = table({{"Backend", false},
                         {"Window", false},
                         {"Scenario", false},
                         {"Models", true},
                         {"Slope", true},
                         {"R²", true},
                         {"Theil-Sen slope", true},
                         {"Spearman p", true},
                         {"Reading", false}});
  for (const ObservedFit& fit : analysis.fits) {
    const std::string key =
        fmt::format("fits.{}/{}/{}/{}", analysis::label_key(fit.arm), evidence::to_string(fit.window),
                    fit.batch ? fmt::format("b{}", *fit.batch) : "-",
                    fit.scenario.empty() ? "geometric_mean" : "scenario:" + analysis::label_key(fit.scenario));
    const auto& law = fit.power_law;
    std::string reading = law ? (law->planning.actionable ? "usable" : "not identifiable: " + law->planning.reason)
                              : "refused: " + fit.reason;
    if (fit.precisions.size() > 1) reading += ", precisions mixed";
    const auto slope = law ? std::optional(law->slope) : std::nullopt;
    section.table.rows.push_back(
        {words(fit.arm), words(name_of(fit.window)), words(fit.scenario.empty() ? "all" : fit.scenario),
         count_cell(static_cast<std::int64_t>(fit.models), key + ".models"),
         number_with_interval(slope, law ? law->slope_ci95 : std::nullopt, key + ".power_law.slope", fit.reason),
         figure(law ? law->r2 : std::nullopt, key + ".power_law.r2"),
         figure(law && law->robust ? std::optional(law->robust->line.slope) : std::nullopt,
                key + ".power_law.theil_sen.slope"),
         p_cell(law && law->rank ? std::optional(law->rank->p) : std::nullopt, key + ".power_law.spearman.p"),
         words(std::move(reading))});
  }
  section.empty = "No backend ran two models whose size the source states.";
  section.plots.push_back({{1, 2}, 0, 4, "slope", false, 0.0});
  return section;
}

Section decode_section(const ObservedAnalysis& analysis) {
  Section section;
  section.title = "Is decode time proportional to tokens?";
  section.lead =
      "Decode time against the tokens that came. Where the line does not pass through 0, a time scaled to a fixed "
      "length "
      "is a projection; its error at the target is shown.";
  section.table = table({{"Model", false},
                         {"Backend", false},
                         {"Rows", true},
                         {"Target, tokens", true},
                         {"ms per token", true},
                         {"Fixed, ms", true},
                         {"R²", true},
                         {"Projection error, ms", true}});
  for (const analysis::ObservedLinearity& each : analysis.linearity) {
    const std::string key =
        fmt::format("decode_linearity.{}/{}/{}", analysis::label_key(each.arm), analysis::label_key(each.model),
                    each.batch ? fmt::format("b{}", *each.batch) : "-");
    section.table.rows.push_back(
        {words(each.model), words(each.arm), count_cell(static_cast<std::int64_t>(each.fit.n), key + ".n"),
         figure(each.fit.target, key + ".target_tokens"), figure(each.fit.b_ms_per_token, key + ".b_ms_per_token"),
         figure(each.fit.a_ms, key + ".a_ms"), figure(each.fit.r2, key + ".r2"),
         number_with_interval(each.fit.error_median, analysis::Interval{each.fit.error_min, each.fit.error_max},
                              key + ".projection_error_ms.median")});
  }
  section.plots.push_back({{0}, 1, 7, "ms", false, 0.0});
  return section;
}

}  // namespace

Page observed_page(const ObservedAnalysis& analysis, std::vector<std::pair<std::string, std::string>> facts) {
  Page page;
  page.kicker = "Imported run";
  page.title = analysis.run;
  page.facts = std::move(facts);
  page.facts.emplace_back("Rows", fmt::format("{}", analysis.rows));
  page.facts.emplace_back("Behind the figures", fmt::format("{}", analysis.usable));
  page.facts.emplace_back("Degraded or failed", fmt::format("{}", analysis.degraded));
  page.notes.push_back(
      "Somebody else's measurement: backend, model and precision are its labels, its clock and its order are its own, "
      "and independent sessions are not in the data. Nothing on this page names a winner for policy.");
  std::set<Window> windows;
  for (const ObservedCell& cell : analysis.cells) windows.insert(cell.key.window);
  for (const Window window : windows) page.sections.push_back(window_section(analysis, window));
  if (windows.contains(Window::request) || windows.contains(Window::service))
    page.sections.push_back(request_section(analysis));
  page.sections.push_back(failure_section(analysis));
  page.sections.push_back(warmup_section(analysis));
  page.sections.push_back(comparison_section(analysis));
  page.sections.push_back(tail_section(analysis));
  page.sections.push_back(fit_section(analysis));
  if (!analysis.linearity.empty()) page.sections.push_back(decode_section(analysis));
  return page;
}

}  // namespace phasegate::report
