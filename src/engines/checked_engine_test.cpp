#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "engines/engine.h"

namespace phasegate::engines {
namespace {

using core::ErrorKind;
using core::Instant;

constexpr int kVocab = 10;

// An engine that does as it is told: each test bends one answer and must see that very answer refused.
class FakeEngine final : public PhaseEngine {
 public:
  int calls = 0;
  std::function<void(PhaseSample&, StepRecorder&)> bend = [](PhaseSample&, StepRecorder&) {};
  std::vector<float> row_logits = std::vector<float>(kVocab, 0.0F);
  TokenId next = 3;
  std::size_t score_positions = std::numeric_limits<std::size_t>::max();

  core::Result<LoadReport> load(const ModelRef& model, const Placement&, const core::StopToken&) override {
    ++calls;
    if (model.path == "bad") return core::fail(ErrorKind::not_found, "no such model");
    LoadReport report;
    report.facts.n_vocab = kVocab;
    return report;
  }
  core::Result<PhaseSample> prefill(std::span<const Prompt> prompts, StepRecorder& recorder,
                                    const core::StopToken&) override {
    ++calls;
    PhaseSample sample;
    sample.rows = static_cast<std::int64_t>(prompts.size());
    for (const Prompt& p : prompts) sample.semantic_tokens += static_cast<std::int64_t>(p.tokens.size());
    sample.compute_tokens = sample.semantic_tokens;
    sample.start = tick();
    sample.stop = tick();
    recorder.begin(prompts.size());
    recorder.first(std::vector<TokenId>(prompts.size(), next));
    bend(sample, recorder);
    return sample;
  }
  core::Result<PhaseSample> decode(int steps, StepRecorder& recorder, const core::StopToken&) override {
    ++calls;
    PhaseSample sample;
    sample.rows = static_cast<std::int64_t>(recorder.rows());
    sample.start = tick();
    sample.steps = steps;
    sample.semantic_tokens = sample.compute_tokens = sample.rows * steps;
    for (int i = 0; i < steps; ++i) recorder.step(tick(), std::vector<TokenId>(recorder.rows(), next));
    sample.stop = tick();
    bend(sample, recorder);
    return sample;
  }
  std::span<const float> logits(int) const override { return row_logits; }
  core::Status score(std::span<const TokenId> tokens, const LogitsSink& sink, const core::StopToken&) override {
    ++calls;
    for (std::size_t i = 0; i < std::min(tokens.size(), score_positions); ++i) sink(i, row_logits);
    return {};
  }
  core::Result<Attribution> attribution(const core::StopToken&) override { return Attribution{}; }
  core::Status reset() override { return {}; }
  const core::Clock& clock() const override { return clock_; }

 private:
  Instant tick() {
    clock_.advance(core::Nanos(10));
    return clock_.now();
  }
  core::ManualClock clock_;
};

class CheckedEngineTest : public ::testing::Test {
 protected:
  CheckedEngineTest() {
    auto owned = std::make_unique<FakeEngine>();
    fake = owned.get();
    engine = make_checked(std::move(owned));
    Placement placement;
    placement.max_context = 16;
    placement.max_batch = 2;
    EXPECT_TRUE(engine->load({"good", "", ""}, placement, stop));
    fake->calls = 0;
  }

  core::Result<PhaseSample> prefill(std::vector<std::vector<TokenId>> rows) {
    std::vector<Prompt> prompts;
    for (const auto& row : rows) prompts.push_back({row});
    return engine->prefill(prompts, recorder, stop);
  }
  void expect_refused(const core::Result<PhaseSample>& result, ErrorKind kind, const char* words) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, kind);
    EXPECT_NE(result.error().what.find(words), std::string::npos) << result.error().what;
  }

  core::ManualClock clock;
  core::StopToken stop{clock, core::kNoDeadline};
  StepRecorder recorder{8, 2};
  FakeEngine* fake = nullptr;
  std::unique_ptr<PhaseEngine> engine;
};

TEST_F(CheckedEngineTest, LetsAGoodCallThrough) {
  ASSERT_TRUE(prefill({{1, 2, 3}, {4}}));
  ASSERT_TRUE(engine->decode(4, recorder, stop));
  ASSERT_TRUE(engine->decode(2, recorder, stop));  // goes on
  recorder.rewind();
  ASSERT_TRUE(engine->decode(8, recorder, stop));
  EXPECT_EQ(fake->calls, 4);
}

TEST_F(CheckedEngineTest, WrongInputNeverReachesTheEngine) {
  expect_refused(prefill({}), ErrorKind::invalid_input, "at least one row");
  expect_refused(prefill({{}}), ErrorKind::invalid_input, "row 0 of the batch is empty");
  expect_refused(prefill({{1}, {2, -1}}), ErrorKind::invalid_input, "row 1, position 1: token id -1");
  expect_refused(prefill({{kVocab}}), ErrorKind::invalid_input, "outside the vocabulary of 10");
  expect_refused(prefill({{1}, {1}, {1}}), ErrorKind::invalid_input, "3 rows");
  expect_refused(prefill({std::vector<TokenId>(17, 1)}), ErrorKind::invalid_input, "17 tokens");
  EXPECT_EQ(fake->calls, 0);
}

TEST_F(CheckedEngineTest, WrongOrderNeverReachesTheEngine) {
  expect_refused(engine->decode(1, recorder, stop), ErrorKind::invalid_input, "without a prefill");
  ASSERT_TRUE(prefill({{1}}));
  expect_refused(prefill({{1}}), ErrorKind::invalid_input, "not clean");
  ASSERT_TRUE(engine->reset());
  expect_refused(engine->decode(1, recorder, stop), ErrorKind::invalid_input, "without a prefill");
  EXPECT_EQ(fake->calls, 1);
}

