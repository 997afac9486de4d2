// The plan: the matrix written out as a finite list of calls before anything runs. Pure: the same matrix and facts give
// the same plan and the same hash, on every machine.
//
// Order. A round is one fresh session for each candidate. Inside a round, blocks come in random order (recorded seed);
// a block is one scenario, and the candidates take turns in mirrored order (A B B A; A B C C B A), so that a drift of
// the machine that is linear in time weighs on all alike. Rounds are outermost: a run that is stopped has the same
// number of sessions for every cell, give or take one. Control blocks stand at the start, after every K blocks and at
// the end.
//
// Counting. Every call of the plan gives three records (prefill, decode, e2e), measured or with the reason why not; a
// combination that cannot run gives one `skipped` record. Their sum is records_expected. Warm-up records come on top:
// how many there are is decided by convergence.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/matrix.h"
#include "core/json.h"
#include "core/result.h"

namespace phasegate::bench {

// What is known of the models before they are loaded. A limit that is not known is not checked here: the engine will.
struct PlanFacts {
  std::map<std::string, int> max_context;  // by Model::name
};

struct PlannedCall {
  int round = 0;
  int block = 0;  // position inside the round
  int order = 0;  // position inside the block
  std::int64_t first_row =
      0;              // of its prompts (PromptSource::rows); the n-th turn of each candidate in a block has equal ones
  int candidate = 0;  // index into Matrix::candidates
  evidence::Scenario scenario;
  bool control = false;
  friend bool operator==(const PlannedCall&, const PlannedCall&) = default;
};

struct PlannedSkip {
  int candidate = 0;
  evidence::Scenario scenario;
  std::string why;
};

struct PlannedBlock {
  evidence::Scenario scenario;
  bool control = false;
  std::int64_t first_row = 0;
  std::vector<int> turns;  // candidates in the order in which they are called
};

struct PlannedRound {
  std::vector<PlannedBlock> blocks;
};

struct Plan {
  Matrix matrix;
  PlanFacts facts;
  std::vector<PlannedSkip> skipped;
  std::vector<PlannedRound> rounds;
  std::int64_t records_expected = 0;
  std::int64_t prompt_rows = 0;  // rows that the calls use; warm-up takes the ones after them
  std::string hash;              // sha256 of to_json(plan)

  [[nodiscard]] std::int64_t calls() const;
  [[nodiscard]] std::int64_t calls(int round) const;
};

// Fails with invalid_input when the plan passes kMaxPlanCells or kMaxPlanCalls, or when nothing is left to measure.
[[nodiscard]] core::Result<Plan> expand(const Matrix& matrix, const PlanFacts& facts);

// A round again, under another number: for one that drifted.
[[nodiscard]] std::vector<PlannedCall> calls_of_round(const Plan& plan, int round, int numbered_as);
[[nodiscard]] inline std::vector<PlannedCall> calls_of_round(const Plan& plan, int round) {
  return calls_of_round(plan, round, round);
}

inline constexpr std::int64_t kMaxPlanCalls = 1'000'000;
inline constexpr int kRecordsPerCall = 3;

// Without paths: a plan is the same wherever the files lie.
[[nodiscard]] core::Json to_json(const Plan& plan);

}  // namespace phasegate::bench
