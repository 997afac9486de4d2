#include "bench/plan.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "bench/matrix_check.h"
#include "core/limits.h"
#include "core/random.h"

namespace phasegate::bench {

using core::Json;
using core::Result;
using evidence::Scenario;

namespace {

int row_tokens(const Scenario& scenario) { return scenario.depth + scenario.prompt_tokens + scenario.gen_tokens; }

// Why the combination cannot run; empty when it can, as far as is known before loading.
std::string why_not(const Plan& plan, int candidate, const Scenario& scenario) {
  const std::string& model = plan.matrix.candidates[static_cast<std::size_t>(candidate)].model;
  const auto limit = plan.facts.max_context.find(model);
  if (limit == plan.facts.max_context.end() || row_tokens(scenario) <= limit->second) return {};
  return fmt::format("a row needs {} tokens, the context of {} holds {}", row_tokens(scenario), model, limit->second);
}

// Candidates that can run the scenario. The first place goes round with the round and differs between scenarios, so
// that no candidate is always first.
std::vector<int> rotation(const Plan& plan, const Scenario& scenario, std::size_t shift) {
  std::vector<int> able;
  for (std::size_t i = 0; i < plan.matrix.candidates.size(); ++i) {
    if (why_not(plan, static_cast<int>(i), scenario).empty()) able.push_back(static_cast<int>(i));
  }
  if (able.size() > 1) {
    const auto offset = static_cast<std::ptrdiff_t>(shift % able.size());
    std::rotate(able.begin(), able.begin() + offset, able.end());
  }
  return able;
}

PlannedBlock measured_block(const Plan& plan, std::size_t scenario_index, std::size_t round) {
  PlannedBlock block;
  block.scenario = plan.matrix.scenarios[scenario_index];
  block.turns = rotation(plan, block.scenario, round + scenario_index);
  if (plan.matrix.candidates.size() > 1) {  // a candidate alone has nobody to take turns with
    const std::vector<int> forth = block.turns;
    block.turns.insert(block.turns.end(), forth.rbegin(), forth.rend());
  }
  return block;
}

PlannedBlock control_block(const Plan& plan, std::size_t round) {
  PlannedBlock block;
  block.scenario = plan.matrix.control->scenario;
  block.control = true;
  for (const int candidate : rotation(plan, block.scenario, round)) {
    block.turns.insert(block.turns.end(), static_cast<std::size_t>(plan.matrix.control->calls), candidate);
  }
  return block;
}

PlannedRound planned_round(const Plan& plan, std::size_t round, core::Random& random) {
  std::vector<std::size_t> order(plan.matrix.scenarios.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));
  PlannedRound planned;
  const auto control = [&] {
    if (!plan.matrix.control) return;
    PlannedBlock block = control_block(plan, round);
    if (!block.turns.empty()) planned.blocks.push_back(std::move(block));
  };
  control();
  int since_control = 0;
  for (const std::size_t index : order) {
    PlannedBlock block = measured_block(plan, index, round);
    if (block.turns.empty()) continue;
    if (plan.matrix.control && since_control == plan.matrix.control->every) {
      control();
      since_control = 0;
    }
    planned.blocks.push_back(std::move(block));
    ++since_control;
  }
  if (since_control > 0) control();
  return planned;
}

// Turns of the candidate that has most of them: how many different prompts the block needs.
std::int64_t turns_of_one(const PlannedBlock& block) {
  std::int64_t most = 0;
  for (const int candidate : block.turns) {
    most = std::max<std::int64_t>(most, std::count(block.turns.begin(), block.turns.end(), candidate));
  }
  return most;
}

void number_prompts(Plan& plan) {
  std::int64_t next = 0;
  for (PlannedRound& round : plan.rounds) {
    for (PlannedBlock& block : round.blocks) {
      block.first_row = next;
      const std::int64_t repetitions = block.control ? 1 : plan.matrix.repetitions;
      next += turns_of_one(block) * repetitions * block.scenario.batch;
    }
  }
  plan.prompt_rows = next;
}

// Everything but the paths: a plan does not change when a folder moves.
Json matrix_without_paths(const Matrix& matrix) {
  Json json = to_json(matrix);
  for (Json& model : json["models"]) model.erase("path");
  json.erase("text");
  json.erase("pricing");
  return json;
}

}  // namespace

