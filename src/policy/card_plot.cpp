#include "policy/card_plot.h"

#include <fmt/format.h>

namespace phasegate::policy {

std::string interval_plot(const std::vector<PlotRow>& rows, const std::vector<std::string>& candidates,
                          const std::string& unit, const std::string& title) {
  std::vector<report::PlotRow> plotted;
  for (const PlotRow& row : rows) {
    report::PlotRow& line = plotted.emplace_back();
    line.label = row.label;
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      const Figure& figure = row.values[i];
      line.marks.push_back({figure.value, figure.low, figure.high,
                            fmt::format("{}, {}: {} {} {}", candidates[i], row.label, figure.text, unit, figure.note),
                            fmt::format("#ev-{}", figure.evidence)});
    }
  }
  report::PlotOptions options;
  options.unit = unit;
  options.title = title;
  return report::dot_plot(plotted, options);
}

}  // namespace phasegate::policy
