#include "bench/plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace phasegate::bench {
namespace {

Matrix matrix_of(int candidates, int rounds, std::vector<evidence::Scenario> scenarios) {
  Matrix matrix;
  matrix.name = "plan";
  matrix.models = {{"m", "m.gguf", "", ""}, {"small", "s.gguf", "", ""}};
  for (int i = 0; i < candidates; ++i) {
    matrix.candidates.push_back({"sim", "m", "cpu", 1, false, "c" + std::to_string(i)});
  }
  matrix.scenarios = std::move(scenarios);
  matrix.rounds = rounds;
  return matrix;
}

std::vector<evidence::Scenario> some(int count) {
  std::vector<evidence::Scenario> scenarios;
  for (int i = 1; i <= count; ++i) scenarios.push_back({i, 8, 1, 0});
  return scenarios;
}

TEST(Plan, TheSameMatrixGivesTheSameBytesOnEveryMachine) {
  const auto plan = expand(matrix_of(2, 3, some(4)), {});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->hash, expand(matrix_of(2, 3, some(4)), {})->hash);
  // A literal: it changes only when the order, the generator or the form of the plan changes, and then runs that are
  // under way can no longer be resumed.
  EXPECT_EQ(plan->hash, "7448a9868228e747ba2d51ea5b5102644e2b46233cae2a0b647031c5c2916a5a");
}

TEST(Plan, SeedAndFactsArePartOfItAndPathsAreNot) {
  Matrix matrix = matrix_of(2, 3, some(4));
  const auto base = expand(matrix, {});
  matrix.models[0].path = "/elsewhere/m.gguf";
  EXPECT_EQ(expand(matrix, {})->hash, base->hash);
  matrix.seed = 2;
  EXPECT_NE(expand(matrix, {})->hash, base->hash);
  matrix.seed = 1;
  EXPECT_NE(expand(matrix, {{{"m", 100}}})->hash, base->hash);
}

TEST(Plan, ExpandsToTheProductOfItsAxes) {
  Matrix matrix = matrix_of(1, 2, {});
  for (int p = 1; p <= 5; ++p) {
    for (int g = 1; g <= 5; ++g) {
      for (int b = 1; b <= 7; ++b) matrix.scenarios.push_back({p, g, b, 0});
    }
  }
  EXPECT_EQ(expand(matrix, {})->calls(), 2 * 175);  // 5 x 5 x 7 in each of 2 rounds; alone, a candidate is not mirrored
}

TEST(Plan, EachBlockIsMirroredAndTheFirstPlaceGoesRound) {
  const auto plan = expand(matrix_of(3, 6, some(3)), {});
  ASSERT_TRUE(plan);
  std::map<int, int> first;
  for (const PlannedRound& round : plan->rounds) {
    for (const PlannedBlock& block : round.blocks) {
      ASSERT_EQ(block.turns.size(), 6U);
      for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(block.turns[i], block.turns[5 - i]);
      ++first[block.turns.front()];
    }
  }
  EXPECT_EQ(first, (std::map<int, int>{{0, 6}, {1, 6}, {2, 6}}));
}

TEST(Plan, EveryRoundHoldsEveryCellOnce) {
  const auto plan = expand(matrix_of(2, 4, some(5)), {});
  ASSERT_TRUE(plan);
  bool differs = false;
  for (int round = 0; round < 4; ++round) {
    std::map<std::pair<int, std::string>, int> calls;
    for (const PlannedCall& call : calls_of_round(*plan, round)) ++calls[{call.candidate, call.scenario.id()}];
    EXPECT_EQ(calls.size(), 10U);
    for (const auto& [cell, n] : calls) EXPECT_EQ(n, 2);
    differs = differs || plan->rounds[static_cast<std::size_t>(round)].blocks.front().scenario !=
                             plan->rounds[0].blocks.front().scenario;
  }
  EXPECT_TRUE(differs) << "the order of blocks is not random";
}

TEST(Plan, TheControlCellStandsAtStartEveryKBlocksAndEnd) {
  Matrix matrix = matrix_of(2, 1, some(5));
  matrix.control = ControlCell{{4, 4, 1, 0}, 2, 3};
  const auto plan = expand(matrix, {});
  ASSERT_TRUE(plan);
  std::string shape;
  for (const PlannedBlock& block : plan->rounds[0].blocks) shape += block.control ? 'C' : 'b';
  EXPECT_EQ(shape, "CbbCbbCbC");
  EXPECT_EQ(plan->rounds[0].blocks[0].turns.size(), 6U);
}

TEST(Plan, CountsThreeRecordsForEachCallAndOneForEachSkip) {
  Matrix matrix = matrix_of(2, 3, some(4));
  matrix.candidates[1].model = "small";
  matrix.repetitions = 2;
  const auto plan = expand(matrix, {{{"small", 10}}});  // prompts 3 and 4 with gen 8 do not fit
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->skipped.size(), 2U);
  EXPECT_EQ(plan->skipped[0].candidate, 1);
  EXPECT_NE(plan->skipped[0].why.find("needs 11 tokens"), std::string::npos);
  EXPECT_EQ(plan->records_expected, 3 * 2 * 2 * 3 * (4 + 2) + 2);
}

TEST(Plan, PromptsOfTwoCallsOfASessionNeverShareARow) {
  Matrix matrix = matrix_of(2, 2, {{8, 4, 4, 0}, {8, 4, 1, 0}});
  matrix.control = ControlCell{{4, 4, 2, 0}, 1, 2};
  const auto plan = expand(matrix, {});
  ASSERT_TRUE(plan);
  for (int candidate = 0; candidate < 2; ++candidate) {
    std::set<std::int64_t> rows;
    for (int round = 0; round < 2; ++round) {
      for (const PlannedCall& call : calls_of_round(*plan, round)) {
        if (call.candidate != candidate) continue;
        for (int row = 0; row < call.scenario.batch; ++row) EXPECT_TRUE(rows.insert(call.first_row + row).second);
      }
    }
    EXPECT_LE(*rows.rbegin(), plan->prompt_rows);
  }
}

TEST(Plan, ARepeatedRoundHasTheSameCallsUnderItsOwnNumber) {
  const auto plan = expand(matrix_of(2, 2, some(2)), {});
  auto first = calls_of_round(*plan, 1);
  auto again = calls_of_round(*plan, 1, 2);
  for (PlannedCall& call : first) call.round = 2;
  EXPECT_EQ(first, again);
}

TEST(Plan, RefusesWhatIsTooLargeOrEmpty) {
  Matrix matrix = matrix_of(2, 1000, some(300));
  EXPECT_NE(expand(matrix, {}).error().what.find("the limit is"), std::string::npos);
  const auto nothing = expand(matrix_of(1, 1, some(1)), {{{"m", 2}}});
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().what.find("nothing is left"), std::string::npos);
}

}  // namespace
}  // namespace phasegate::bench
