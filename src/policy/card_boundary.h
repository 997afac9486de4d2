// The boundary of a card in words: on what machine and with which builds its numbers hold. Internal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evidence/policy.h"

namespace phasegate::policy {

// Label and value, in the order shown. What the machine did not tell is "null: reason".
[[nodiscard]] std::vector<std::pair<std::string, std::string>> boundary_lines(const evidence::Policy& policy);

}  // namespace phasegate::policy
