// The version of what forge writes: it goes up when the same weights would give other bytes.
#pragma once

#include <string_view>

namespace phasegate::models {

inline constexpr std::string_view kForgeVersion = "1";

}  // namespace phasegate::models
