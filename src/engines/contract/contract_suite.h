// The contract suite over every PhaseEngine. In a test program of an engine (links engines_contract):
//
//   using namespace phasegate::engines::contract;
//   INSTANTIATE_TEST_SUITE_P(Llamacpp, EngineContract, testing::Values(my_subject()), subject_name);
//
// Each check states what it would take to fail; where an engine could pass by doing nothing, the check has a twin that
// must fail (an off-by-one prompt, another prompt in front). An engine that is absent on this machine is skipped, with
// the command that gets it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engines/engine.h"

namespace phasegate::engines::contract {

// A model that must not load, the kind of its error and words that its message must have.
struct BadModel {
  std::string name;
  ModelRef model;
  core::ErrorKind kind = core::ErrorKind::invalid_input;
  std::string words;
};

// One engine with one model. The functions are called in the tests, not at registration: a test may write files first.
struct Subject {
  std::string name;  // letters and digits: becomes a part of the test's name
  std::function<EngineFactory()> factory;
  std::function<ModelRef()> model;  // sha256 filled in; called often, so it makes its file once
  Placement placement;              // needs max_context >= 64 and max_batch >= 3
  // Models beyond a missing file and a wrong hash, which the suite makes itself: truncated, unknown architecture, ...
  std::function<std::vector<BadModel>()> bad_models = [] { return std::vector<BadModel>{}; };

  // Largest absolute difference of logits that is rounding: of a row alone and in a ragged batch, and of cached steps
  // and one pass. State where they come from. An off-by-one prompt must differ by ten times the second.
  float batch_tolerance = 0.0F;
  float cache_tolerance = 0.0F;
};

// gtest prints and names a subject through these.
[[nodiscard]] std::string subject_name(const testing::TestParamInfo<Subject>& info);
void PrintTo(const Subject& subject, std::ostream* out);

// The fixture: an unloaded checked engine, a recorder, and prompts inside the model's vocabulary.
class EngineContract : public testing::TestWithParam<Subject> {
 protected:
  struct Continuation {
    std::vector<TokenId> tokens;  // the prefill's next token, then one for each step
    std::vector<float> logits;    // after the last step
  };

  void SetUp() override;

  [[nodiscard]] std::unique_ptr<PhaseEngine> fresh() const;  // checked, not loaded
  void load(PhaseEngine& engine);
  [[nodiscard]] core::StopToken never(const PhaseEngine& engine) const { return {engine.clock(), core::kNoDeadline}; }

  // `length` ids, different for each `variant`, the same in every run.
  [[nodiscard]] std::vector<TokenId> prompt(std::size_t length, int variant = 0) const;
  [[nodiscard]] std::vector<float> logits_of(PhaseEngine& engine,
                                             const std::vector<TokenId>& tokens);  // one row; resets
  [[nodiscard]] std::vector<Continuation> continue_rows(PhaseEngine& engine,
                                                        const std::vector<std::vector<TokenId>>& rows, int steps);
  [[nodiscard]] static std::vector<float> copy_logits(const PhaseEngine& engine, int row);
  [[nodiscard]] static float max_difference(const std::vector<float>& a, const std::vector<float>& b);

  EngineFactory factory_;
  ModelRef model_;
  ModelFacts facts_;
  StepRecorder recorder_{64, 8};
};

}  // namespace phasegate::engines::contract