std::int64_t Plan::calls() const {
  std::int64_t sum = 0;
  for (std::size_t round = 0; round < rounds.size(); ++round) sum += calls(static_cast<int>(round));
  return sum;
}

std::int64_t Plan::calls(int round) const {
  std::int64_t sum = 0;
  for (const PlannedBlock& block : rounds[static_cast<std::size_t>(round)].blocks) {
    sum += static_cast<std::int64_t>(block.turns.size()) * (block.control ? 1 : matrix.repetitions);
  }
  return sum;
}

Result<Plan> expand(const Matrix& matrix, const PlanFacts& facts) {
  Plan plan;
  PHASEGATE_TRY(checked, checked_matrix(matrix, "matrix"));
  plan.matrix = std::move(checked);
  plan.facts = facts;
  const double upper = static_cast<double>(plan.matrix.candidates.size()) * 2.0 * plan.matrix.rounds *
                       plan.matrix.repetitions * static_cast<double>(plan.matrix.scenarios.size());
  if (upper > static_cast<double>(kMaxPlanCalls)) {
    return core::fail(core::Error{core::ErrorKind::invalid_input,
                                  fmt::format("makes {} calls, the limit is {}", upper, kMaxPlanCalls),
                                  plan.matrix.name, "fewer rounds, repetitions or scenarios"});
  }
  for (std::size_t candidate = 0; candidate < plan.matrix.candidates.size(); ++candidate) {
    for (const Scenario& scenario : plan.matrix.scenarios) {
      std::string why = why_not(plan, static_cast<int>(candidate), scenario);
      if (!why.empty()) plan.skipped.push_back({static_cast<int>(candidate), scenario, std::move(why)});
    }
  }
  core::Random random(core::derive_seed(plan.matrix.seed, "plan"));
  for (int round = 0; round < plan.matrix.rounds; ++round) {
    plan.rounds.push_back(planned_round(plan, static_cast<std::size_t>(round), random));
  }
  if (plan.skipped.size() == plan.matrix.candidates.size() * plan.matrix.scenarios.size()) {
    return core::fail(core::Error{core::ErrorKind::invalid_input,
                                  "nothing is left to measure: " + plan.skipped.front().why, plan.matrix.name,
                                  "shorter prompts or gen"});
  }
  number_prompts(plan);
  plan.records_expected = plan.calls() * kRecordsPerCall + static_cast<std::int64_t>(plan.skipped.size());
  PHASEGATE_TRY(hash, core::json_hash(to_json(plan)));
  plan.hash = std::move(hash);
  return plan;
}

std::vector<PlannedCall> calls_of_round(const Plan& plan, int round, int numbered_as) {
  std::vector<PlannedCall> calls;
  const auto& blocks = plan.rounds[static_cast<std::size_t>(round)].blocks;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const PlannedBlock& block = blocks[b];
    std::vector<std::int64_t> turns(plan.matrix.candidates.size(), 0);
    int order = 0;
    for (const int candidate : block.turns) {
      for (int repetition = 0; repetition < (block.control ? 1 : plan.matrix.repetitions); ++repetition) {
        std::int64_t& turn = turns[static_cast<std::size_t>(candidate)];
        calls.push_back({.round = numbered_as,
                         .block = static_cast<int>(b),
                         .order = order++,
                         .first_row = block.first_row + turn++ * block.scenario.batch,
                         .candidate = candidate,
                         .scenario = block.scenario,
                         .control = block.control});
      }
    }
  }
  return calls;
}

Json to_json(const Plan& plan) {
  Json json{{"version", 1}, {"generator", core::kGeneratorName}, {"records_expected", plan.records_expected}};
  json["matrix"] = matrix_without_paths(plan.matrix);
  json["facts"] = {{"max_context", plan.facts.max_context}};
  json["skipped"] = Json::array();
  for (const PlannedSkip& skip : plan.skipped) {
    json["skipped"].push_back({{"candidate", plan.matrix.candidates[static_cast<std::size_t>(skip.candidate)].label},
                               {"scenario", skip.scenario.id()},
                               {"why", skip.why}});
  }
  json["rounds"] = Json::array();
  for (const PlannedRound& round : plan.rounds) {
    Json blocks = Json::array();
    for (const PlannedBlock& block : round.blocks) {
      blocks.push_back({{"scenario", block.scenario.id()}, {"control", block.control}, {"turns", block.turns}});
    }
    json["rounds"].push_back(std::move(blocks));
  }
  return json;
}

}  // namespace phasegate::bench
