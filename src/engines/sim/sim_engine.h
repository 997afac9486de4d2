// The simulated engine: a PhaseEngine whose latency, shapes, attribution and faults a profile programs (profile.h), so
// that the whole chain runs on truth that is known. Its clock is virtual and moves only through its own calls; it never
// sleeps, except in a programmed hang. Placement::session_seed chooses the session.
#pragma once

#include "engines/engine.h"

namespace phasegate::engines::sim {

// ModelRef::path is a profile; ModelRef::sha256 is of that file. Named "sim", always present.
[[nodiscard]] EngineFactory factory();

}  // namespace phasegate::engines::sim
