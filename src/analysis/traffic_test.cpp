#include "analysis/traffic.h"

#include <cmath>
#include <limits>

#include "analysis/near.h"
#include "core/random.h"

namespace phasegate::analysis {
namespace {

TraceRequest at(double t, double tokens = 100) { return {t, tokens * 0.6, tokens * 0.4}; }

// `busy` of 100 bins of 10 s carry five requests, the others one.
std::vector<TraceRequest> stepped(int busy) {
  std::vector<TraceRequest> trace;
  for (int bin = 0; bin < 100; ++bin) {
    const int n = bin % 100 < busy ? 5 : 1;
    for (int i = 0; i < n; ++i) trace.push_back(at(bin * 10 + i));
  }
  trace.push_back(at(1000));  // closes the last bin
  return trace;
}

TEST(Traffic, BurstIsTheBusyBinOverTheMeanBin) {
  const Traffic traffic = traffic_of(stepped(10), 10).value();
  EXPECT_EQ(traffic.bins, 100);
  EXPECT_EQ(traffic.unit, LoadUnit::tokens);
  const double mean_load = (10 * 5 + 90 * 1) * 100.0 / 1000;
  EXPECT_TRUE(near(traffic.mean_load, mean_load, kTight));
  EXPECT_TRUE(near(traffic.p95_over_mean, 50 / mean_load, kTight));
  EXPECT_TRUE(near(traffic.p99_over_mean, 50 / mean_load, kTight));
  // 3 busy bins of 100: p95 is a quiet one, p99 a busy one.
  const Traffic rare = traffic_of(stepped(3), 10).value();
  EXPECT_LT(*rare.p95_over_mean, 1);
  EXPECT_GT(*rare.p99_over_mean, 4);
}

TEST(Traffic, CountsTokensOnlyWhenEveryRequestHasThem) {
  auto trace = stepped(10);
  EXPECT_TRUE(near(traffic_of(trace, 10)->mean_prompt, 60, kTight));
  EXPECT_TRUE(near(traffic_of(trace, 10)->mean_gen, 40, kTight));
  trace[3].gen_tokens.reset();
  const Traffic traffic = traffic_of(trace, 10).value();
  EXPECT_EQ(traffic.unit, LoadUnit::requests);
  EXPECT_FALSE(traffic.tokens_per_s || traffic.mean_gen);
  EXPECT_TRUE(near(traffic.mean_load, 1.4 / 10, kTight));
}

TEST(Traffic, AQuantileNeedsItsBins) {
  const auto trace = stepped(10);
  const Traffic few = traffic_of(trace, 60).value();  // 16 bins
  EXPECT_FALSE(few.p95_over_mean);
  EXPECT_EQ(few.p95_reason, "n_below_20");
  const Traffic some = traffic_of(trace, 20).value();  // 50 bins
  EXPECT_TRUE(some.p95_over_mean);
  EXPECT_EQ(some.p99_reason, "n_below_100");
}

TEST(Traffic, PoissonArrivalsVaryByOneAndRegularOnesByNothing) {
  core::Random random(5);
  std::vector<TraceRequest> poisson;
  std::vector<TraceRequest> regular;
  std::vector<TraceRequest> daily;
  double t = 0;
  double u = 0;
  for (int i = 0; i < 20'000; ++i) {
    t += -std::log(1 - random.uniform());
    poisson.push_back(at(t));
    regular.push_back(at(i));
    u += -std::log(1 - random.uniform()) * ((i / 2000) % 2 == 0 ? 0.2 : 2.0);  // the rate changes tenfold
    daily.push_back(at(u));
  }
  EXPECT_NEAR(*traffic_of(poisson, 60)->arrival_cv2, 1, 0.05);
  EXPECT_NEAR(*traffic_of(regular, 60)->arrival_cv2, 0, 1e-9);
  EXPECT_NEAR(*traffic_of(daily, 60)->arrival_cv2, 1, 0.10);
  EXPECT_GT(*traffic_of(daily, 60)->p95_over_mean, 2);
}

TEST(Traffic, RefusesWhatIsNoTrace) {
  const auto kind = [](const std::vector<TraceRequest>& trace, double bin) {
    return traffic_of(trace, bin).error().kind;
  };
  const std::vector<TraceRequest> two{at(0), at(100)};
  EXPECT_EQ(kind({at(0)}, 10), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind(two, 0), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind(two, 60), core::ErrorKind::evidence);
  EXPECT_EQ(kind(two, 1e-9), core::ErrorKind::invalid_input);  // more bins than memory
  EXPECT_EQ(kind({at(0), at(std::numeric_limits<double>::infinity())}, 10), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind({at(-1e308), at(1e308)}, 10), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind({at(0), at(100, -1)}, 10), core::ErrorKind::invalid_input);
}

TEST(ServiceShapes, GroupsKeepTheMeanTimes) {
  std::vector<TraceRequest> trace;
  double total = 0;
  double first = 0;
  for (int i = 0; i < 1000; ++i) {
    trace.push_back({static_cast<double>(i), 100.0 + i, static_cast<double>((i * 37) % 500)});
    first += (100.0 + i) / 1000 / 1000;
    total += ((100.0 + i) / 1000 + (i * 37) % 500 / 50.0) / 1000;
  }
  const auto shapes = service_shapes(trace, 1000, 50).value();
  ASSERT_EQ(shapes.size(), 200U);
  double grouped_total = 0;
  double grouped_first = 0;
  for (const ServiceShape& shape : shapes) {
    grouped_total += shape.weight / 1000 * shape.total_s;
    grouped_first += shape.weight / 1000 * shape.first_s;
  }
  EXPECT_TRUE(near(grouped_total, total, kTight));
  EXPECT_TRUE(near(grouped_first, first, kTight));
  EXPECT_EQ(service_shapes(std::span(trace).first(3), 1000, 50)->size(), 3U);
  trace[5].gen_tokens.reset();
  EXPECT_EQ(service_shapes(trace, 1000, 50).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(service_shapes(trace, 0, 50).error().kind, core::ErrorKind::invalid_input);
}

}  // namespace
}  // namespace phasegate::analysis
