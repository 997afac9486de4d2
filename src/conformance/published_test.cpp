#include "conformance/published.h"

#include <gtest/gtest.h>

#include "conformance/embedded.h"
#include "conformance/leaves.h"
#include "conformance/verdict.h"

namespace phasegate::conformance {
namespace {

const char* kHead = "report: tr121\ntitle: t\n";

TEST(Published, EachCompiledInFileReads) {
  for (const auto text :
       {kPublishedTr117, kPublishedTr118, kPublishedTr119, kPublishedTr120, kPublishedTr121, kPublishedTr122}) {
    const auto result = parse_catalogue(std::string(text), "data/published");
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
  }
}

TEST(Published, ToleranceIsHalfALastDigit) {
  EXPECT_DOUBLE_EQ(*printed_tolerance("1,434"), 0.5);
  EXPECT_DOUBLE_EQ(*printed_tolerance("0.0632"), 0.00005);
  EXPECT_DOUBLE_EQ(*printed_tolerance("-14.83"), 0.005);
  EXPECT_DOUBLE_EQ(*printed_tolerance("6.8e-60"), 0.05e-60);
  EXPECT_FALSE(printed_tolerance("about 3"));
  EXPECT_DOUBLE_EQ(*printed_number("76,412,445"), 76412445);
  EXPECT_FALSE(printed_number("nan"));
  EXPECT_FALSE(printed_number(""));
}

TEST(Published, ErrorsNameTheLine) {
  const auto fails = [](const std::string& rest, const std::string& part) {
    const auto result = parse_catalogue(kHead + rest, "x.yaml");
    ASSERT_FALSE(result.has_value()) << rest;
    EXPECT_NE(result.error().message().find(part), std::string::npos) << result.error().message();
  };
  fails("nonsense: 1\n", "x.yaml:3");
  fails("runs:\n  - {run: a, values: [{name: n, value: 1}]}\n", "where");
  fails("runs:\n  - {run: a, values: [{name: n, value: 1, where: w, kind: contradicted}]}\n", "why");
  fails("runs:\n  - {run: a, values: [{name: n, value: 1, where: w, why: y}]}\n", "why");
  fails("runs:\n  - {run: a, values: [{name: n, value: 1, where: w, kind: maybe}]}\n", "maybe");
  fails("runs:\n  - {run: a, tables: [{where: w, columns: [a, b], rows: {r: [1]}}]}\n", "2 cells");
  fails("runs:\n  - {run: a, values: [{name: n, value: 1, where: w}, {name: n, value: 2, where: w}]}\n", "twice");
  fails("runs: [\n", "YAML");
}

TEST(Published, TextsAndNumbers) {
  const auto result = parse_catalogue(std::string(kHead) +
                                          "runs:\n  - run: a\n    values:\n"
                                          "      - {name: t, value: !!str \"1\", where: w}\n"
                                          "      - {name: n, value: \"1,000\", where: w, tolerance: 3}\n",
                                      "x.yaml");
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(std::get<std::string>(result->runs[0].values[0].value), "1");
  EXPECT_EQ(std::get<double>(result->runs[0].values[1].value), 1000);
  EXPECT_EQ(result->runs[0].values[1].tolerance, 3);
}

Published value(double number, Kind kind) {
  Published published;
  published.name = "n";
  published.value = number;
  published.tolerance = 0.5;
  published.kind = kind;
  published.why = kind == Kind::contradicted ? "because" : "";
  return published;
}

TEST(Verdict, FollowsKindAndTolerance) {
  const Derived near{Scalar(10.5), {}};
  const Derived far{Scalar(10.6), {}};
  EXPECT_EQ(judge(value(10, Kind::golden), &near).verdict, Verdict::pass);
  EXPECT_EQ(judge(value(10, Kind::golden), &far).verdict, Verdict::fail);
  EXPECT_EQ(judge(value(10, Kind::contradicted), &far).verdict, Verdict::known_discrepancy);
  EXPECT_EQ(judge(value(10, Kind::contradicted), &near).verdict, Verdict::fail);
  EXPECT_EQ(judge(value(10, Kind::golden), nullptr).verdict, Verdict::inputs_absent);
  const Derived absent{std::nullopt, "no power"};
  const auto judged = judge(value(10, Kind::golden), &absent);
  EXPECT_EQ(judged.verdict, Verdict::inputs_absent);
  EXPECT_EQ(judged.why, "no power");
}

TEST(Leaves, NamesComeFromKeysAndPath) {
  FileRule rule;
  rule.file = "latency_summary_{mode}.csv";
  rule.name = "latency/{mode}";
  rule.keys = {"backend", "batch"};
  rule.skip = {"label"};
  EXPECT_EQ(prefix_for(rule, "a/latency_summary_prefill.csv"), "latency/prefill");
  EXPECT_EQ(prefix_for(rule, "a/latency_summary_.csv"), std::nullopt);
  EXPECT_EQ(prefix_for(rule, "a/other.csv"), std::nullopt);
  const readers::Table table{{"batch", "backend", "mean", "label", "empty"}, {{"1.0", "x", "2.5", "l", ""}}};
  const auto leaves = leaves_of(table, rule, "latency/prefill");
  ASSERT_EQ(leaves.size(), 1U);
  EXPECT_EQ(leaves[0].name, "latency/prefill/x/1/mean");
  EXPECT_EQ(std::get<double>(leaves[0].value), 2.5);
}

TEST(Leaves, DocumentsAreFlattened) {
  FileRule rule;
  rule.keys = {"id"};
  rule.at = "rows";
  const core::Json json = {{"rows", {{{"id", "a"}, {"v", 1}, {"w", nullptr}}, {{"v", true}}}}, {"other", 3}};
  const auto leaves = leaves_of(json, rule, "p");
  ASSERT_EQ(leaves.size(), 2U);
  EXPECT_EQ(leaves[0].name, "p/a/v");
  EXPECT_EQ(leaves[1].name, "p/1/v");
  EXPECT_EQ(std::get<std::string>(leaves[1].value), "true");
}

}  // namespace
}  // namespace phasegate::conformance
