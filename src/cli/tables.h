// Text tables of the single steps. The Decision Card has its own renderer (policy/card.h).
#pragma once

#include <string>

#include "analysis/run_analysis.h"
#include "evidence/policy.h"

namespace phasegate::cli {

[[nodiscard]] std::string analysis_text(const analysis::RunAnalysis& analysis);
[[nodiscard]] std::string policy_text(const std::string& id, const evidence::Policy& policy);

// "12.3 [11.8, 12.9]", or "- (few_samples)".
[[nodiscard]] std::string estimate_text(const analysis::Estimate& estimate);

}  // namespace phasegate::cli
