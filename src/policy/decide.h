// decide: validated evidence of one or more runs in, a policy out, with the reason of everything that was not chosen.
//
// Pure and deterministic: no clock, no file, no random number; the same inputs give the same bytes under any locale,
// time zone and number of threads. `created` is the finish of the newest run, never the moment of the decision.
//
// How a rule is made (docs/methodology.md has the long form):
//   1. Gates that concern a candidate alone (gates/gates.h, in their order) put unsafe candidates out of competition.
//   2. Every two remaining candidates are compared at every measured shape, in the objective of each class, on
//      log ratios of sessions blocked by round. All those p values are one family, adjusted by Holm.
//   3. A bucket lies between neighbouring measured points. A candidate wins it when it beats every other at every
//      corner: adjusted p < alpha, the interval of the ratio excludes 1, effect above the practical threshold.
//   4. No winner: the rule names the tied, why, and what would settle it, and routes to default_safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/result.h"
#include "evidence/manifest.h"
#include "evidence/policy.h"
#include "evidence/thresholds.h"
#include "evidence/validation.h"
#include "policy/pricing.h"

namespace phasegate::policy {

struct RunEvidence {
  evidence::Manifest manifest;
  evidence::Validation validation;
  analysis::RunAnalysis analysis;
};

// Reads, validates and analyses a run's folder.
[[nodiscard]] core::Result<RunEvidence> read_run_evidence(const std::filesystem::path& run);

// Share of the traffic that has this shape. Shares are positive; they are normalised.
struct Weight {
  evidence::Scenario scenario;
  double share = 0;
};

struct DecideInputs {
  std::vector<RunEvidence> runs;  // any order; at least one
  // Empty: the thresholds of the runs' own manifests, which must agree.
  std::optional<evidence::Thresholds> thresholds;
  std::optional<Pricing> pricing;
  std::string scope = "engine";  // engine | service
  std::vector<Weight> weights;   // empty: no global winner is named
};

// Errors (kind evidence): a run that is not canonical (with the issues), runs of different boundaries, no candidate
// that may be default-safe. A tie or a rejected candidate is a result, not an error.
[[nodiscard]] core::Result<evidence::Policy> decide(const DecideInputs& inputs);

}  // namespace phasegate::policy
