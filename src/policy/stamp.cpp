#include "policy/stamp.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace phasegate::policy {
namespace {

std::optional<int> number(std::string_view text, std::size_t at, std::size_t length) {
  if (at + length > text.size()) return std::nullopt;
  int value = 0;
  const char* begin = text.data() + at;
  const auto result = std::from_chars(begin, begin + length, value);
  if (result.ec != std::errc() || result.ptr != begin + length) return std::nullopt;
  return value;
}

std::optional<std::chrono::sys_days> day_of(std::string_view stamp) {
  const auto year = number(stamp, 0, 4);
  const auto month = number(stamp, 5, 2);
  const auto day = number(stamp, 8, 2);
  if (!year || !month || !day || stamp[4] != '-' || stamp[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

}  // namespace

std::optional<double> seconds_of_stamp(std::string_view stamp) {
  const auto day = day_of(stamp);
  const auto hour = number(stamp, 11, 2);
  const auto minute = number(stamp, 14, 2);
  const auto second = number(stamp, 17, 2);
  if (!day || !hour || !minute || !second) return std::nullopt;
  const double millis = stamp.size() >= 23 && stamp[19] == '.' ? number(stamp, 20, 3).value_or(0) : 0;
  return static_cast<double>(day->time_since_epoch().count()) * 86400 + *hour * 3600 + *minute * 60 + *second +
         millis / 1000;
}

std::string add_days(const std::string& stamp, int days) {
  const auto day = day_of(stamp);
  if (!day) return stamp;
  const std::chrono::year_month_day date(*day + std::chrono::days(days));
  return fmt::format("{:04d}-{:02d}-{:02d}{}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), stamp.substr(10));
}

}  // namespace phasegate::policy
