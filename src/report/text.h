// Numbers and labels as people read them, the same in every page and table.
#pragma once

#include <string>
#include <string_view>

namespace phasegate::report {

// Three significant digits, thousands with a thin group: "70.6", "1,230", "0.0123", "4.57 M".
[[nodiscard]] std::string figure_text(double value);

// Text that comes from outside, safe inside HTML text and quoted attributes.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace phasegate::report
