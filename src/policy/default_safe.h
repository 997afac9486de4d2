// default_safe: the candidate that serves whatever no rule has a winner for. Chosen without looking at speed: compile
// off, named in the matrix, else the first present of onnxruntime-gpu, onnxruntime-cpu, the first listed; it has to
// pass attribution and accuracy itself, else the next one is asked and the reason kept.
#pragma once

#include <string>

#include "core/result.h"
#include "policy/pool.h"

namespace phasegate::policy {

struct DefaultSafe {
  std::string candidate;
  std::string reason;  // how it was chosen and who was passed over, in words
};

// Error (evidence) when no candidate of the tier may be it.
[[nodiscard]] core::Result<DefaultSafe> choose_default_safe(const Pool& pool, const std::string& tier);

}  // namespace phasegate::policy
