#include "cli/budget.h"

#include <charconv>

namespace phasegate::cli {

core::Result<double> parse_budget(const std::string& text) {
  const auto wrong = [&] {
    return core::fail(
        {core::ErrorKind::invalid_input, "`" + text + "` is not a duration", "--budget", "write 90s, 10m or 1h30m"});
  };
  double total = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at == end) return wrong();
  while (at != end) {
    double number = 0;
    const auto [rest, code] = std::from_chars(at, end, number);
    if (code != std::errc() || rest == end || number < 0) return wrong();
    const double unit = *rest == 's' ? 1 : *rest == 'm' ? 60 : *rest == 'h' ? 3600 : 0;
    if (unit == 0) return wrong();
    total += number * unit;
    at = rest + 1;
  }
  if (!(total > 0)) return wrong();
  return total;
}

}  // namespace phasegate::cli
