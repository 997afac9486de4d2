// Where one set of values falls into two: the cut with the largest variance between its sides (Otsu 1979). Internal.
#pragma once

#include <cstddef>
#include <span>

namespace phasegate::analysis {

// Number of values below the cut. At least two values, ascending; the first of equally good cuts.
[[nodiscard]] std::size_t otsu_cut(std::span<const double> ascending);

}  // namespace phasegate::analysis
