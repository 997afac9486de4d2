// data/published/*.yaml, compiled in (embedded.cpp.in, written by CMake at configure time).
#pragma once

#include <string_view>

namespace phasegate::conformance {

extern const std::string_view kPublishedTr117;
extern const std::string_view kPublishedTr118;
extern const std::string_view kPublishedTr119;
extern const std::string_view kPublishedTr120;
extern const std::string_view kPublishedTr121;
extern const std::string_view kPublishedTr122;

}  // namespace phasegate::conformance
