// Each rule on rows made for it: what it needs, and one step short of that.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "claims/check.h"
#include "evidence/thresholds.h"

namespace phasegate::claims {
namespace {

using evidence::Observation;

Observation request(double latency_ms = 100) {
  Observation row;
  row.file = "r.jsonl";
  row.line = 1;
  row.backend = "b";
  row.model = "m";
  row.latency_ms = {latency_ms};
  row.prompt_tokens = 10;
  row.generated_tokens = 5;
  return row;
}

struct Case {
  readers::Source source;
  std::vector<Observation> rows;

  Case() { source.format = readers::Format::vllm; }

  [[nodiscard]] Report report() const {
    Examination examination(evidence::default_thresholds());
    for (const auto& row : rows) examination.add(row);
    auto with_rows = source;
    with_rows.rows = static_cast<std::int64_t>(rows.size());
    return examination.report(with_rows);
  }
  [[nodiscard]] Claim claim(const std::string& id) const {
    const auto all = report().claims;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Claim& c) { return c.id == id; });
    return found == all.end() ? Claim{} : *found;
  }
  // "supported", or the reason.
  [[nodiscard]] std::string fate(const std::string& id) const {
    const auto found = claim(id);
    if (found.id.empty()) return "absent";
    return found.verdict == Verdict::supported ? "supported" : found.reason;
  }
};

TEST(Rules, EachPercentileHasItsFewestSamples) {
  const std::pair<const char*, int> limits[] = {{"p50", 3}, {"p90", 10}, {"p95", 20}, {"p99", 100}};
  for (const auto& [name, n] : limits) {
    Case enough;
    for (int i = 0; i < n; ++i) enough.rows.push_back(request(i + 1));
    const auto id = std::string("percentile.latency_ms.") + name;
    EXPECT_EQ(enough.fate(id), "supported") << name;
    enough.rows.pop_back();
    EXPECT_EQ(enough.fate(id), "n_below_" + std::to_string(n));
  }
}

TEST(Rules, EveryCellNeedsItsSamples) {
  Case two;
  for (int i = 0; i < 25; ++i) two.rows.push_back(request());
  for (int i = 0; i < 25; ++i) {
    two.rows.push_back(request());
    two.rows.back().scenario = "other";
  }
  EXPECT_EQ(two.fate("percentile.latency_ms.p95"), "supported");
  EXPECT_FALSE(two.claim("percentile.latency_ms.p95").value);  // no pooling over cells
  for (int i = 0; i < 10; ++i) two.rows.pop_back();
  EXPECT_EQ(two.fate("percentile.latency_ms.p95"), "n_below_20");
}

TEST(Rules, AMeanCountsIndependentSamples) {
  Case steady;
  Case wandering;
  for (int i = 0; i < 40; ++i) {
    steady.rows.push_back(request(100 + (i % 2)));
    wandering.rows.push_back(request(100 + (i < 20 ? 0 : 1)));
  }
  EXPECT_EQ(steady.claim("mean.latency_ms").because.find("independent"), std::string::npos);
  EXPECT_NE(wandering.claim("mean.latency_ms").because.find("independent"), std::string::npos);
}

TEST(Rules, PromptsOfSeveralLengthsAreAMix) {
  Case one;
  one.rows = {request(), request(), request()};
  EXPECT_EQ(one.fate("percentile.per_shape"), "absent");
  one.rows.back().prompt_tokens = 11;
  EXPECT_EQ(one.fate("percentile.per_shape"), "pooled_shapes");
}

TEST(Rules, TheRateThatWasSent) {
  for (const auto& [arrival, rate, want] :
       {std::tuple("constant", 10.0, "supported"), std::tuple("constant", 10.5, "rate_not_reached"),
        std::tuple("poisson", 10.5, "supported"), std::tuple("poisson", 20.0, "rate_not_reached")}) {
    Case load;
    load.source.facts.arrival = arrival;
    load.source.facts.request_rate = rate;
    for (int i = 0; i < 101; ++i) {
      load.rows.push_back(request());
      load.rows.back().started_unix_s = 1e9 + i * 0.1;
    }
    EXPECT_EQ(load.fate("load.rate"), want) << arrival << " " << rate;
  }
}

