// Two runs of one configuration: how far apart are they? What differs between runs of the same thing is in no interval
// that one run can compute, and in the reports it was larger than most effects that they published.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/estimate.h"
#include "core/result.h"

namespace phasegate::analysis {

using CellValues = std::map<std::string, double>;  // cell -> its value in one run (a median latency), above 0

struct RunShift {
  std::string cell;
  double first = 0;
  double second = 0;
  double ratio = 0;  // second / first
  double fold = 0;   // max(ratio, 1 / ratio)
};

inline constexpr std::size_t kMaxFlipCells = 5'000;

struct BetweenRuns {
  std::vector<RunShift> cells;  // in both runs, ordered by name
  std::size_t only_first = 0;
  std::size_t only_second = 0;
  std::optional<double> fold_median, fold_min, fold_max;
  std::optional<double> mean_log_ratio;    // of ln(second / first): a shift that all cells share
  std::optional<double> sd_between_log;    // component of one run: sqrt(mean((ln ratio)^2) / 2)
  std::optional<std::size_t> order_flips;  // pairs of cells whose order the two runs state differently; null above
                                           // kMaxFlipCells cells
  std::string reason;                      // "no_common_cell" when the optionals are null
};

// Fails with invalid_input for a value that is not finite and positive.
[[nodiscard]] core::Result<BetweenRuns> between_runs(const CellValues& first, const CellValues& second);

}  // namespace phasegate::analysis
