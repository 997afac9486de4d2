// Where `card` and `explain` take a policy from: the store, a file, or a folder with policy.json (an example).
#pragma once

#include <string>

#include "cli/context.h"
#include "core/result.h"
#include "evidence/policy.h"

namespace phasegate::cli {

[[nodiscard]] core::Result<evidence::Policy> find_policy(const Context& context, const std::string& source);

}  // namespace phasegate::cli
