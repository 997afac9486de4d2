// The card's figures in the plot of every page (report/plot.h): marks are links to the evidence.
#pragma once

#include <string>
#include <vector>

#include "policy/card_model.h"
#include "report/plot.h"
#include "report/text.h"

namespace phasegate::policy {

struct PlotRow {
  std::string label;
  std::vector<Figure> values;  // one for each candidate; those without a value are left out
};

using report::escape_html;
using report::legend_mark;

// Empty when no row has a value.
[[nodiscard]] std::string interval_plot(const std::vector<PlotRow>& rows, const std::vector<std::string>& candidates,
                                        const std::string& unit, const std::string& title);

}  // namespace phasegate::policy
