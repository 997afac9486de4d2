#include "analysis/replay.h"

#include <cmath>

#include "analysis/near.h"
#include "core/random.h"

namespace phasegate::analysis {
namespace {

TEST(Replay, ThreeRequestsByHand) {
  // Two at once and one a second later, 2 s each, first token after 0.5 s.
  const std::vector<ReplayRequest> trace{{0, 0.5, 2}, {0, 0.5, 2}, {1, 0.5, 2}};
  const Replay one = replay(trace, 1, 1, LatencyMetric::e2e, 0.5);
  EXPECT_DOUBLE_EQ(one.response_s, 4);  // 2, 4, 5
  EXPECT_DOUBLE_EQ(one.mean_wait_s, (0 + 2 + 3) / 3.0);
  EXPECT_DOUBLE_EQ(one.p_wait, 2.0 / 3);
  EXPECT_DOUBLE_EQ(one.utilisation, 1);
  const Replay two = replay(trace, 2, 1, LatencyMetric::ttft, 0.99);
  EXPECT_NEAR(two.response_s, 1.5, 0.05);  // 0.5, 0.5, 1.5
  EXPECT_DOUBLE_EQ(two.utilisation, 6.0 / 8);
  EXPECT_DOUBLE_EQ(replay(trace, 3, 2, LatencyMetric::e2e, 0.5).response_s, 4);  // twice as slow, nobody waits
}

TEST(PlanByReplay, TheAnswerKeepsThePromiseAndOneFewerDoesNot) {
  core::Random random(4);
  std::vector<ReplayRequest> trace;
  double t = 0;
  for (int i = 0; i < 5000; ++i) {
    if (i % 20 == 0) t += 10;  // in clumps of twenty
    trace.push_back({t, 0.1, 0.2 + random.uniform()});
  }
  const Slo slo{LatencyMetric::ttft, 0.95, 1.0};
  const auto plan = plan_by_replay(trace, 1, 1, slo);
  ASSERT_TRUE(plan);
  EXPECT_LE(plan->response_s, 1.0);
  EXPECT_GT(replay(trace, plan->workers - 1, 1, slo.metric, slo.quantile).response_s, 1.0);
  const auto halves = plan_by_replay(trace, 2, 1, slo);
  EXPECT_EQ(halves->workers, (plan->workers + 1) / 2);
  EXPECT_FALSE(plan_by_replay(trace, 1, 1, {LatencyMetric::e2e, 0.95, 0.1}));
}

TEST(Replay, AgreesWithTheFormulaOnPoissonArrivalsAndShowsWhereItFails) {
  core::Random random(9);
  std::vector<ReplayRequest> poisson;
  std::vector<ReplayRequest> clumped;
  double t = 0;
  for (int i = 0; i < 200'000; ++i) {
    t -= std::log(1 - random.uniform()) / 2.8;  // 2.8 a second, four slots of a second: 0.7
    poisson.push_back({t, 0.1, 1});
    clumped.push_back({std::floor(i / 50.0) * 50 / 2.8, 0.1, 1});  // the same rate in clumps of fifty
  }
  const Queue queue = *steady_queue(2.8, 1, 0, 1, 4);
  EXPECT_TRUE(near(replay(poisson, 4, 1, LatencyMetric::e2e, 0.95).mean_wait_s, queue.mean_wait_s, 0.10));
  EXPECT_GT(replay(clumped, 4, 1, LatencyMetric::e2e, 0.95).mean_wait_s, 20 * queue.mean_wait_s);
}

TEST(ReplayRequests, SortsByArrivalAndNeedsCounts) {
  std::vector<TraceRequest> trace{{5, 100, 10}, {1, 200, 20}};
  const auto requests = replay_requests(trace, 100, 10).value();
  EXPECT_EQ(requests[0].t_s, 1);
  EXPECT_DOUBLE_EQ(requests[0].first_s, 2);
  EXPECT_DOUBLE_EQ(requests[0].total_s, 4);
  trace[0].prompt_tokens.reset();
  EXPECT_FALSE(replay_requests(trace, 100, 10));
}

}  // namespace
}  // namespace phasegate::analysis
