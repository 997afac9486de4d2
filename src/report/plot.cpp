#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/text.h"

namespace phasegate::report {
namespace {

constexpr double kRight = 18;
constexpr double kTop = 6;
constexpr double kBetween = 10;  // series inside a row
constexpr double kAxis = 26;
constexpr std::size_t kColours = 6;
constexpr int kMaxTicks = 12;

struct Axis {
  double low = 0;  // of the scale: decimal logarithms on a logarithmic one
  double high = 1;
  std::vector<double> ticks;  // values
  bool logarithmic = false;
  double left = 0;
  double right = 1;

  [[nodiscard]] double x(double value) const {
    const double at = logarithmic ? std::log10(value) : value;
    return left + (at - low) / (high - low) * (right - left);
  }
};

// Round steps; from 0 unless the values lie close together far from it, or below 0.
void linear_scale(double smallest, double largest, Axis& axis) {
  const bool from_zero = smallest >= 0 && smallest < 0.5 * largest;
  const double spread = largest - smallest;
  const double from = from_zero ? 0 : smallest - 0.15 * spread - 0.02 * std::abs(largest);
  const double span = std::max(largest - from, 1e-9);
  const double raw = span / 5;
  const double magnitude = std::pow(10, std::floor(std::log10(raw)));
  double step = magnitude;
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    step = factor * magnitude;
    if (step >= raw) break;
  }
  axis.low = std::floor(from / step) * step;
  axis.high = std::ceil(largest / step + 0.05) * step;
  const int steps = static_cast<int>(std::min(kMaxTicks * 10.0, std::round((axis.high - axis.low) / step)));
  for (int i = 0; i <= steps; ++i) {
    const double value = axis.low + i * step;
    axis.ticks.push_back(std::abs(value) < step * 1e-6 ? 0 : value);
  }
}

// 1, 2 and 5 of each decade where they fit, else decades.
void logarithmic_scale(double smallest, double largest, Axis& axis) {
  axis.logarithmic = true;
  const double margin = std::max(0.04 * (std::log10(largest) - std::log10(smallest)), 0.02);
  axis.low = std::log10(smallest) - margin;
  axis.high = std::log10(largest) + margin;
  const auto fill = [&](const std::vector<double>& factors, int every) {
    axis.ticks.clear();
    for (int decade = static_cast<int>(std::floor(axis.low)); decade <= static_cast<int>(std::ceil(axis.high));
         decade += every) {
      for (const double factor : factors) {
        const double value = factor * std::pow(10, decade);
        const double at = std::log10(value);
        if (at >= axis.low && at <= axis.high) axis.ticks.push_back(value);
      }
    }
    return axis.ticks.size();
  };
  if (axis.high - axis.low < 1) {
    Axis fine;
    linear_scale(smallest, largest, fine);
    for (const double tick : fine.ticks)
      if (tick > 0 && std::log10(tick) >= axis.low && std::log10(tick) <= axis.high) axis.ticks.push_back(tick);
    if (axis.ticks.size() >= 2) return;
  }
  if (fill({1, 2, 5}, 1) <= 9) return;
  if (fill({1}, 1) <= kMaxTicks) return;
  fill({1}, static_cast<int>(std::ceil((axis.high - axis.low) / kMaxTicks)));
}

// Series differ by shape too: circle, square, diamond, triangle, ring, cross.
std::string shape(double x, double y, std::size_t series) {
  const std::size_t colour = series % kColours;
  switch (colour) {
    case 0: return fmt::format(R"(<circle class="k{}" cx="{:.1f}" cy="{:.1f}" r="4.2"/>)", colour, x, y);
    case 1:
      return fmt::format(R"(<rect class="k{}" x="{:.1f}" y="{:.1f}" width="7.6" height="7.6"/>)", colour, x - 3.8,
                         y - 3.8);
    case 2: return fmt::format(R"(<path class="k{}" d="M{:.1f} {:.1f}l5 5l-5 5l-5-5z"/>)", colour, x, y - 5);
    case 3: return fmt::format(R"(<path class="k{}" d="M{:.1f} {:.1f}l5 8.6h-10z"/>)", colour, x, y - 5);
    case 4:
      return fmt::format(R"(<circle class="k{}" style="fill:none;stroke-width:2.4" cx="{:.1f}" cy="{:.1f}" r="3.8"/>)",
                         colour, x, y);
    default:
      return fmt::format(R"(<path class="k{}" style="stroke-width:2.6" d="M{:.1f} {:.1f}l8 8m0-8l-8 8"/>)", colour,
                         x - 4, y - 4);
  }
}

bool drawn(double value, bool logarithmic) { return std::isfinite(value) && (!logarithmic || value > 0); }

struct Extent {
  double smallest = std::numeric_limits<double>::infinity();
  double largest = -std::numeric_limits<double>::infinity();

