// Cells of a table out of the values of an analysis. Internal to this module.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>

#include "analysis/estimate.h"
#include "report/page.h"
#include "report/text.h"

namespace phasegate::report {

inline std::string interval_text(const analysis::Interval& interval) {
  return fmt::format("[{}, {}]", figure_text(interval.low), figure_text(interval.high));
}

// With its interval as note, or the reason of its absence. `key` leads to the estimate, its value is beneath.
inline Cell estimate_cell(const analysis::Estimate& estimate, const std::string& key) {
  Cell cell = figure(estimate.value, key + ".value", estimate.reason);
  if (!cell.value || !estimate.ci95) return cell;
  cell.low = estimate.ci95->low;
  cell.high = estimate.ci95->high;
  cell.note = interval_text(*estimate.ci95);
  return cell;
}

inline Cell number_with_interval(std::optional<double> value, const std::optional<analysis::Interval>& ci95,
                                 const std::string& key, const std::string& reason = {}) {
  Cell cell = figure(value, key, reason);
  if (!cell.value || !ci95) return cell;
  cell.low = ci95->low;
  cell.high = ci95->high;
  cell.note = interval_text(*ci95);
  return cell;
}

inline Cell count_cell(std::int64_t count, const std::string& key) {
  Cell cell;
  cell.text = fmt::format("{}", count);
  cell.value = static_cast<double>(count);
  cell.key = key;
  return cell;
}

inline Cell p_cell(std::optional<double> p, const std::string& key, const std::string& reason = {}) {
  Cell cell = figure(p, key, reason);
  if (cell.value) cell.text = *p < 1e-4 ? fmt::format("{:.1e}", *p) : fmt::format("{:.4f}", *p);
  return cell;
}

}  // namespace phasegate::report