TEST(Rules, ALateClient) {
  Case client;
  for (int i = 0; i < 10; ++i) {
    client.rows.push_back(request());
    client.rows.back().ttft_ms = {50};
    client.rows.back().numbers["targeted_start_delay_ms"] = 0.4;
  }
  EXPECT_EQ(client.fate("load.client"), "supported");
  client.rows[3].numbers["targeted_start_delay_ms"] = 0.6;
  EXPECT_EQ(client.fate("load.client"), "client_late");
}

TEST(Rules, CapacityNeedsALadder) {
  Case load;
  load.rows = {request(), request()};
  EXPECT_EQ(load.fate("throughput.capacity"), "one_load_point");
  load.source.facts.request_rate = 2;
  EXPECT_EQ(load.fate("throughput.capacity"), "offered_load");
  for (const char* scenario : {"x2", "x4", "x8"}) {
    load.rows.push_back(request());
    load.rows.back().scenario = scenario;
  }
  EXPECT_EQ(load.fate("throughput.capacity"), "supported");
}

TEST(Rules, ColdRowsAndAFirstSampleThatStandsOut) {
  Case cold;
  for (int i = 0; i < 9; ++i) {
    cold.rows.push_back(request(1000));
    cold.rows.back().regime = evidence::Regime::cold;
  }
  EXPECT_EQ(cold.fate("regime.cold"), "n_below_10");
  cold.rows.push_back(cold.rows.back());
  EXPECT_EQ(cold.fate("regime.cold"), "supported");

  Case warm;
  warm.source.facts.warmup_labelled = true;
  warm.rows = {request(190), request(100), request(100)};
  EXPECT_EQ(warm.fate("regime.steady"), "supported");
  warm.rows[0] = request(210);
  EXPECT_EQ(warm.fate("regime.steady"), "first_sample_cold");
  warm.source.facts.warmup_labelled = false;
  EXPECT_EQ(warm.fate("regime.steady"), "warmup_not_labelled");
}

TEST(Rules, AWinnerNeedsTwoStacksSessionsAndARandomOrder) {
  Case pair;
  pair.rows = {request(), request()};
  EXPECT_EQ(pair.fate("comparison.winner"), "one_candidate");
  pair.rows[1].backend = "c";
  pair.source.facts.sessions = 4;
  EXPECT_EQ(pair.fate("comparison.winner"), "few_sessions");
  pair.source.facts.sessions = 5;
  EXPECT_EQ(pair.fate("comparison.winner"), "fixed_order");
  pair.source.facts.order_randomised = true;
  EXPECT_EQ(pair.fate("comparison.winner"), "supported");
  EXPECT_EQ(pair.fate("comparison.repeat"), "supported");
}

TEST(Rules, AHashIsAnIdentityAndANameIsNot) {
  Case model;
  EXPECT_EQ(model.fate("identity.model"), "no_model_hash");
  model.source.facts.model_identity = "m.gguf";
  EXPECT_EQ(model.fate("identity.model"), "file_name_only");
  model.source.facts.model_identity = std::string(64, 'a');
  EXPECT_EQ(model.fate("identity.model"), "supported");
  EXPECT_EQ(model.fate("identity.backend"), "not_stated");
  model.rows = {request()};
  EXPECT_EQ(model.fate("identity.backend"), "label_only");
}

