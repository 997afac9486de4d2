// The steps after measurement, each reading what the one before wrote: validate, analyze, decide. Shared by `run` and
// by the single commands. A run inside the store gets its derived files written there; a run elsewhere (an example) is
// only read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "cli/context.h"
#include "core/result.h"
#include "evidence/policy.h"
#include "evidence/store.h"
#include "evidence/validation.h"
#include "policy/decide.h"

namespace phasegate::cli {

[[nodiscard]] bool inside(const evidence::Store& store, const std::filesystem::path& run);

[[nodiscard]] core::Result<evidence::Validation> validate_step(evidence::Store& store,
                                                               const std::filesystem::path& run);
[[nodiscard]] core::Result<analysis::RunAnalysis> analyze_step(evidence::Store& store,
                                                               const std::filesystem::path& run);

// Gates, prices and decides; writes nothing (Store::put_policy keeps the result).
[[nodiscard]] core::Result<evidence::Policy> decide_step(const Context& context,
                                                         const std::vector<std::filesystem::path>& runs,
                                                         const std::string& pricing, const std::string& mix);

// A workload mix: YAML list under `mix` of {prompt, gen, batch, weight}.
[[nodiscard]] core::Result<std::vector<policy::Weight>> load_mix(const std::filesystem::path& path);

// What `validate` prints.
[[nodiscard]] std::string validation_text(const std::string& run, const evidence::Validation& validation);

}  // namespace phasegate::cli
