#include "report/text.h"

#include <fmt/format.h>

#include <cmath>

namespace phasegate::report {

std::string figure_text(double value) {
  const double magnitude = std::abs(value);
  if (magnitude >= 999.5 && magnitude < 1000) return value < 0 ? "-1,000" : "1,000";
  if (magnitude >= 1e9) return fmt::format("{:.3g} G", value / 1e9);
  if (magnitude >= 1e6) return fmt::format("{:.3g} M", value / 1e6);
  if (magnitude >= 1000) {
    // Three digits are known; the rest are zeros that hold the place.
    const double unit = std::pow(10, std::floor(std::log10(magnitude)) - 2);
    const auto rounded = static_cast<long long>(std::llround(value / unit) * static_cast<long long>(unit));
    return fmt::format("{},{:03d}", rounded / 1000, std::abs(rounded) % 1000);
  }
  return fmt::format("{:.3g}", value);
}

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

}  // namespace phasegate::report
