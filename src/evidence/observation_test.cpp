#include "evidence/observation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/json.h"
#include "evidence/lines.h"
#include "evidence/observation_line.h"
#include "evidence/observation_samples.h"

namespace phasegate::evidence {
namespace {

std::string line_of(const Observation& row) {
  std::string line;
  const auto status = write_observation(row, line);
  EXPECT_TRUE(status) << status.error().message();
  return line;
}

void expect_canonical_and_unchanged(const Observation& row) {
  const auto line = line_of(row);
  EXPECT_EQ(core::canonical_json(core::parse_json(line, "line").value()).value(), line);
  const auto again = read_observation(line, "line");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(line_of(*again), line);
}

TEST(Observation, IsWrittenAsCanonicalJsonAndComesBackUnchanged) {
  expect_canonical_and_unchanged(samples::observation());
  Observation bare;  // everything that may be absent is
  bare.file = "a.json";
  bare.line = 1;
  bare.source = "1";
  expect_canonical_and_unchanged(bare);
  auto failed = samples::observation();
  failed.status = Status::degraded;
  failed.reason = Reason::dtype_or_size_mismatch;
  failed.error = "cuMemcpyHtoDAsync failed: invalid argument";
  failed.degraded_reasons = {"exception:LogicError", ""};
  failed.latency_ms.clear();
  failed.regime.reset();
  failed.power->gpu_mean_w.reset();
  expect_canonical_and_unchanged(failed);
}

TEST(Observation, NumbersOfEveryKindKeepTheirValue) {
  auto row = samples::observation();
  row.latency_ms = {1e22,  1e-7, 0.1,       5e-324, std::numeric_limits<double>::max(), -0.0, 100, 123456789012345678.0,
                    1e100, 1e16, -1.5e-300, 3};
  row.numbers = {{"", 1e21}, {"\xc3\xa9", 2}, {"a\"b", -3.5}, {"Z", 1.0 / 3}};
  row.generated_tokens = std::numeric_limits<std::int64_t>::max();
  row.prompt_tokens = std::numeric_limits<std::int64_t>::min();
  expect_canonical_and_unchanged(row);
  const auto again = read_observation(line_of(row), "line").value();
  EXPECT_EQ(again.latency_ms, row.latency_ms);
  EXPECT_EQ(again.numbers, row.numbers);
  EXPECT_EQ(again.prompt_tokens, row.prompt_tokens);
}

TEST(Observation, TextOfEveryByteBelow128IsEscapedAsCanonicalJsonDoes) {
  auto row = samples::observation();
  row.source.clear();
  for (char c = 0; c < 127; ++c) row.source += c;
  row.source += "\x7f \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  row.error = "\"\\\"";
  expect_canonical_and_unchanged(row);
  EXPECT_EQ(read_observation(line_of(row), "line").value().source, row.source);
}

TEST(Observation, WhatAReaderWouldRefuseIsNotWritten) {
  std::string line;
  const auto where = [&](auto change) {
    auto row = samples::observation();
    change(row);
    const auto status = write_observation(row, line);
    return status ? std::string() : status.error().where;
  };
  EXPECT_EQ(where([](Observation& r) { r.latency_ms = {1, std::nan("")}; }), "raw/runs.jsonl:1 latency_ms");
  EXPECT_EQ(where([](Observation& r) { r.started_unix_s = HUGE_VAL; }), "raw/runs.jsonl:1 started_unix_s");
  EXPECT_EQ(where([](Observation& r) { r.numbers["x"] = -HUGE_VAL; }), "raw/runs.jsonl:1 numbers");
  EXPECT_EQ(where([](Observation& r) { r.power->duration_s = HUGE_VAL; }), "raw/runs.jsonl:1 duration_s");
  EXPECT_EQ(where([](Observation& r) { r.line = 0; }), "raw/runs.jsonl:0 line");
  EXPECT_EQ(where([](Observation& r) { r.seq = -1; }), "raw/runs.jsonl:1 seq");
  EXPECT_EQ(where([](Observation& r) { r.file.clear(); }), ":1 file");
  EXPECT_EQ(where([](Observation& r) { r.source.clear(); }), "raw/runs.jsonl:1 source");
  EXPECT_EQ(where([](Observation& r) { r.model = "\xff"; }), "raw/runs.jsonl:1 ");
}

TEST(Observation, ReadingIsStrictAndNamesTheKey) {
  const auto good = core::parse_json(line_of(samples::observation()), "line").value();
  const auto where = [&](const char* pointer, const core::Json& value) {
    auto json = good;
    json[core::Json::json_pointer(pointer)] = value;
    const auto row = read_observation(core::canonical_json(json).value(), "o.jsonl:7");
    return row ? std::string() : row.error().where;
  };
  EXPECT_EQ(where("/latency_ms/0", "3"), "o.jsonl:7: latency_ms");
  EXPECT_EQ(where("/power/samples", 1.5), "o.jsonl:7: power.samples");
  EXPECT_EQ(where("/numbers/hf_load_ms", nullptr), "o.jsonl:7: numbers");
  EXPECT_EQ(where("/window", "ttft"), "o.jsonl:7: window");
  EXPECT_EQ(where("/regime", "warm"), "o.jsonl:7: regime");
  EXPECT_EQ(where("/reason", "none"), "o.jsonl:7: reason");
  EXPECT_EQ(where("/extra", 1), "o.jsonl:7: extra");
  EXPECT_EQ(where("/version", 1), "");
  auto newer = good;
  newer["version"] = kObservationVersion + 1;
  EXPECT_EQ(read_observation(newer.dump(), "l").error().kind, core::ErrorKind::conflict);
  EXPECT_EQ(read_observation("{", "o.jsonl:7").error().where, "o.jsonl:7");
  auto text = line_of(samples::observation());
  text.replace(text.find("\"prompt_chars\""), 14, "\"hf_load_ms\"");
  EXPECT_FALSE(read_observation(text, "l"));  // a name twice
}

// The parser fills one Observation again and again: nothing of the line before may stay.
TEST(Observation, LinesThatFollowEachOtherDoNotMix) {
  auto first = samples::observation(0);
  auto second = samples::observation(1);
  second.numbers = {{"aaa", 1}, {"hf_load_ms", 2}};
  second.power.reset();
  second.regime.reset();
  second.latency_ms.clear();
  auto third = samples::observation(2);
  third.numbers.clear();
  ObservationParser parser;
  Observation row;
  for (const auto* expected : {&first, &second, &first, &third, &second}) {
    const auto line = line_of(*expected);
    ASSERT_FALSE(parser.parse_unpadded(line, row).found());
    EXPECT_EQ(line_of(row), line);
    const auto padded = line + std::string(LineReader::kPadding, ' ');
    ASSERT_FALSE(parser.parse(std::string_view(padded).substr(0, line.size()), row).found());
    EXPECT_EQ(line_of(row), line);
  }
}

TEST(Observation, OnlyWhatWasTimedWellIsUsable) {
  auto row = samples::observation();
  EXPECT_TRUE(row.usable());
  row.latency_ms = {1, 0};
  EXPECT_FALSE(row.usable());
  row.latency_ms = {2, 4};
  EXPECT_EQ(row.mean_latency_ms(), 3);
  row.degraded_reasons = {"x"};
  EXPECT_FALSE(row.usable());
  row.latency_ms.clear();
  EXPECT_FALSE(row.mean_latency_ms());
}

}  // namespace
}  // namespace phasegate::evidence
