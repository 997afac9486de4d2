#include "policy/card_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "policy/card_text.h"

namespace phasegate::policy {
namespace {

constexpr double kWidth = 540;
constexpr double kLeft = 92;
constexpr double kRight = 18;
constexpr double kTop = 6;
constexpr double kBetween = 10;  // candidates inside a row
constexpr double kAxis = 26;
constexpr std::size_t kColours = 6;

struct Axis {
  double low = 0;
  double high = 1;
  double step = 1;

  [[nodiscard]] double x(double value) const {
    return kLeft + (value - low) / (high - low) * (kWidth - kLeft - kRight);
  }
};

// Round steps; from 0 unless the values lie close together far from it.
Axis axis_of(double smallest, double largest) {
  Axis axis;
  const double from = smallest < 0.5 * largest ? 0 : smallest - 0.15 * (largest - smallest) - 0.02 * largest;
  const double span = std::max(largest - from, 1e-9);
  const double raw = span / 5;
  const double magnitude = std::pow(10, std::floor(std::log10(raw)));
  axis.step = magnitude;
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    axis.step = factor * magnitude;
    if (axis.step >= raw) break;
  }
  axis.low = std::floor(from / axis.step) * axis.step;
  axis.high = std::ceil(largest / axis.step + 0.05) * axis.step;
  return axis;
}

// Candidates differ by shape too: circle, square, diamond, triangle, ring, cross.
std::string mark(double x, double y, std::size_t index) {
  const std::size_t colour = index % kColours;
  switch (index % kColours) {
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

void add_axis(const Axis& axis, double height, const std::string& unit, std::string& svg) {
  const int steps = static_cast<int>(std::lround((axis.high - axis.low) / axis.step));
  for (int i = 0; i <= steps; ++i) {
    const double value = axis.low + i * axis.step;
    const double x = axis.x(value);
    svg += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)", x, kTop, height);
    svg += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", x, height + 14,
                       figure_text(std::abs(value) < axis.step * 1e-6 ? 0 : value));
  }
  svg += fmt::format(R"(<text x="4" y="{:.1f}">{}</text>)", height + 14, escape_html(unit));
}

void add_row(const PlotRow& row, const std::vector<std::string>& candidates, const Axis& axis, double top,
             double height, const std::string& unit, std::string& svg) {
  svg += fmt::format(R"(<text class="label" x="4" y="{:.1f}">{}</text>)", top + height / 2 + 4, escape_html(row.label));
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const Figure& figure = row.values[i];
    if (!figure.value) continue;
    const double y =
        top + height / 2 + (static_cast<double>(i) - (static_cast<double>(row.values.size()) - 1) / 2) * kBetween;
    svg += fmt::format(R"(<a href="#ev-{}"><title>{}, {}: {} {} {}</title>)", figure.evidence,
                       escape_html(candidates[i]), escape_html(row.label), figure.text, escape_html(unit), figure.note);
    if (figure.low && figure.high) {
      svg += fmt::format(R"(<line class="range k{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" opacity=".45"/>)",
                         i % kColours, axis.x(*figure.low), axis.x(*figure.high), y, y);
    }
    svg += mark(axis.x(*figure.value), y, i) + "</a>";
  }
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string legend_mark(std::size_t index) {
  return R"(<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">)" + mark(6, 6, index) + "</svg>";
}

std::string interval_plot(const std::vector<PlotRow>& rows, const std::vector<std::string>& candidates,
                          const std::string& unit, const std::string& title) {
  double smallest = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (const PlotRow& row : rows) {
    for (const Figure& figure : row.values) {
      if (!figure.value) continue;
      smallest = std::min(smallest, figure.low.value_or(*figure.value));
      largest = std::max(largest, figure.high.value_or(*figure.value));
    }
  }
  if (largest <= 0) return {};
  const Axis axis = axis_of(smallest, largest);
  const double row_height = std::max(26.0, kBetween * static_cast<double>(candidates.size()) + 10);
  const double height = kTop + row_height * static_cast<double>(rows.size());
  std::string svg = fmt::format(R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">)", kWidth,
                                height + kAxis, escape_html(title));
  for (std::size_t i = 0; i < rows.size(); i += 2) {
    svg += fmt::format(R"(<rect class="row" x="0" y="{:.1f}" width="{:.0f}" height="{:.1f}"/>)",
                       kTop + row_height * static_cast<double>(i), kWidth, row_height);
  }
  add_axis(axis, height, unit, svg);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    add_row(rows[i], candidates, axis, kTop + row_height * static_cast<double>(i), row_height, unit, svg);
  }
  return svg + "</svg>";
}

}  // namespace phasegate::policy
