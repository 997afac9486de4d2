#include "engines/sim/latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace phasegate::engines::sim {
namespace {

constexpr core::Nanos kStart{0};

double prefill_ms(LatencyModel& model, std::int64_t tokens, std::int64_t rows = 1, core::Nanos elapsed = kStart) {
  const auto longest = static_cast<double>(tokens) / static_cast<double>(rows);
  return core::to_ms(
      model.prefill({rows, tokens, tokens / rows, longest * longest * static_cast<double>(rows)}, elapsed));
}

TEST(Latency, FollowsTheFormula) {
  Profile p;
  p.latency = {.prefill_base_ms = 2.0,
               .prefill_per_token_ms = 0.5,
               .prefill_quadratic_ms = 0.01,
               .decode_base_ms = 4.0,
               .decode_per_context_ms = 0.1,
               .decode_per_row_ms = 1.0};
  LatencyModel model(p, 1, 1);
  EXPECT_NEAR(prefill_ms(model, 20), 2.0 + 10.0 + 4.0, 1e-6);
  EXPECT_NEAR(prefill_ms(model, 20, 2), 2.0 + 10.0 + 2.0, 1e-6);  // two rows of ten
  model.begin_decode();
  EXPECT_NEAR(core::to_ms(model.step(30, 2, kStart)), 4.0 + 3.0 + 2.0, 1e-6);
}

TEST(Latency, ThreadsHelpByTheirEfficiency) {
  Profile p;
  p.latency = {.prefill_base_ms = 30.0, .prefill_per_token_ms = 0.0, .thread_efficiency = 0.5};
  LatencyModel one(p, 1, 1);
  LatencyModel two(p, 2, 1);
  EXPECT_NEAR(prefill_ms(one, 1) / prefill_ms(two, 1), 1.5, 1e-6);
}

TEST(Latency, ColdAndWarmUpFadeAway) {
  Profile p;
  p.latency = {.prefill_base_ms = 10.0, .prefill_per_token_ms = 0.0};
  p.warmup = {.first_prefill_ms = 100.0, .first_decode_ms = 50.0, .shape_cold_ms = 7.0, .factor = 3.0, .decay = 0.5};
  LatencyModel model(p, 1, 1);
  EXPECT_NEAR(prefill_ms(model, 4), 30.0 + 100.0 + 7.0, 1e-6);
  EXPECT_NEAR(prefill_ms(model, 4), 20.0, 1e-6);        // same shape, second call
  EXPECT_NEAR(prefill_ms(model, 8), 15.0 + 7.0, 1e-6);  // new shape
  model.begin_decode();
  const double first = core::to_ms(model.step(1, 1, kStart));
  const double second = core::to_ms(model.step(1, 1, kStart));
  EXPECT_NEAR(first - second, 50.0, 1e-6);
}

TEST(Latency, NoiseHasMedianOneAndTheStatedSpread) {
  Profile p;
  p.latency = {.prefill_base_ms = 10.0, .prefill_per_token_ms = 0.0};
  p.noise.sigma = 0.1;
  LatencyModel model(p, 1, 7);
  std::vector<double> logs;
  for (int i = 0; i < 4000; ++i) logs.push_back(std::log(prefill_ms(model, 1) / 10.0));
  double sum = 0.0;
  double squares = 0.0;
  for (const double x : logs) {
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 4000, 0.0, 0.008);  // five standard errors
  EXPECT_NEAR(std::sqrt(squares / 4000), 0.1, 0.006);
}

TEST(Latency, SessionsDifferBySeedAndRepeatByIt) {
  Profile p;
  p.noise = {.sigma = 0.05, .session_sigma = 0.2};
  LatencyModel a(p, 1, 1);
  LatencyModel again(p, 1, 1);
  LatencyModel b(p, 1, 2);
  const double first = prefill_ms(a, 10);
  EXPECT_EQ(first, prefill_ms(again, 10));
  EXPECT_NE(first, prefill_ms(b, 10));
}

TEST(Latency, DriftGrowsWithTimeInItsShareOfSessions) {
  Profile p;
  p.latency = {.prefill_base_ms = 10.0, .prefill_per_token_ms = 0.0};
  p.noise.drift_per_second = 0.1;
  LatencyModel always(p, 1, 1);
  EXPECT_NEAR(prefill_ms(always, 1, 1, core::seconds(5)), 15.0, 1e-6);
  p.noise.drift_probability = 0.25;
  int drifting = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    LatencyModel model(p, 1, seed);
    drifting += prefill_ms(model, 1, 1, core::seconds(5)) > 12.0 ? 1 : 0;
  }
  EXPECT_GT(drifting, 60);
  EXPECT_LT(drifting, 140);
}

TEST(Latency, SecondModeComesAtItsGrain) {
  Profile p;
  p.latency = {.decode_base_ms = 10.0, .decode_per_context_ms = 0.0, .decode_per_row_ms = 0.0};
  p.noise = {.mode_probability = 0.3, .mode_factor = 2.0};
  for (const Grain grain : {Grain::session, Grain::call, Grain::step}) {
    p.noise.mode_per = grain;
    int slow = 0;
    bool mixed_call = false;
    bool mixed_session = false;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      LatencyModel model(p, 1, seed);
      int slow_in_session = 0;
      for (int call = 0; call < 8; ++call) {
        model.begin_decode();
        int slow_in_call = 0;
        for (int step = 0; step < 8; ++step) slow_in_call += core::to_ms(model.step(1, 1, kStart)) > 15.0 ? 1 : 0;
        mixed_call = mixed_call || (slow_in_call != 0 && slow_in_call != 8);
        slow_in_session += slow_in_call;
      }
      mixed_session = mixed_session || (slow_in_session != 0 && slow_in_session != 64);
      slow += slow_in_session;
    }
    EXPECT_GT(slow, 300);  // of 3200, 960 expected
    EXPECT_LT(slow, 1700);
    EXPECT_EQ(mixed_call, grain == Grain::step);
    EXPECT_EQ(mixed_session, grain != Grain::session);
  }
}

}  // namespace
}  // namespace phasegate::engines::sim