  void add(double value, bool logarithmic) {
    if (!drawn(value, logarithmic)) return;
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
  }
};

Extent extent_of(const std::vector<PlotRow>& rows, const PlotOptions& options) {
  Extent extent;
  for (const PlotRow& row : rows) {
    for (const PlotMark& mark : row.marks) {
      if (!mark.value || !drawn(*mark.value, options.logarithmic)) continue;
      extent.add(*mark.value, options.logarithmic);
      extent.add(mark.low.value_or(*mark.value), options.logarithmic);
      extent.add(mark.high.value_or(*mark.value), options.logarithmic);
    }
  }
  if (options.reference && extent.smallest <= extent.largest) extent.add(*options.reference, options.logarithmic);
  return extent;
}

void add_axis(const Axis& axis, double height, const PlotOptions& options, std::string& svg) {
  for (const double tick : axis.ticks) {
    const double x = axis.x(tick);
    svg += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)", x, kTop, height);
    svg +=
        fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", x, height + 14, figure_text(tick));
  }
  if (options.reference && drawn(*options.reference, options.logarithmic)) {
    svg += fmt::format(R"(<line class="reference" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)",
                       axis.x(*options.reference), kTop, height);
  }
  svg += fmt::format(R"(<text x="4" y="{:.1f}">{}</text>)", height + 14, escape_html(options.unit));
}

void add_mark(const PlotMark& mark, std::size_t series, const Axis& axis, double y, std::string& svg) {
  const std::string title = fmt::format("<title>{}</title>", escape_html(mark.title));
  svg += mark.href.empty() ? "<g>" + title : fmt::format(R"(<a href="{}">{})", escape_html(mark.href), title);
  if (mark.low && mark.high && drawn(*mark.low, axis.logarithmic) && drawn(*mark.high, axis.logarithmic)) {
    svg += fmt::format(R"(<line class="range k{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" opacity=".45"/>)",
                       series % kColours, axis.x(*mark.low), axis.x(*mark.high), y, y);
  }
  svg += shape(axis.x(*mark.value), y, series) + (mark.href.empty() ? "</g>" : "</a>");
}

void add_row(const PlotRow& row, const Axis& axis, double top, double height, std::string& svg) {
  svg += fmt::format(R"(<text class="label" x="4" y="{:.1f}">{}</text>)", top + height / 2 + 4, escape_html(row.label));
  const double middle = (static_cast<double>(row.marks.size()) - 1) / 2;
  for (std::size_t i = 0; i < row.marks.size(); ++i) {
    if (!row.marks[i].value || !drawn(*row.marks[i].value, axis.logarithmic)) continue;
    add_mark(row.marks[i], i, axis, top + height / 2 + (static_cast<double>(i) - middle) * kBetween, svg);
  }
}

}  // namespace

std::string legend_mark(std::size_t series) {
  return R"(<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">)" + shape(6, 6, series) + "</svg>";
}

std::string dot_plot(const std::vector<PlotRow>& rows, const PlotOptions& options) {
  const Extent extent = extent_of(rows, options);
  if (!(extent.smallest <= extent.largest)) return {};
  Axis axis;
  axis.left = options.label_width;
  axis.right = options.width - kRight;
  if (options.logarithmic) {
    logarithmic_scale(extent.smallest, extent.largest, axis);
  } else {
    linear_scale(extent.smallest, extent.largest, axis);
  }
  std::size_t series = 1;
  for (const PlotRow& row : rows) series = std::max(series, row.marks.size());
  const double row_height = std::max(26.0, kBetween * static_cast<double>(series) + 10);
  const double height = kTop + row_height * static_cast<double>(rows.size());
  std::string svg = fmt::format(R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">)", options.width,
                                height + kAxis, escape_html(options.title));
  for (std::size_t i = 0; i < rows.size(); i += 2) {
    svg += fmt::format(R"(<rect class="row" x="0" y="{:.1f}" width="{:.0f}" height="{:.1f}"/>)",
                       kTop + row_height * static_cast<double>(i), options.width, row_height);
  }
  add_axis(axis, height, options, svg);
  for (std::size_t i = 0; i < rows.size(); ++i)
    add_row(rows[i], axis, kTop + row_height * static_cast<double>(i), row_height, svg);
  return svg + "</svg>";
}

}  // namespace phasegate::report
