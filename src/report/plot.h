// Dot-and-interval plot as inline SVG: one row for each label, one mark for each series, the interval as a bar behind
// its mark. Pure text; everything from outside is escaped.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace phasegate::report {

struct PlotMark {
  std::optional<double> value;
  std::optional<double> low;
  std::optional<double> high;
  std::string title;  // shown by pointing at the mark
  std::string href;   // "#ev-12"; empty = no link
};

struct PlotRow {
  std::string label;
  std::vector<PlotMark> marks;  // one for each series; those without a value are left out
};

struct PlotOptions {
  std::string unit;
  std::string title;                // for readers that do not see the picture
  double width = 540;               // of the drawing, in its own units
  double label_width = 92;          // left of the axis
  bool logarithmic = false;         // values that are not positive are left out
  std::optional<double> reference;  // a line that means "no difference"
};

// The mark of a series, 12x12, for a legend.
[[nodiscard]] std::string legend_mark(std::size_t series);

// Empty when no row has a value.
[[nodiscard]] std::string dot_plot(const std::vector<PlotRow>& rows, const PlotOptions& options);

}  // namespace phasegate::report
