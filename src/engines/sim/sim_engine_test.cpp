#include "engines/sim/sim_engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace phasegate::engines::sim {
namespace {

using core::ErrorKind;

class SimEngineTest : public ::testing::Test {
 protected:
  std::unique_ptr<PhaseEngine> loaded(const std::string& profile, std::uint64_t session_seed = 1) {
    const std::string path = testing::TempDir() + "phasegate_sim_engine_test.yaml";
    std::ofstream(path) << "sim: 1\n" << profile;
    auto engine = make_checked(*factory().make());
    Placement placement;
    placement.max_batch = 2;
    placement.session_seed = session_seed;
    const auto report = engine->load({path, "", ""}, placement, never(*engine));
    if (!report) {
      load_error = report.error();
      return nullptr;
    }
    return engine;
  }
  static core::StopToken never(const PhaseEngine& engine) { return {engine.clock(), core::kNoDeadline}; }
  core::Result<PhaseSample> prefill(PhaseEngine& engine, std::size_t tokens = 10) {
    const std::vector<TokenId> ids(tokens, 3);
    const std::vector<Prompt> rows{{ids}};
    EXPECT_TRUE(engine.reset());
    return engine.prefill(rows, recorder, never(engine));
  }

  StepRecorder recorder{64, 2};
  core::Error load_error;
};

TEST_F(SimEngineTest, WindowsHaveExactlyTheProgrammedLength) {
  const auto engine = loaded(
      "latency: {prefill_base_ms: 2, prefill_per_token_ms: 1, decode_base_ms: 5, "
      "decode_per_context_ms: 1, decode_per_row_ms: 0}\n");
  const auto p = prefill(*engine, 10);
  ASSERT_TRUE(p);
  EXPECT_EQ(core::between(p->start, p->stop), core::millis(12));
  const auto d = engine->decode(3, recorder, never(*engine));
  ASSERT_TRUE(d);
  EXPECT_EQ(core::between(d->start, d->stop), core::millis(5 + 11 + 5 + 12 + 5 + 13));
  EXPECT_EQ(core::between(d->start, recorder.stamps()[0]), core::millis(16));
}

TEST_F(SimEngineTest, SessionSeedAloneChoosesTheNoise) {
  const std::string profile = "noise: {sigma: 0.1, session_sigma: 0.1}\n";
  const auto duration = [&](std::uint64_t seed) {
    const auto p = prefill(*loaded(profile, seed));
    return core::between(p->start, p->stop);
  };
  EXPECT_EQ(duration(1), duration(1));
  EXPECT_NE(duration(1), duration(2));
}

TEST_F(SimEngineTest, SilentFallbackAndWeightLieShowInAttributionAlone) {
  const auto engine = loaded("attribution: {device: CPU, weight_type: q8_0, decode_nodes: {CPU: 90, GPU: 10}}\n");
  ASSERT_TRUE(prefill(*engine));
  const auto a = engine->attribution(never(*engine));
  ASSERT_TRUE(a);
  EXPECT_FALSE(a->prefill.fallback);
  EXPECT_TRUE(a->decode.fallback);
  EXPECT_EQ(a->decode.fallback_reason, "10 nodes ran on GPU, asked for cpu");
  EXPECT_EQ(a->weight_type, "q8_0");
}

TEST_F(SimEngineTest, NanAndFewTokensAreCaughtByTheGuardAtTheirCall) {
  auto engine = loaded("faults: [{kind: nan, phase: decode, call: 2}]\n");
  ASSERT_TRUE(prefill(*engine));
  EXPECT_TRUE(engine->decode(4, recorder, never(*engine)));
  const auto nan = engine->decode(4, recorder, never(*engine));
  ASSERT_FALSE(nan);
  EXPECT_EQ(nan.error().kind, ErrorKind::engine);
  EXPECT_NE(nan.error().what.find("NaN"), std::string::npos);
  ASSERT_TRUE(prefill(*engine));
  EXPECT_TRUE(engine->decode(4, recorder, never(*engine)));

  engine = loaded("faults: [{kind: few_tokens, phase: decode}]\n");
  ASSERT_TRUE(prefill(*engine));
  const auto few = engine->decode(4, recorder, never(*engine));
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().what.find("3 steps"), std::string::npos) << few.error().what;
}

TEST_F(SimEngineTest, HangEndsAtTheDeadlineAndAtACancel) {
  auto engine = loaded("faults: [{kind: hang, phase: prefill}, {kind: hang, phase: decode}]\n");
  const std::vector<TokenId> ids(4, 1);
  const std::vector<Prompt> rows{{ids}};
  const core::Instant deadline = core::after(engine->clock().now(), core::seconds(1.0));
  const auto p = engine->prefill(rows, recorder, core::StopToken(engine->clock(), deadline));
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().kind, ErrorKind::timeout);
  EXPECT_GE(engine->clock().now(), deadline);
  ASSERT_TRUE(prefill(*engine));  // the second call does not hang
}

TEST_F(SimEngineTest, FaultsHitTheirShareOfSessions) {
  int failed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto engine = loaded("faults: [{kind: error, phase: load, probability: 0.2}]\n", seed);
    failed += engine == nullptr ? 1 : 0;
  }
  EXPECT_GT(failed, 15);
  EXPECT_LT(failed, 70);
  EXPECT_EQ(load_error.kind, ErrorKind::engine);
}

TEST_F(SimEngineTest, CompilingIsRefusedByName) {
  const std::string path = testing::TempDir() + "phasegate_sim_compile.yaml";
  std::ofstream(path) << "sim: 1\n";
  const auto engine = make_checked(*factory().make());
  Placement placement;
  placement.compile = CompileMode::on;
  const auto report = engine->load({path, "", ""}, placement, never(*engine));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::unsupported);
}

using SimEngineDeathTest = SimEngineTest;

TEST_F(SimEngineDeathTest, CrashEndsTheProcessAtItsCall) {
  const auto engine = loaded("faults: [{kind: crash, phase: decode, call: 2}]\n");
  ASSERT_TRUE(prefill(*engine));
  ASSERT_TRUE(engine->decode(1, recorder, never(*engine)));
  EXPECT_DEATH(static_cast<void>(engine->decode(1, recorder, never(*engine))), "");
}

}  // namespace
}  // namespace phasegate::engines::sim
