// Counts this test program's allocations through operator new, ONNX Runtime's among them.
#pragma once

#include <cstdint>

namespace phasegate::engines::onnx {

// False in sanitizer builds: they keep their own operator new, which checks more than it would count.
extern const bool kCountsAllocations;

[[nodiscard]] std::int64_t allocations();         // since the program began
[[nodiscard]] std::int64_t largest_allocation();  // bytes, since the latest forget_largest()
void forget_largest();

}  // namespace phasegate::engines::onnx
