// What a failure text of another tool means. A classifier of our own, since published ones lump failures together: a
// buffer of the wrong type or size and a shape outside the engine's profiles are repaired in different places.
#pragma once

#include <string_view>

#include "evidence/reason.h"

namespace phasegate::evidence {

// Pure; letter case does not matter. The first class whose words are in the text wins: dtype_or_size_mismatch
// ("cuMemcpyHtoDAsync failed: invalid argument"), shape_out_of_range ("set_input_shape_failed"), out_of_memory,
// deadline_passed, no_room, provider_fallback, toolchain_missing, load_failed, invalid_output. An empty text is none,
// any other is other.
[[nodiscard]] Reason classify_failure(std::string_view text);

}  // namespace phasegate::evidence
