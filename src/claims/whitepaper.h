// data/claims/whitepaper.yaml, compiled in (whitepaper.cpp.in, written by CMake at configure time).
#pragma once

#include <string_view>

namespace phasegate::claims {

extern const std::string_view kWhitepaperClaims;

}  // namespace phasegate::claims
