#include "analysis/between_runs.h"

#include <algorithm>
#include <cmath>

#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

core::Status check(const CellValues& values, const char* run) {
  for (const auto& [cell, value] : values) {
    if (!std::isfinite(value) || value <= 0) {
      return core::fail({core::ErrorKind::invalid_input, fmt::format("{} is not a positive number", value),
                         fmt::format("{} run, cell {}", run, cell), "leave cells without a value out"});
    }
  }
  return {};
}

// Pairs i < j for which the two runs disagree about which is faster.
std::size_t flips(const std::vector<RunShift>& cells) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::size_t j = i + 1; j < cells.size(); ++j) {
      const double first = cells[i].first - cells[j].first;
      const double second = cells[i].second - cells[j].second;
      count += (first < 0 && second > 0) || (first > 0 && second < 0) ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

core::Result<BetweenRuns> between_runs(const CellValues& first, const CellValues& second) {
  PHASEGATE_CHECK_OK(check(first, "first"));
  PHASEGATE_CHECK_OK(check(second, "second"));
  BetweenRuns result;
  std::vector<double> folds;
  std::vector<double> logs;
  double squares = 0;
  for (const auto& [cell, value] : first) {
    const auto other = second.find(cell);
    if (other == second.end()) {
      ++result.only_first;
      continue;
    }
    const double ratio = other->second / value;
    result.cells.push_back({cell, value, other->second, ratio, std::max(ratio, 1 / ratio)});
    folds.push_back(result.cells.back().fold);
    logs.push_back(std::log(ratio));
    squares += logs.back() * logs.back();
  }
  result.only_second = second.size() - result.cells.size();
  if (result.cells.empty()) {
    result.reason = "no_common_cell";
    return result;
  }
  std::sort(folds.begin(), folds.end());
  result.fold_median = percentile(folds, 0.5);
  result.fold_min = folds.front();
  result.fold_max = folds.back();
  result.mean_log_ratio = mean(logs);
  result.sd_between_log = std::sqrt(squares / static_cast<double>(logs.size()) / 2);
  if (result.cells.size() <= kMaxFlipCells) result.order_flips = flips(result.cells);
  return result;
}

}  // namespace phasegate::analysis
