// Numbers, flags and absence as other tools spell them in text. Independent of the locale. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace phasegate::readers {

// What stands for "no value" in a cell or a JSON text: "", "NaN", "None", "null", "N/A", "NA", "<NA>", "#N/A" and "-",
// in any case and with blanks around.
[[nodiscard]] bool is_null_text(std::string_view text);

enum class NumberKind { absent, number, malformed };
struct ParsedNumber {
  NumberKind kind = NumberKind::absent;
  double value = 0;  // of NumberKind::number; finite
};
// The whole text as a number; blanks around and a leading '+' are taken. The spellings of null and of infinities
// ("inf", "-Infinity") are absent: no measured value is infinite. What overflows a double is malformed.
[[nodiscard]] ParsedNumber parse_number(std::string_view text);

// "64" and "64.0"; nullopt when the text is no whole number of 64 bits.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
// A double that is whole and fits.
[[nodiscard]] std::optional<std::int64_t> whole_number(double value);

// true: "True", "1", "1.0", "yes"; false: "False", "0", "0.0", "no"; in any case, blanks around.
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

[[nodiscard]] std::string_view trimmed(std::string_view text);  // without blanks and tabs around

}  // namespace phasegate::readers
