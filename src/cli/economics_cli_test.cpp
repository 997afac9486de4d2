// capacity, breakeven and price for imported runs: trace files, names of cells, plans, and what they print.
#include <gtest/gtest.h>

#include <fstream>

#include "cli/capacity_plan.h"
#include "cli/measured_shape.h"
#include "cli/observed_text.h"
#include "cli/trace_file.h"

namespace phasegate::cli {
namespace {

using core::Json;

class TraceTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    const auto path = std::filesystem::path(::testing::TempDir()) /
                      (std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".trace");
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
};

TEST_F(TraceTest, CsvJsonlAndTheNamesOfPublicTraces) {
  const std::vector<std::string> texts = {
      "timestamp,prompt_tokens,gen_tokens\n10,100,20\n12.5,200,30\n",
      "gen_tokens,timestamp,prompt_tokens\r\n20,10,100\r\n30,12.5,200\r\n",
      "TIMESTAMP,ContextTokens,GeneratedTokens\n1970-01-01 00:00:10.0000000,100,20\n1970-01-01 00:00:12.5,200,30\n",
      "{\"timestamp\": 10, \"input_length\": 100, \"output_length\": 20, \"hash_ids\": [1, 2]}\n"
      "{\"timestamp\": 12.5, \"input_length\": 200, \"output_length\": 30}\n",
  };
  for (const std::string& text : texts) {
    const auto trace = load_trace(write(text), 1);
    ASSERT_TRUE(trace) << trace.error().message();
    ASSERT_EQ(trace->requests.size(), 2U) << text << trace->first_bad;
    EXPECT_DOUBLE_EQ(trace->requests[1].t_s, 12.5);
    EXPECT_EQ(trace->requests[1].prompt_tokens, 200);
    EXPECT_EQ(trace->requests[1].gen_tokens, 30);
  }
  EXPECT_DOUBLE_EQ(load_trace(write("timestamp\n1500\n"), 1e-3)->requests[0].t_s, 1.5);
}

TEST_F(TraceTest, BadRowsAreCountedAndTheFirstIsNamed) {
  const auto path = write("timestamp,prompt_tokens,gen_tokens\n10,100,20\nsoon,1,1\n11,-5,1\n12,1\n13,100,20\n");
  const auto trace = load_trace(path, 1);
  ASSERT_TRUE(trace) << trace.error().message();
  EXPECT_EQ(trace->requests.size(), 2U);
  EXPECT_EQ(trace->bad_rows, 3);
  EXPECT_NE(trace->first_bad.find(":3: timestamp"), std::string::npos) << trace->first_bad;
}

TEST_F(TraceTest, WhatIsNoTraceIsRefused) {
  EXPECT_EQ(load_trace("/nowhere/trace.csv", 1).error().kind, core::ErrorKind::not_found);
  EXPECT_NE(load_trace(write("when,prompt\n1,2\n"), 1).error().what.find("timestamp"), std::string::npos);
  EXPECT_FALSE(load_trace(write(""), 1));
  EXPECT_FALSE(load_trace(write("timestamp\nsoon\n"), 1));
  EXPECT_FALSE(load_trace(write("{\"when\": 1}\n"), 1));
}

TEST(ParseInstant, KnowsZonesAndRefusesNonsense) {
  EXPECT_DOUBLE_EQ(*parse_instant("1970-01-02T00:00:01Z"), 86'401);
  EXPECT_DOUBLE_EQ(*parse_instant("1970-01-01 01:00:00+01:00"), 0);
  EXPECT_DOUBLE_EQ(*parse_instant("1970-01-01T00:00:00-0130"), 5400);
  EXPECT_NEAR(*parse_instant("2023-11-16 18:17:03.9799600"), 1'700'158'623.97996, 1e-5);
  for (const char* bad : {"", "1970-01-01", "1970-13-01 00:00:00", "1970-02-30 00:00:00", "1970-01-01 24:00:00",
                          "1970-01-01 00:00:00.", "1970-01-01 00:00:00 x", "1970-01-01 00:00:00+25:00"}) {
    EXPECT_FALSE(parse_instant(bad)) << bad;
  }
}

// --- names of cells

MeasuredShape named(const char* name) {
  MeasuredShape shape;
  shape.name = name;
  return shape;
}

TEST(PickShape, AnyPartThatOnlyOneHasAndElseTheListOfThem) {
  const std::vector<MeasuredShape> shapes = {named("ollama/qwen2.5:7b/b1"), named("ollama/gemma3:1b/b1"),
                                             named("ollama/gemma3:1b/b10")};
  EXPECT_EQ(pick_shape(shapes, "qwen", "run x")->name, "ollama/qwen2.5:7b/b1");
  EXPECT_EQ(pick_shape(shapes, "ollama/gemma3:1b/b1", "run x")->name, "ollama/gemma3:1b/b1");  // exact before part
  const auto several = pick_shape(shapes, "gemma", "run x");
  EXPECT_NE(several.error().message().find("ollama/gemma3:1b/b10"), std::string::npos);
  const auto none = pick_shape(shapes, "llama3", "run x");
  EXPECT_EQ(none.error().kind, core::ErrorKind::not_found);
  EXPECT_NE(none.error().message().find("qwen2.5"), std::string::npos);
}

Json observed_document() {
  return Json::parse(R"({"run": "r1", "reason": null, "warnings": [],
    "pricing": {"id": "p", "date": "2026-01-01", "hardware_id": "any", "shadow": true, "usd_per_hour": 1.006},
    "arms": [{"backend": "ollama", "model": "qwen", "precision": null, "batch": 1, "rows": 9,
      "phases": {
        "prefill": {"tok_s": 2000.0, "seconds_per_1M": 500.0, "usd_per_1M": {"on_demand": 0.14, "spot": 0.04},
                    "mean_of_scenarios_usd_per_1M": {}, "shadow": true, "reason": null, "scenarios": 3, "rows": 9},
        "decode": {"tok_s": 100.0, "seconds_per_1M": 10000.0, "usd_per_1M": {"on_demand": 2.79, "spot": 0.84},
                   "mean_of_scenarios_usd_per_1M": {}, "shadow": true, "reason": null, "scenarios": 3, "rows": 9}},
      "request": {"prompt_tokens": 20.0, "gen_tokens": 64.0, "seconds": 0.65, "usd": {"on_demand": 0.000182, "spot": 0.00005},
                  "usd_per_1M_tokens": {"on_demand": 2.16, "spot": 0.65},
                  "mean_of_scenarios_usd_per_1M_tokens": {"on_demand": 2.3, "spot": 0.7},
                  "uncached": false, "of": "measured scenarios", "shapes": 3, "shadow": true, "reason": null},
      "energy": {"status": "no_data", "reason": "updates_unknown", "published_rule": {"no_data": 2, "good": 7}}}]})");
}

TEST(ShapesOfEconomics, AreOfOneRowAsItsRequestIs) {
  const Json economics = Json::parse(R"({"cells": [{"candidate": "a", "scenario": "p32-g8-b4", "prompt_tokens": 32,
      "gen_tokens": 8, "batch": 4, "prefill": {"seconds_per_1M": 500.0}, "decode": {"seconds_per_1M": 2500.0},
      "mix": {"seconds_per_1M": 900.0, "usd_per_1M": null}, "request": {"seconds": 0.036, "usd": null,
      "shadow": false, "reason": "no_price"}}]})");
  const auto shapes = shapes_of_economics(economics, "r");
  ASSERT_EQ(shapes.size(), 1U);
  EXPECT_EQ(shapes[0].name, "a/p32-g8-b4");
  EXPECT_EQ(shapes[0].prompt_tokens, 32);
  EXPECT_EQ(shapes[0].decode_tok_s, 400);
  EXPECT_NEAR(shapes[0].prompt_tokens / *shapes[0].prefill_tok_s + shapes[0].gen_tokens / *shapes[0].decode_tok_s,
              *shapes[0].seconds, 1e-9);
  EXPECT_EQ(shapes[0].reason, "no_price");
}