TEST(Rules, TheEnvironmentNamesWhatIsMissing) {
  Case here;
  EXPECT_NE(here.claim("identity.environment").because.find("driver"), std::string::npos);
  here.source.tool_version = "1";
  here.source.facts.seed = 1;
  here.source.facts.hardware = "card";
  here.source.facts.model_identity = std::string(64, 'a');
  for (const char* key : {"driver", "cpu_governor", "power_limit"}) here.source.environment[key] = {"x", {}};
  EXPECT_EQ(here.fate("identity.environment"), "supported");
  here.source.environment["driver"] = {nullptr, "not stated"};
  EXPECT_EQ(here.claim("identity.environment").because, "not stated: driver");
}

TEST(Rules, RowsThatCannotBe) {
  const auto fate = [](const std::function<void(Observation&)>& change, const std::string& id) {
    Case one;
    one.rows = {request()};
    one.rows[0].ttft_ms = {10};
    one.rows[0].itl_ms = {20, 20, 20, 20};
    EXPECT_EQ(one.report().count(Verdict::invalid), 0);
    change(one.rows[0]);
    return one.fate(id);
  };
  EXPECT_EQ(fate(
                [](auto& r) {
                  r.latency_ms = {-1};
                  r.ttft_ms.clear();
                },
                "consistency.negative"),
            "negative_duration");
  EXPECT_EQ(fate([](auto& r) { r.itl_ms[1] = -20; }, "consistency.negative"), "negative_duration");
  EXPECT_EQ(fate([](auto& r) { r.latency_ms = {0}; }, "consistency.zero"), "zero_duration");
  EXPECT_EQ(fate([](auto& r) { r.ttft_ms = {101}; }, "consistency.order"), "ttft_above_latency");
  EXPECT_EQ(fate([](auto& r) { r.itl_ms[0] = 40; }, "consistency.gaps"), "gaps_exceed_latency");
  EXPECT_EQ(fate([](auto& r) { r.generated_tokens = 100'000'000'000; }, "consistency.rate"), "implausible_rate");
  EXPECT_EQ(fate([](auto& r) { r.numbers["avg_ns"] = 5; }, "consistency.mean"), "mean_not_of_samples");
}

TEST(Rules, BadRows) {
  Case file;
  file.rows = {request(), request()};
  file.source.bad_rows = 1;
  file.source.bad = {{"r.jsonl", 3, "latency", "a number", "\"fast\"", "{}"}};
  EXPECT_EQ(file.fate("consistency.rows"), "rows_unreadable");
  EXPECT_EQ(file.report().count(Verdict::invalid), 0);
  file.source.bad[0].expected = "a number that is not negative";
  EXPECT_EQ(file.fate("consistency.negative"), "negative_value");
  file.rows.clear();
  EXPECT_EQ(file.claim("consistency.rows").verdict, Verdict::invalid);
}

TEST(Rules, ScalingWithSizes) {
  Case sizes;
  for (const double size : {1e8, 2e8, 3e8}) {
    EXPECT_EQ(sizes.fate("scaling"), "one_size");
    sizes.rows.push_back(request());
    sizes.rows.back().parameters = size;
  }
  EXPECT_EQ(sizes.fate("scaling"), "fit_not_tested");
}

TEST(Rules, FailedAndDegradedRowsAreNoLatencies) {
  Case mixed;
  for (int i = 0; i < 3; ++i) mixed.rows.push_back(request());
  mixed.source.facts.failed = 0;
  EXPECT_EQ(mixed.fate("load.failures"), "supported");
  EXPECT_EQ(mixed.fate("percentile.latency_ms.p50"), "supported");
  mixed.rows[1].status = evidence::Status::error;
  EXPECT_EQ(mixed.fate("percentile.latency_ms.p50"), "n_below_3");
  EXPECT_EQ(mixed.fate("load.failures"), "failures_left_out");
  mixed.rows[1].status = evidence::Status::ok;
  mixed.rows[1].degraded_reasons = {"slow"};
  EXPECT_EQ(mixed.fate("percentile.latency_ms.p50"), "n_below_3");
}

}  // namespace
}  // namespace phasegate::claims
