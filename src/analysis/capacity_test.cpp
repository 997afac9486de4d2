// The formulas against theory where there is one and against a discrete-event simulation, seeded, where there is none.
#include "analysis/capacity.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "analysis/near.h"
#include "core/random.h"

namespace phasegate::analysis {
namespace {

using Draw = std::function<double(core::Random&)>;

double exponential(core::Random& random) { return -std::log(1 - random.uniform()); }

// Mean 1. Cs2 = 0, 1/k, 1, and above 1 (two exponentials with balanced means).
Draw constant() {
  return [](core::Random&) { return 1.0; };
}
Draw erlang(int k) {
  return [k](core::Random& random) {
    double total = 0;
    for (int i = 0; i < k; ++i) total += exponential(random) / k;
    return total;
  };
}
Draw hyperexponential(double cv2) {
  const double p = (1 + std::sqrt((cv2 - 1) / (cv2 + 1))) / 2;
  return [p](core::Random& random) {
    const bool first = random.uniform() < p;
    return exponential(random) / (first ? 2 * p : 2 * (1 - p));
  };
}

struct Simulated {
  double mean_wait = 0;
  double p_wait = 0;
  double response_p95 = 0;
};

// Poisson arrivals at `lambda`, `slots` servers, first come first served: each request takes the slot that is free
// first. The first tenth is left out.
Simulated simulate(double lambda, const Draw& service, int slots, int requests, std::uint64_t seed) {
  core::Random random(seed);
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int i = 0; i < slots; ++i) free_at.push(0);
  double now = 0;
  double total = 0;
  int waited = 0;
  std::vector<double> responses;
  for (int i = 0; i < requests; ++i) {
    now += exponential(random) / lambda;
    const double start = std::max(now, free_at.top());
    free_at.pop();
    const double s = service(random);
    free_at.push(start + s);
    if (i < requests / 10) continue;
    total += start - now;
    waited += start > now ? 1 : 0;
    responses.push_back(start - now + s);
  }
  const auto n = static_cast<double>(responses.size());
  const auto at = responses.begin() + static_cast<std::ptrdiff_t>(0.95 * n);
  std::nth_element(responses.begin(), at, responses.end());
  return {total / n, waited / n, *at};
}

TEST(SteadyQueue, IsTheTheoryOfMM1AndMD1AndMG1) {
  for (const double rho : {0.1, 0.5, 0.7, 0.95}) {
    EXPECT_TRUE(near(steady_queue(rho, 1, 1, 1, 1)->mean_wait_s, rho / (1 - rho), 1e-12));
    EXPECT_TRUE(near(steady_queue(rho, 1, 0, 1, 1)->mean_wait_s, rho / (1 - rho) / 2, 1e-12));
    EXPECT_TRUE(near(steady_queue(rho, 1, 4, 1, 1)->mean_wait_s, rho / (1 - rho) * 2.5, 1e-12));  // Pollaczek-Khinchine
    EXPECT_TRUE(near(steady_queue(rho, 1, 1, 1, 1)->p_wait, rho, 1e-12));
  }
  EXPECT_FALSE(steady_queue(1, 1, 1, 1, 1));
  EXPECT_FALSE(steady_queue(3, 1, 1, 1, 2));
}

TEST(SteadyQueue, ErlangCOfTheTextbook) {
  EXPECT_NEAR(erlang_c(2, 1), 1.0 / 3, 1e-12);  // a = 1 erlang on two servers
  EXPECT_NEAR(erlang_c(10, 7), 0.22173, 5e-5);
  EXPECT_LT(erlang_c(1000, 700), 1e-12);
  EXPECT_GT(erlang_c(1'000'000, 999'000), 0.0);  // no overflow on the way
}

TEST(Simulation, AgreesWithTheoryWithinTwoPercent) {
  constexpr int kRequests = 2'000'000;
  for (const double rho : {0.5, 0.7}) {
    const double mm1 = rho / (1 - rho);
    EXPECT_TRUE(near(simulate(rho, erlang(1), 1, kRequests, 7).mean_wait, mm1, 0.02)) << "M/M/1 at " << rho;
    EXPECT_TRUE(near(simulate(rho, constant(), 1, kRequests, 7).mean_wait, mm1 / 2, 0.02)) << "M/D/1 at " << rho;
  }
  // Response of M/M/1 is exponential: its p95 is ln 20 / (1 - rho).
  EXPECT_TRUE(near(simulate(0.7, erlang(1), 1, kRequests, 7).response_p95, std::log(20.0) / 0.3, 0.02));
}

// 20 service and load cases; what the formula gives relative to the simulation.
double wait_ratio(const Draw& draw, double cv2, int slots, double rho) {
  const Simulated simulated = simulate(rho * slots, draw, slots, 1'000'000, 11);
  return steady_queue(rho * slots, 1, cv2, 1, slots)->mean_wait_s / simulated.mean_wait;
}

TEST(Simulation, TheTwoMomentFormulaIsWithinTenPercentBelowTheCap) {
  const std::vector<std::pair<double, Draw>> services = {
      {0, constant()}, {0.25, erlang(4)}, {0.5, erlang(2)}, {1, erlang(1)}, {2, hyperexponential(2)}};
  for (const auto& [cv2, draw] : services) {
    for (const int slots : {1, 2, 4, 8}) {
      for (const double rho : {0.5, 0.7})
        EXPECT_NEAR(wait_ratio(draw, cv2, slots, rho), 1, 0.10)
            << "Cs2 " << cv2 << ", " << slots << " slots at " << rho;
    }
  }
}

TEST(Simulation, BeyondTwiceTheVariationItErrsTowardsMoreWorkers) {
  for (const int slots : {2, 4, 8}) {
    for (const double rho : {0.5, 0.7}) {
      const double ratio = wait_ratio(hyperexponential(4), 4, slots, rho);
      EXPECT_GT(ratio, 0.98) << slots << " slots at " << rho;
      EXPECT_LT(ratio, 1.25) << slots << " slots at " << rho;
    }
  }
}

// A service distribution as equally likely values at the middles of `n` quantiles.
std::vector<ServiceShape> discretised(const std::function<double(double)>& quantile, int n) {
  std::vector<ServiceShape> shapes;
  for (int i = 0; i < n; ++i) {
    const double s = quantile((i + 0.5) / n);
    shapes.push_back({1, s, s});
  }
  return shapes;
}

TEST(ResponseQuantile, IsExactForMM1) {
  const auto shapes = discretised([](double u) { return -std::log(1 - u); }, 2000);
  for (const double rho : {0.3, 0.7}) {
    const Queue queue = *steady_queue(rho, 1, 1, 1, 1);
    for (const double q : {0.5, 0.95, 0.99}) {
      EXPECT_TRUE(near(response_quantile(queue, shapes, LatencyMetric::e2e, q), -std::log(1 - q) / (1 - rho), 0.01))
          << rho << " " << q;
    }
  }
}

TEST(ResponseQuantile, IsWithinTenPercentOfTheSimulationForConstantAndMixedService) {
  const std::vector<ServiceShape> mixed{{0.8, 0.1, 0.5}, {0.2, 0.5, 3.0}};  // mean 1
  const Draw draw = [](core::Random& random) { return random.uniform() < 0.8 ? 0.5 : 3.0; };
  const std::vector<ServiceShape> one{{1, 0.2, 1.0}};
  for (const int slots : {1, 4}) {
    const double lambda = 0.7 * slots;
    const Queue q_constant = *steady_queue(lambda, 1, 0, 1, slots);
    EXPECT_TRUE(near(response_quantile(q_constant, one, LatencyMetric::e2e, 0.95),
                     simulate(lambda, constant(), slots, 1'000'000, 3).response_p95, 0.10));
    const Queue q_mixed = *steady_queue(lambda, 1, 1.0, 1, slots);  // 0.8 * 0.25 + 0.2 * 4 = 1
    EXPECT_TRUE(near(response_quantile(q_mixed, mixed, LatencyMetric::e2e, 0.95),
                     simulate(lambda, draw, slots, 1'000'000, 3).response_p95, 0.10));
  }
}

CapacityQuestion question() {
  CapacityQuestion q;
  q.requests_per_s = 10;
  q.shapes = {{1, 0.1, 1.0}};
  return q;
}

TEST(PlanCapacity, TheCapAloneWithoutAPromise) {
  const CapacityAnswer answer = plan_capacity(question()).value();  // 10 erlangs / 0.7
  EXPECT_EQ(answer.workers, 15);
  EXPECT_EQ(answer.limited_by, "utilisation_cap");
  EXPECT_LE(answer.queue.utilisation, 0.70);
  CapacityQuestion bursty = question();
  bursty.burst = 3;
  EXPECT_EQ(plan_capacity(bursty)->workers, 43);
  CapacityQuestion quiet = question();
  quiet.requests_per_s = 0.01;
  EXPECT_EQ(plan_capacity(quiet)->workers, 1);
  EXPECT_EQ(plan_capacity(quiet)->limited_by, "minimum");
}

TEST(PlanCapacity, TheAnswerKeepsThePromiseAndOneFewerDoesNot) {
  CapacityQuestion q = question();
  q.requests_per_s = 0.6;
  q.slo = Slo{LatencyMetric::ttft, 0.95, 0.3};
  const CapacityAnswer answer = plan_capacity(q).value();
  ASSERT_TRUE(answer.workers);
  EXPECT_EQ(answer.limited_by, "slo");
  EXPECT_LE(*answer.response_s, 0.3 + 1e-9);
  const auto fewer = steady_queue(0.6, 1, 0, 1, *answer.workers - 1);
  EXPECT_TRUE(!fewer || response_quantile(*fewer, q.shapes, LatencyMetric::ttft, 0.95) > 0.3);
  q.slo = Slo{LatencyMetric::ttft, 0.99, 0.3};
  EXPECT_GE(*plan_capacity(q)->workers, *answer.workers);
}

TEST(PlanCapacity, NoFleetMakesOneRequestFaster) {
  CapacityQuestion q = question();
  q.slo = Slo{LatencyMetric::e2e, 0.95, 0.99};
  const CapacityAnswer answer = plan_capacity(q).value();
  EXPECT_FALSE(answer.workers);
  EXPECT_EQ(answer.reason, "service_alone_exceeds_slo");
}

TEST(PlanCapacity, ColdStartsTakeWorkersAndEatThePromise) {
  CapacityQuestion q = question();
  q.cold_start_s = 36;
  q.starts_per_hour = 1;                     // 1 % of the time
  EXPECT_EQ(plan_capacity(q)->workers, 16);  // 15 / 0.99
  EXPECT_EQ(plan_capacity(q)->warm_workers, 15);
  q.slo = Slo{LatencyMetric::ttft, 0.95, 5};
  EXPECT_TRUE(plan_capacity(q)->workers);
  q.slo->quantile = 0.99;
  EXPECT_EQ(plan_capacity(q)->reason, "cold_starts_exceed_slo");
  q.cold_start_s = 3600;
  EXPECT_FALSE(plan_capacity(q));
}

TEST(PlanCapacity, AMeasuredCurveGivesSlotsThatAreSlower) {
  CapacityQuestion q = question();
  q.curve = {{1, 1.0}, {4, 3.2}, {8, 3.9}};
  const CapacityAnswer answer = plan_capacity(q).value();
  EXPECT_EQ(answer.slots_per_worker, 8);
  EXPECT_NEAR(answer.slowdown, 8 / 3.9, 1e-12);
  EXPECT_EQ(answer.workers, 4);  // 10 * 2.05 s / (0.7 * 8)
  // A promise on the first token that eight at a time cannot keep picks four.
  q.slo = Slo{LatencyMetric::ttft, 0.95, 0.15};
  EXPECT_EQ(plan_capacity(q)->slots_per_worker, 4);
  q.curve.erase(q.curve.begin());
  EXPECT_EQ(plan_capacity(q).error().kind, core::ErrorKind::evidence);
}

TEST(PlanCapacity, RefusesNumbersOutOfRange) {
  const auto field = [](const std::function<void(CapacityQuestion&)>& spoil) {
    CapacityQuestion q = question();
    spoil(q);
    const auto answer = plan_capacity(q);
    return answer ? std::string("accepted") : answer.error().where;
  };
  EXPECT_EQ(field([](auto& q) { q.requests_per_s = 0; }), "requests_per_s");
  EXPECT_EQ(field([](auto& q) { q.burst = 0.5; }), "burst");
  EXPECT_EQ(field([](auto& q) { q.arrival_cv2 = -1; }), "arrival_cv2");
  EXPECT_EQ(field([](auto& q) { q.utilisation_cap = 1; }), "utilisation_cap");
  EXPECT_EQ(field([](auto& q) { q.shapes.clear(); }), "shapes");
  EXPECT_EQ(field([](auto& q) { q.shapes[0].first_s = 2; }), "shapes");
  EXPECT_EQ(field([](auto& q) { q.curve = {{0, 1}}; }), "curve");
  EXPECT_EQ(field([](auto& q) { q.cold_start_s = -1; }), "cold_start_s");
  EXPECT_EQ(field([](auto& q) { q.slo = Slo{LatencyMetric::ttft, 1, 1}; }), "slo");
  CapacityQuestion huge = question();
  huge.requests_per_s = 1e12;
  EXPECT_EQ(plan_capacity(huge)->reason, "beyond_any_fleet");
}

TEST(ParseSlo, ReadsMetricQuantileAndMilliseconds) {
  const Slo slo = parse_slo("ttft_ms_p95=500").value();
  EXPECT_EQ(slo.metric, LatencyMetric::ttft);
  EXPECT_DOUBLE_EQ(slo.quantile, 0.95);
  EXPECT_DOUBLE_EQ(slo.limit_s, 0.5);
  EXPECT_DOUBLE_EQ(parse_slo("e2e_ms_p99.9=8000")->quantile, 0.999);
  for (const char* bad : {"", "ttft_ms_p95", "ttft_ms_p95=", "ttft_ms_p0=1", "ttft_ms_p100=1", "ttft_ms_p95=-1",
                          "itl_ms_p95=5", "ttft_ms_p95=5x", "ttft_ms_p95=nan", "e2e_ms_p=1"}) {
    EXPECT_FALSE(parse_slo(bad)) << bad;
  }
}

}  // namespace
}  // namespace phasegate::analysis
