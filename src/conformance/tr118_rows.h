// What both halves of TR118's derivation ask of a row: tr118.cpp looks at one run, tr118_study.cpp at all runs of a
// study with its audits. Internal to this module.
#pragma once

#include <string>

#include "conformance/derived.h"
#include "conformance/run_data.h"

namespace phasegate::conformance {

[[nodiscard]] std::string tr118_mode(const evidence::Observation& row);  // "prefill", "generate"
[[nodiscard]] bool tr118_degraded(const evidence::Observation& row);

// The published classifier: "profile" or "invalid argument" anywhere was a profile mismatch.
[[nodiscard]] bool published_as_profile_mismatch(const evidence::Observation& row);

// Values over the runs of a study; the derivations of its runs must be in `out` already.
void derive_tr118_study(const ReportData& report, DerivedSet& out);

}  // namespace phasegate::conformance
