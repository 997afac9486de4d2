#include "report/run_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/figures.h"

namespace phasegate::report {
namespace {

using analysis::CellAnalysis;
using analysis::RunAnalysis;
using evidence::Phase;

const char* title_of(Phase phase) {
  switch (phase) {
    case Phase::prefill: return "Prefill";
    case Phase::decode: return "Decode";
    case Phase::e2e: return "End to end";
  }
  return "End to end";
}

std::string key_of(const CellAnalysis& cell) { return "cells." + analysis::cell_key(cell); }

Table table(std::vector<Column> columns) { return {std::move(columns), {}, analysis::kCellsFile}; }

std::string flags_of(const CellAnalysis& cell) {
  std::string flags;
  const auto add = [&](const std::string& flag) { flags += (flags.empty() ? "" : ", ") + flag; };
  if (cell.flags.bimodal) add("bimodal: " + cell.flags.bimodal_detail);
  if (cell.flags.first_over_3x) {
    add("first call over 3x");
  } else if (cell.flags.first_over_2x) {
    add("first call over 2x");
  }
  if (cell.contention_share > 0) add(fmt::format("contended {:.0f} %", cell.contention_share * 100));
  if (cell.failures > 0) add(fmt::format("{} failed: {}", cell.failures, cell.failure_reason));
  return flags;
}

// Candidates of one shape under each other.
std::vector<const CellAnalysis*> side_by_side(const RunAnalysis& analysis, Phase phase) {
  std::vector<const CellAnalysis*> cells;
  for (const CellAnalysis& cell : analysis.cells)
    if (cell.phase == phase) cells.push_back(&cell);
  std::stable_sort(cells.begin(), cells.end(),
                   [](const CellAnalysis* a, const CellAnalysis* b) { return a->scenario < b->scenario; });
  return cells;
}

Section phase_section(const RunAnalysis& analysis, Phase phase) {
  Section section;
  section.title = title_of(phase);
  section.lead =
      "Median of the sessions' medians with a 95 % interval over sessions; percentiles over all calls, where there are "
      "enough.";
  section.table = table({{"Shape", false},
                         {"Candidate", false},
                         {"Sessions", true},
                         {"tok/s", true},
                         {"ms", true},
                         {"Calls", true},
                         {"p95, ms", true},
                         {"p99, ms", true},
                         {"Flags", false}});
  for (const CellAnalysis* each : side_by_side(analysis, phase)) {
    const CellAnalysis& cell = *each;
    const std::string key = key_of(cell);
    section.table.rows.push_back({words(cell.scenario.id()), words(cell.candidate),
                                  count_cell(static_cast<std::int64_t>(cell.sessions.size()), key + ".tok_s.n"),
                                  estimate_cell(cell.tok_s, key + ".tok_s"), estimate_cell(cell.ms, key + ".ms"),
                                  count_cell(static_cast<std::int64_t>(cell.calls_ms.n), key + ".calls_ms.n"),
                                  estimate_cell(cell.calls_ms.p95, key + ".calls_ms.p95"),
                                  estimate_cell(cell.calls_ms.p99, key + ".calls_ms.p99"), words(flags_of(cell))});
  }
  drop_unless_given(section, 7);
  drop_unless_given(section, 6);
  section.empty = "Not measured.";
  section.plots.push_back({{0}, 1, 3, "tok/s", false, {}});
  if (phase == Phase::e2e) section.plots.push_back({{0}, 1, 4, "ms", true, {}});
  return section;
}

Section warmup_section(const RunAnalysis& analysis) {
  Section section;
  section.title = "What the first call of a process costs";
  section.lead = "First call against the steady median of its session, median over sessions.";
  section.table = table({{"Shape", false},
                         {"Phase", false},
                         {"Candidate", false},
                         {"Ratio", true},
                         {"Delta, ms", true},
                         {"Warm-up and cold calls", true}});
  for (const CellAnalysis& cell : analysis.cells) {
    if (cell.warmup.calls == 0) continue;
    const std::string key = key_of(cell) + ".warmup";
    section.table.rows.push_back({words(cell.scenario.id()), words(std::string(evidence::to_string(cell.phase))),
                                  words(cell.candidate), estimate_cell(cell.warmup.ratio, key + ".ratio"),
                                  estimate_cell(cell.warmup.delta_ms, key + ".delta_ms"),
                                  count_cell(cell.warmup.calls, key + ".calls")});
  }
  section.empty = "No warm-up or cold call is in the run.";
  section.plots.push_back({{0, 1}, 2, 3, "× steady", true, 1.0});
  return section;
}

Section shape_section(const RunAnalysis& analysis) {
  Section section;
  section.title = "Decode as a share of the request";
  section.lead = "Per shape, joined by call; the rest is prefill. The discrepancy is what end to end has beyond both.";
  section.table = table({{"Shape", false}, {"Candidate", false}, {"Decode share", true}, {"Discrepancy", true}});
  for (const analysis::ShapeAnalysis& shape : analysis.shapes) {
    const std::string key = fmt::format("shapes.{}/{}", shape.candidate, shape.scenario.id());
    section.table.rows.push_back({words(shape.scenario.id()), words(shape.candidate),
                                  estimate_cell(shape.decode_fraction, key + ".decode_fraction"),
                                  estimate_cell(shape.e2e_discrepancy, key + ".e2e_discrepancy")});
  }
  section.empty = "No shape has all three phases.";
  section.plots.push_back({{0}, 1, 2, "share", false, {}});
  return section;
}

Section flip_section(const RunAnalysis& analysis) {
  Section section;
  section.title = "Mean and median disagree";
  section.lead = "Where a few calls decide which of two candidates leads.";
  section.table = table({{"Shape", false},
                         {"Phase", false},
                         {"Faster by median", false},
                         {"Faster by mean", false},
                         {"Median ratio", true},
                         {"Mean ratio", true}});
  for (std::size_t i = 0; i < analysis.flips.size(); ++i) {
    const analysis::MeanMedianFlip& flip = analysis.flips[i];
    const std::string key = fmt::format("flips.{}", i);
    section.table.rows.push_back({words(flip.scenario.id()), words(std::string(evidence::to_string(flip.phase))),
                                  words(flip.faster_by_median), words(flip.faster_by_mean),
                                  figure(flip.median_ratio, key + ".median_ratio"),
                                  figure(flip.mean_ratio, key + ".mean_ratio")});
  }
  section.empty = "Nowhere in this run.";
  return section;
}

}  // namespace

Page run_page(const RunAnalysis& analysis, std::vector<std::pair<std::string, std::string>> facts) {
  Page page;
  page.kicker = "Run";
  page.title = analysis.run;
  page.facts = std::move(facts);
  page.facts.emplace_back("Records", fmt::format("{}", analysis.records));
  for (const Phase phase : {Phase::decode, Phase::prefill, Phase::e2e})
    page.sections.push_back(phase_section(analysis, phase));
  page.sections.push_back(warmup_section(analysis));
  page.sections.push_back(shape_section(analysis));
  page.sections.push_back(flip_section(analysis));
  return page;
}

}  // namespace phasegate::report
