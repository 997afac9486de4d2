// "90s", "10m", "1h30m" as seconds.
#pragma once

#include <string>

#include "core/result.h"

namespace phasegate::cli {

[[nodiscard]] core::Result<double> parse_budget(const std::string& text);

}  // namespace phasegate::cli
