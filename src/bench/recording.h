// From what a session answered (or did not) to records: three for each call. Pure.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "bench/plan.h"
#include "bench/prompts.h"
#include "bench/protocol.h"
#include "evidence/record.h"

namespace phasegate::bench {

inline constexpr std::array kPhases{evidence::Phase::prefill, evidence::Phase::decode, evidence::Phase::e2e};

// Why a phase has no good result.
struct Outcome {
  evidence::Status status = evidence::Status::ok;
  evidence::Reason reason = evidence::Reason::none;
  std::string text;
};

// What all records of one call share.
struct CallContext {
  PlannedCall call;
  std::string label;      // candidate name
  std::string requested;  // engine name in the matrix
  std::string session;
  int number = 0;  // of the call inside the session
  evidence::Regime regime = evidence::Regime::steady;
  core::CandidateId candidate;  // empty when it never loaded
  std::string backend_actual;
  std::string compile_grade = "not_requested";
  std::string timing_source = "steady_clock";
  std::string prompt_hash;
  bool prompts_distinct = true;
  // Set when what ran is not what was asked for: results then are degraded, not ok.
  Outcome doubt;
};

// Statuses and reasons of requirement 46 for an engine's error; the raw text is kept.
[[nodiscard]] Outcome classify(const core::Error& error);

[[nodiscard]] std::vector<evidence::Record> records_of(const CallContext& context, const CallAnswer& answer);
// The same three without a result. `phases` limits them: after a torn call some are there already.
[[nodiscard]] std::vector<evidence::Record> records_without_result(const CallContext& context, const Outcome& outcome,
                                                                   const std::vector<evidence::Phase>& phases = {
                                                                       kPhases.begin(), kPhases.end()});

}  // namespace phasegate::bench
