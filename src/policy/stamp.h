// Arithmetic on UTC stamps ("2026-01-31T12:00:00.123Z") without a clock or a time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace phasegate::policy {

// Seconds since 1970-01-01T00:00:00Z; empty when the text is not such a stamp.
[[nodiscard]] std::optional<double> seconds_of_stamp(std::string_view stamp);
// The same stamp, `days` later; the text itself when it is not a stamp.
[[nodiscard]] std::string add_days(const std::string& stamp, int days);

}  // namespace phasegate::policy