TEST_F(CheckedEngineTest, StepsBeyondContextOrRecorderAreRefused) {
  ASSERT_TRUE(prefill({std::vector<TokenId>(12, 1)}));
  expect_refused(engine->decode(0, recorder, stop), ErrorKind::invalid_input, "0 decode steps");
  expect_refused(engine->decode(5, recorder, stop), ErrorKind::invalid_input, "do not fit a context");
  ASSERT_TRUE(engine->decode(4, recorder, stop));
  expect_refused(engine->decode(1, recorder, stop), ErrorKind::invalid_input, "do not fit a context");
  ASSERT_TRUE(engine->reset());
  ASSERT_TRUE(prefill({{1}}));
  expect_refused(engine->decode(9, recorder, stop), ErrorKind::invalid_input, "do not fit a recorder");
}

TEST_F(CheckedEngineTest, AFailedLoadLeavesNothingLoaded) {
  ASSERT_FALSE(engine->load({"bad", "", ""}, {}, stop));
  expect_refused(prefill({{1}}), ErrorKind::invalid_input, "before a successful load");
  ASSERT_TRUE(engine->load({"good", "", ""}, {}, stop));
  EXPECT_TRUE(prefill({{1}}));
  Placement none;
  none.threads = 0;
  EXPECT_FALSE(engine->load({"good", "", ""}, none, stop));
}

struct Bend {
  const char* name;
  const char* words;
  std::function<void(PhaseSample&, StepRecorder&)> bend;
};

TEST_F(CheckedEngineTest, WrongPrefillAnswersAreRefused) {
  const std::array<Bend, 5> bends{{
      {"backwards", "before it starts", [](PhaseSample& s, StepRecorder&) { s.stop = Instant(s.start.value - 1); }},
      {"rows", "2 rows", [](PhaseSample& s, StepRecorder&) { s.rows = 2; }},
      {"tokens", "4 tokens", [](PhaseSample& s, StepRecorder&) { s.semantic_tokens = 4; }},
      {"compute", "(2 computed)", [](PhaseSample& s, StepRecorder&) { s.compute_tokens = 2; }},
      {"no token", "no next token", [](PhaseSample&, StepRecorder& r) { r.begin(1); }},
  }};
  for (const Bend& bend : bends) {
    ASSERT_TRUE(engine->reset());
    fake->bend = bend.bend;
    SCOPED_TRACE(bend.name);
    expect_refused(prefill({{1, 2, 3}}), ErrorKind::engine, bend.words);
  }
}

TEST_F(CheckedEngineTest, WrongDecodeAnswersAreRefused) {
  const std::array<Bend, 5> bends{{
      {"steps", "3 steps", [](PhaseSample& s, StepRecorder&) { s.steps = 3; }},
      {"early", "before the call before it", [](PhaseSample& s, StepRecorder&) { s.start = Instant(1); }},
      {"late start", "backwards", [](PhaseSample& s, StepRecorder&) { s.start = s.stop; }},
      {"early stop", "before its last step", [](PhaseSample& s, StepRecorder&) { s.stop = s.start; }},
      {"few", "stamped 0", [](PhaseSample&, StepRecorder& r) { r.rewind(); }},
  }};
  for (const Bend& bend : bends) {
    ASSERT_TRUE(engine->reset());
    fake->bend = [](PhaseSample&, StepRecorder&) {};
    ASSERT_TRUE(prefill({{1, 2, 3}}));
    fake->bend = bend.bend;
    SCOPED_TRACE(bend.name);
    expect_refused(engine->decode(2, recorder, stop), ErrorKind::engine, bend.words);
    expect_refused(engine->decode(2, recorder, stop), ErrorKind::invalid_input, "without a prefill");
  }
}

TEST_F(CheckedEngineTest, BrokenLogitsAndTokensAreRefused) {
  fake->next = -1;
  expect_refused(prefill({{1}}), ErrorKind::engine, "not in the vocabulary");
  fake->next = 3;
  ASSERT_TRUE(engine->reset());
  fake->row_logits[4] = std::numeric_limits<float>::quiet_NaN();
  expect_refused(prefill({{1}}), ErrorKind::engine, "NaN");
  ASSERT_TRUE(engine->reset());
  fake->row_logits = std::vector<float>(kVocab * 3, 0.0F);  // logits of every position instead of the last
  expect_refused(prefill({{1}}), ErrorKind::engine, "30 logits");
}

TEST_F(CheckedEngineTest, ScoreMustCoverEveryPositionOnce) {
  const std::vector<TokenId> tokens{1, 2, 3};
  const auto ignore = [](std::size_t, std::span<const float>) {};
  EXPECT_TRUE(engine->score(tokens, ignore, stop));
  EXPECT_FALSE(engine->score(std::vector<TokenId>{1, kVocab}, ignore, stop));
  fake->score_positions = 2;
  const auto status = engine->score(tokens, ignore, stop);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().what.find("2 positions of 3"), std::string::npos);
}

TEST(Stopped, CancelWinsOverDeadline) {
  const core::ManualClock clock;
  std::atomic<bool> flag{true};
  const core::StopToken token(clock, clock.now(), &flag);
  EXPECT_EQ(stopped(token, "decode").kind, ErrorKind::aborted);
  flag = false;
  EXPECT_EQ(stopped(token, "decode").kind, ErrorKind::timeout);
}

}  // namespace
}  // namespace phasegate::engines