TEST(ShapesOfObserved, CarryRatesAndCostsOfARequest) {
  const auto shapes = shapes_of_observed(observed_document());
  ASSERT_EQ(shapes.size(), 1U);
  EXPECT_EQ(shapes[0].name, "ollama/qwen/b1");
  EXPECT_EQ(shapes[0].decode_tok_s, 100);
  EXPECT_EQ(shapes[0].usd, 0.000182);
  EXPECT_NEAR(*shapes[0].s_per_1m, 0.65 / 84 * 1e6, 1e-6);
  EXPECT_TRUE(shapes[0].shadow);
  Json whole = observed_document();
  whole["arms"][0]["request"] = nullptr;
  whole["arms"][0]["phases"] = {{"service", whole["arms"][0]["phases"]["decode"]}};
  EXPECT_EQ(shapes_of_observed(whole)[0].s_per_1m, 10'000);
  EXPECT_FALSE(shapes_of_observed(whole)[0].seconds);
}

TEST(ObservedText, SaysThePriceTheTiersTheRequestAndWhyEnergyIsNull) {
  const std::string text = observed_prices_text(observed_document());
  for (const char* part : {"SHADOW", "spot", "10,000", "USD per 1,000", "0.182", "mean of scenarios", "updates_unknown",
                           "2 of 9 rows are no_data"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  Json unpriced = observed_document();
  unpriced["pricing"] = nullptr;
  EXPECT_NE(observed_prices_text(unpriced).find("no price"), std::string::npos);
}

TEST(ObservedText, ShowsTheEnergyOfEventsAndWhyOthersHaveNone) {
  Json document = observed_document();
  document["arms"][0]["backend"] = "";
  const Json good = Json::parse(R"({"events": 3, "coverage": 1.0, "j_per_token": 0.8, "kwh_per_1M": 0.2222,
      "usd_per_1M": 0.0444, "carbon_g_per_1M": 111.1, "scope": "gpu", "reason": null})");
  Json none = good;
  for (const char* key : {"j_per_token", "kwh_per_1M", "usd_per_1M", "carbon_g_per_1M"}) none[key] = nullptr;
  none["coverage"] = 0.0;
  none["reason"] = "no_data";
  document["arms"][0]["energy"]["phases"] = {{"decode", good}, {"prefill", none}};
  const std::string text = observed_prices_text(document);
  for (const char* part : {"gCO2e per 1M", "111.1", "0 %", "no_data", "\nqwen "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(EconomicsText, CellsTiersAndTheWorkload) {
  Json economics = Json::parse(R"({"pricing": {"id": "p", "date": "2026-01-01", "hardware_id": "any", "shadow": true,
      "usd_per_hour": 0.5}, "reason": null, "workload": [], "cells": [{"candidate": "a", "scenario": "p32-g8-b1",
      "prefill": {"usd_per_1M": 0.5}, "decode": {"usd_per_1M": 4.5}, "capacity": {"requests_per_s": 5.0},
      "request": {"seconds": 0.2, "usd": 0.0000277, "reason": null, "tiers": {"spot": 0.00001}}}]})");
  const std::string text = economics_text(economics);
  for (const char* part : {"SHADOW", "spot", "0.0277", "0.01", "p32-g8-b1"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find("why null"), std::string::npos);
  EXPECT_EQ(text.find("workload"), std::string::npos);
  economics["cells"][0]["request"] = {{"seconds", 0.2}, {"usd", nullptr}, {"reason", "no_price"}};
  economics["pricing"] = nullptr;
  economics["workload"] = Json::parse(R"([{"candidate": "a", "request": {"seconds": 0.3, "usd": null, "reason":
      "no_price"}, "mix": {"usd_per_1M": null}, "mean_of_scenarios": {"usd_per_1M": null}}])");
  const std::string unpriced = economics_text(economics);
  for (const char* part : {"no price", "no_price", "workload", "0.3"})
    EXPECT_NE(unpriced.find(part), std::string::npos) << part << "\n" << unpriced;
}

TEST(AmountText, FourDigitsAndNoExponentWherePeopleWriteNone) {
  EXPECT_EQ(amount_text(1'234'567.0), "1,234,567");
  EXPECT_EQ(amount_text(999.96), "1000");
  EXPECT_EQ(amount_text(0.0004174), "0.0004174");
  EXPECT_EQ(amount_text(3.14159), "3.142");
  EXPECT_EQ(amount_text(5.0), "5");
  EXPECT_EQ(amount_text(0), "0");
  EXPECT_EQ(amount_text(nullptr), "-");
  EXPECT_EQ(amount_text(1e-9), "1.000e-09");
}

// --- plans

CapacityPlan plan_of(const CapacityOptions& options) {
  Context context;
  auto plan = make_capacity_plan(context, options);
  EXPECT_TRUE(plan) << plan.error().message();
  return plan ? *plan : CapacityPlan{};
}

std::string refusal(const CapacityOptions& options) {
  Context context;
  const auto plan = make_capacity_plan(context, options);
  return plan ? "planned" : plan.error().message();
}

CapacityOptions month() {
  CapacityOptions options;
  options.tokens_per_month = 1e9;
  options.worker_tok_s = 100;
  return options;
}

TEST(CapacityPlan, ThePublishedLowerBounds) {
  CapacityOptions options = month();
  const CapacityPlan flat = plan_of(options);
  EXPECT_NEAR(flat.lower_bound.workers_exact, 3.858, 5e-4);
  EXPECT_EQ(flat.lower_bound.workers, 4);
  EXPECT_FALSE(flat.answer);
  EXPECT_NE(flat.burst_from.find("flat"), std::string::npos);
  options.burst = 5;
  const CapacityPlan bursty = plan_of(options);
  EXPECT_EQ(bursty.lower_bound.workers, 20);
  EXPECT_NE(bursty.burst_from.find("by hand"), std::string::npos);
  EXPECT_NE(capacity_text(bursty).find("3.858 workers that never idle; 20 with the burst"), std::string::npos);
}

TEST(CapacityPlan, APromiseNeedsTheShapeOfARequest) {
  CapacityOptions options = month();
  options.slo = "ttft_ms_p95=500";
  EXPECT_NE(refusal(options).find("--prompt"), std::string::npos);
  options.prompt = 256;
  options.gen = 128;
  EXPECT_NE(refusal(options).find("--prefill-tok-s"), std::string::npos);
  options.worker_tok_s.reset();
  options.prefill_tok_s = 2000;
  options.decode_tok_s = 80;
  options.burst = 2;
  const CapacityPlan plan = plan_of(options);
  ASSERT_TRUE(plan.answer && plan.answer->workers);
  EXPECT_NEAR(plan.worker_tok_s, 384 / (0.128 + 1.6), 1e-9);
  EXPECT_GE(*plan.answer->workers, plan.lower_bound.workers);
  EXPECT_LE(*plan.answer->response_s, 0.5 + 1e-9);
  EXPECT_NE(capacity_text(plan).find("ttft p95 <= 500 ms"), std::string::npos);
  options.slo = "ttft_ms_p95=100";
  EXPECT_EQ(plan_of(options).answer->reason, "service_alone_exceeds_slo");
  options.slo = "e2e_ms_p95=60000";
  options.prefill_tok_s.reset();
  options.decode_tok_s.reset();
  options.worker_tok_s = 100;
  EXPECT_TRUE(plan_of(options).answer->workers);
}

TEST(CapacityPlan, PricesTheFleetAndLabelsTheShadow) {
  CapacityOptions options = month();
  options.pricing = PHASEGATE_SOURCE_DIR "/data/pricing/tiers.yaml";
  const CapacityPlan plan = plan_of(options);
  EXPECT_NEAR(*plan.usd_per_month, 4 * 1.006 * 720, 1e-9);
  EXPECT_NE(capacity_text(plan).find("SHADOW"), std::string::npos);
  EXPECT_TRUE(capacity_json(plan).at("pricing").at("shadow").get<bool>());
}

TEST(CapacityPlan, RefusesWhatIsMissingOrWrong) {
  EXPECT_NE(refusal({}).find("--tokens-per-month"), std::string::npos);
  CapacityOptions options;
  options.tokens_per_month = 1e9;
  EXPECT_NE(refusal(options).find("no worker"), std::string::npos);
  options = month();
  options.slo = "fast";
  EXPECT_NE(refusal(options).find("--slo"), std::string::npos);
  for (const char* curve : {"1", "1:x", "a:1", "1:1,", "1:1;4:2"}) {
    options = month();
    options.prompt = 1;
    options.gen = 1;
    options.curve = curve;
    const std::string message = refusal(options);
    EXPECT_TRUE(message.find("--curve") != std::string::npos || std::string(curve) == "1:1,") << curve << message;
  }
  options = month();
  options.cell = "nonsense";
  EXPECT_NE(refusal(options).find("RUN:CELL"), std::string::npos);
}

TEST_F(TraceTest, ATraceGivesDemandBurstAndShapes) {
  std::string text = "timestamp,prompt_tokens,gen_tokens\n";
  for (int i = 0; i < 3000; ++i) {
    const int at = i < 600 ? i / 10 : i - 540;  // ten a second in the first minute, then one
    text += std::to_string(at) + "," + std::to_string(100 + i % 50) + ",50\n";
  }
  CapacityOptions options;
  options.trace = write(text).string();
  options.bin_s = 10;
  options.prefill_tok_s = 1000;
  options.decode_tok_s = 100;
  options.slo = "e2e_ms_p95=5000";
  options.burst_p99 = true;
  const CapacityPlan plan = plan_of(options);
  EXPECT_GT(plan.burst, 4);
  EXPECT_NE(plan.burst_from.find("p99 of 245 bins"), std::string::npos) << plan.burst_from;
  EXPECT_NEAR(plan.traffic->requests_per_s, 2999.0 / 2459, 1e-9);
  ASSERT_TRUE(plan.answer->workers && plan.replay);
  EXPECT_GE(*plan.workers, *plan.answer->workers);
  EXPECT_GE(*plan.workers, plan.replay->workers);
  EXPECT_LE(plan.replay->response_s, 5);
  EXPECT_NE(capacity_text(plan).find("by replay"), std::string::npos);
  options.bin_s = 200;  // 12 bins
  EXPECT_NE(refusal(options).find("n_below_100"), std::string::npos);
  options.time_unit = "h";
  EXPECT_NE(refusal(options).find("--time-unit"), std::string::npos);
}

TEST_F(TraceTest, OneRateForAllTokensIsEnoughForTheEndOfARequest) {
  std::string text = "timestamp,prompt_tokens,gen_tokens\n";
  for (int i = 0; i < 400; ++i) text += std::to_string(i * 6) + (i % 4 == 0 ? ",900,100\n" : ",90,10\n");
  CapacityOptions options;
  options.trace = write(text + "soon,1,1\n").string();
  options.worker_tok_s = 100;
  options.slo = "e2e_ms_p95=10000";
  const CapacityPlan plan = plan_of(options);
  ASSERT_TRUE(plan.replay);
  EXPECT_GT(plan.answer->service_cv2, 1);  // the long ones are ten times as long
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(capacity_text(plan).find("1 rows could not be read"), std::string::npos);
  options.slo = "ttft_ms_p95=10000";
  EXPECT_NE(refusal(options).find("--prefill-tok-s"), std::string::npos);
}

// Formulas see means; the clumps of a real trace need more than twice the workers.
TEST(CapacityPlan, TheReplayOfARealTraceDecides) {
  CapacityOptions options;
  options.trace = PHASEGATE_SOURCE_DIR "/data/traces/azure-llm-code-2023.csv";
  options.prefill_tok_s = 8000;
  options.decode_tok_s = 60;
  options.slo = "ttft_ms_p95=2000";
  const CapacityPlan plan = plan_of(options);
  ASSERT_TRUE(plan.replay && plan.workers);
  EXPECT_EQ(plan.traffic->requests, 8819);
  EXPECT_EQ(plan.limited_by, "replay");
  EXPECT_GE(plan.replay->workers, 13);  // 12 keep 4.3 s
  EXPECT_EQ(*plan.workers, plan.replay->workers);
  EXPECT_LE(plan.replay->response_s, 2);
  options.slo = "ttft_ms_p95=100";
  const CapacityPlan none = plan_of(options);
  EXPECT_FALSE(none.workers);
  EXPECT_EQ(none.reason, "service_alone_exceeds_slo");
}

}  // namespace
}  // namespace phasegate::cli
