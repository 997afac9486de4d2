// Runs one short program and takes its output, with a deadline and a limit on the output: a driver tool that hangs must
// not hang us. Internal.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "core/units.h"

namespace phasegate::evidence {

// Standard output of `command` (looked up in PATH, standard error dropped). not_found when there is no such program,
// timeout when it was killed at the deadline, io when it failed.
[[nodiscard]] core::Result<std::string> run_bounded(const std::vector<std::string>& command, core::Nanos deadline);

}  // namespace phasegate::evidence
