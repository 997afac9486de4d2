// Counts every allocation of the test program that links allocation_counter.cpp. For tests alone.
#pragma once

namespace phasegate::engines {

[[nodiscard]] long allocations_so_far();

}  // namespace phasegate::engines
