// Dot-and-interval plot as inline SVG: one row for each shape, one mark for each candidate, the 95 % interval as a bar
// behind it. Marks are links to the evidence.
#pragma once

#include <string>
#include <vector>

#include "policy/card_model.h"

namespace phasegate::policy {

struct PlotRow {
  std::string label;
  std::vector<Figure> values;  // one for each candidate; those without a value are left out
};

[[nodiscard]] std::string escape_html(std::string_view text);
// The mark of candidate `index`, 12x12, for the legend.
[[nodiscard]] std::string legend_mark(std::size_t index);
// Empty when no row has a value.
[[nodiscard]] std::string interval_plot(const std::vector<PlotRow>& rows, const std::vector<std::string>& candidates,
                                        const std::string& unit, const std::string& title);

}  // namespace phasegate::policy
