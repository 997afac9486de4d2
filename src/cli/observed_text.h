// Text of `price`, for imported and native runs.
#pragma once

#include <string>

#include "core/json.h"

namespace phasegate::cli {

// The document of policy::ObservedPrices::price as tables: phases, requests, energy.
[[nodiscard]] std::string observed_prices_text(const core::Json& prices);

// policy.economics (policy/economics.h) as tables: cells, and the workload where weights were declared.
[[nodiscard]] std::string economics_text(const core::Json& economics);

// Left-aligned columns two spaces apart; the first row is the heading. Numbers are right-aligned where a whole column
// but its heading is numeric.
[[nodiscard]] std::string columns_text(const std::vector<std::vector<std::string>>& rows);

// "0.00213", "1,234", "-" for none: four significant digits, without an exponent where people would not write one.
[[nodiscard]] std::string amount_text(const core::Json& value);

}  // namespace phasegate::cli
