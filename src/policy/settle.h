// What a rule without a winner says: the way to get one, in words, with how long it would take.
#pragma once

#include <string>
#include <vector>

#include "policy/contest.h"
#include "policy/pool.h"

namespace phasegate::policy {

// How much more measuring would separate the two of this contest, or show that they are equal.
[[nodiscard]] std::string settle_contest(const Contest& contest, const Pool& pool, std::size_t family);

// "12 s", "7 min", "3.5 h"
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace phasegate::policy
