#include <gtest/gtest.h>

#include "core/sha256.h"
#include "readers/head.h"
#include "readers/json_file.h"
#include "readers/json_rows.h"
#include "readers/reader_fixture.h"

namespace phasegate::readers {
namespace {

struct Read {
  std::vector<double> values;  // of "v", -1 = absent
  std::vector<std::string> raw;
  Source source = empty_source();
};

Read read_rows(std::string_view bytes, std::size_t limit = core::kMaxSourceLineBytes) {
  const Folder folder;
  Read out;
  auto lines = JsonLines::open(folder.write("x.jsonl", bytes), "x.jsonl", limit).value();
  while (lines.next(out.source).value()) {
    auto& row = lines.row();
    out.values.push_back(row.number("v").value_or(-1));
    out.raw.emplace_back(row.raw());
    if (!row.ok()) add_bad(out.source, row.bad());
  }
  EXPECT_TRUE(lines.finish(out.source).has_value());
  return out;
}

TEST(JsonRows, PythonsNothingIsNull) {
  const auto read = read_rows(
      "{\"v\": 1.5}\n{\"v\": NaN, \"t\": \"NaN\"}\r\n\n{\"v\": -Infinity}\n{\"v\":None}\n{\"v\": "
      "\"nan\"}\n{}\n{\"v\":2}");
  EXPECT_EQ(read.values, (std::vector<double>{1.5, -1, -1, -1, -1, -1, 2}));
  EXPECT_EQ(read.raw[1], "{\"v\": NaN, \"t\": \"NaN\"}");  // verbatim
  EXPECT_EQ(read.source.bad_rows, 0);
}

TEST(JsonRows, BrokenLinesAreBadAndTheirNeighboursAreRead) {
  const auto read = read_rows(
      "{\"v\": 1}\n{\"v\": \n[1]\n{\"v\": 1, \"v\": 2}\n{\"a\": [{\"k\": {\"v\": 1, \"v\": 1}}]}\n"
      "{\"v\": 1} {\"v\": 2}\n{\"v\": \"\xff\"}\n{\"v\": nan}\n{\"v\": 1e999}\n{\"v\": 3}\n{\"v\": 4");
  EXPECT_EQ(read.values, (std::vector<double>{1, 3}));
  ASSERT_EQ(read.source.bad_rows, 9);
  const auto& bad = read.source.bad;
  EXPECT_EQ(bad[0].line, 2);
  EXPECT_EQ(bad[0].expected, "a JSON object");
  EXPECT_EQ(bad[1].found, "a list");
  EXPECT_EQ(bad[2].key, "v");
  EXPECT_EQ(bad[2].found, "the key twice");
  EXPECT_EQ(bad[3].key, "v");
  EXPECT_EQ(bad[5].raw, "{\"v\": \"\\xFF\"}");
  EXPECT_EQ(bad[8].line, 11);
  EXPECT_NE(bad[8].found.find("cut off"), std::string::npos);
}

TEST(JsonRows, AKeyTwiceIsFoundInRowsOfAnotherShapeToo) {
  const auto read = read_rows(
      "{\"a\":1,\"v\":2}\n{\"a\":1,\"v\":2}\n{\"a\":1,\"a\":2}\n{\"v\":1}\n{\"a\":1,\"v\":2,\"a\":3}\n"
      "{\"\":1,\"\":2}\n{\"a\\n\":1,\"a\\n\":2}\n{\"a\":1,\"v\":3}\n");
  EXPECT_EQ(read.values, (std::vector<double>{2, 2, 1, 3}));
  EXPECT_EQ(read.source.bad_rows, 4);
}

TEST(JsonRows, ShapesThatTakeTurnsGiveTheirOwnValues) {
  const Folder folder;
  std::string bytes;
  for (int i = 0; i < 60; ++i) {  // more shapes than are remembered, each three times
    bytes += "{\"k" + std::to_string(i % 20) + "\":0,\"v\":" + std::to_string(i) + ",\"longer_than_a_word\":1}\n";
    bytes += "{\"v\":" + std::to_string(i) + "}\n";
  }
  Source source = empty_source();
  auto lines = JsonLines::open(folder.write("x.jsonl", bytes), "x.jsonl").value();
  for (int i = 0; lines.next(source).value(); ++i) {
    auto& row = lines.row();
    EXPECT_EQ(row.number("v"), i / 2);
    EXPECT_EQ(row.has("longer_than_a_word"), i % 2 == 0);
    EXPECT_EQ(row.has(i % 4 < 2 ? "longer_than_a_w0rd" : "none"), false);  // the same question is not the same key
    EXPECT_EQ(row.has("k" + std::to_string(i / 2 % 20)), i % 2 == 0);
  }
  EXPECT_EQ(source.bad_rows, 0);
}

TEST(JsonRows, DeepNestingIsBad) {
  const auto nested = [](int depth) {
    return "{\"v\":1,\"a\":" + std::string(static_cast<std::size_t>(depth) - 1, '[') +
           std::string(static_cast<std::size_t>(depth) - 1, ']') + "}\n";
  };
  const auto read = read_rows(nested(core::kMaxJsonDepth) + nested(core::kMaxJsonDepth + 2) + nested(100'000));
  EXPECT_EQ(read.values.size(), 1U);
  ASSERT_EQ(read.source.bad_rows, 2);
  EXPECT_NE(read.source.bad[0].expected.find("at most 64 deep"), std::string::npos);
}

TEST(JsonRows, ALongLineIsBadAndItsNeighboursAreRead) {
  const auto read = read_rows("{\"v\":1}\n{\"v\":\"" + std::string(10'000, 'x') + "\"}\n{\"v\":2}\n", 1000);
  EXPECT_EQ(read.values, (std::vector<double>{1, 2}));
  ASSERT_EQ(read.source.bad_rows, 1);
  EXPECT_EQ(read.source.bad[0].raw.size(), kMaxRawBytes);
  EXPECT_EQ(read.source.bad[0].expected, "a line of at most 1000 bytes");
}

class OneRow {
 public:
  explicit OneRow(std::string_view bytes)
      : lines_(JsonLines::open(folder_.write("x.jsonl", bytes), "x.jsonl").value()) {
    EXPECT_TRUE(lines_.next(source_).value());
  }
  JsonRow& row() { return lines_.row(); }

 private:
  Folder folder_;
  Source source_ = empty_source();
  JsonLines lines_;
};

TEST(JsonRows, PathsGoThroughObjects) {
  OneRow one(R"({"spec": {"batch": 8, "deep": {"x": "y"}}, "flat": 1})");
  auto& row = one.row();
  EXPECT_EQ(row.count("spec/batch"), 8);
  EXPECT_EQ(row.text("spec/deep/x"), "y");
  EXPECT_EQ(row.number("spec/none"), std::nullopt);
  EXPECT_EQ(row.number("flat/x"), std::nullopt);
  EXPECT_EQ(row.json("spec"), R"({"batch":8,"deep":{"x":"y"}})");
  EXPECT_EQ(row.size("spec"), 2U);
  EXPECT_EQ(row.size("flat"), std::nullopt);
  EXPECT_FALSE(row.has("none"));
  EXPECT_TRUE(row.ok());
  std::vector<std::string> keys;
  row.each_entry("", [&](std::string_view key, const Value&) { keys.emplace_back(key); });
  EXPECT_EQ(keys, (std::vector<std::string>{"spec", "flat"}));
}

TEST(JsonRows, ListsAreTakenWholeOrTheRowIsBad) {
  OneRow one(
      R"({"good": [1, 2.5], "none": null, "mixed": [1, null], "text": "x", "back": [1, -2], "why": ["a", "b"]})");
  auto& row = one.row();
  std::vector<double> values;
  std::vector<std::string> texts;
  row.durations("good", values);
  row.durations("none", values);
  row.durations("absent", values);
  row.texts("why", texts);
  row.numbers("back", values);
  EXPECT_TRUE(row.ok());
  EXPECT_EQ(values, (std::vector<double>{1, 2.5, 1, -2}));
  EXPECT_EQ(texts, (std::vector<std::string>{"a", "b"}));
  row.durations("mixed", values);
  ASSERT_FALSE(row.ok());
  EXPECT_EQ(row.bad().key, "mixed/1");
  EXPECT_EQ(row.bad().found, "null");
}

TEST(JsonRows, WrongTypesAreFaults) {
  const auto fault = [](std::string_view bytes, auto&& take) {
    OneRow one(bytes);
    take(one.row());
    return one.row().ok() ? std::string("none") : one.row().bad().key + " " + one.row().bad().found;
  };
  EXPECT_EQ(fault(R"({"v": "12.5"})", [](Row& row) { (void)row.number("v"); }), "v \"12.5\"");
  EXPECT_EQ(fault(R"({"v": [1]})", [](Row& row) { (void)row.number("v"); }), "v a list");
  EXPECT_EQ(fault(R"({"v": -1})", [](Row& row) { (void)row.duration("v"); }), "v -1.0");
  EXPECT_EQ(fault(R"({"v": 1.5})", [](Row& row) { (void)row.count("v"); }), "v 1.5");
  EXPECT_EQ(fault(R"({"v": 3.0})", [](Row& row) { EXPECT_EQ(row.count("v"), 3); }), "none");
  EXPECT_NE(fault(R"({"v": 18446744073709551615})", [](Row& row) { (void)row.count("v"); }), "none");
  EXPECT_EQ(fault(R"({"v": 7})", [](Row& row) { (void)row.flag("v"); }), "v 7");
  EXPECT_EQ(fault(R"({"v": 7})", [](Row& row) { (void)row.text("v"); }), "v 7");
  EXPECT_EQ(fault(R"({"v": true})", [](Row& row) { (void)row.number("v"); }), "v true");
  EXPECT_EQ(fault(R"({})", [](Row& row) { (void)row.required_number("v"); }), "v nothing");
  EXPECT_EQ(fault(R"({"v": null})", [](Row& row) { (void)row.required_text("v"); }), "v null");
}

std::string json_error(std::string_view text) {
  const auto parsed = parse_source_json(text, "x.json");
  return parsed ? "none" : parsed.error().message();
}

TEST(JsonFiles, PythonsWordsAreNullOutsideOfTexts) {
  const auto parsed = parse_source_json(R"({"a": [NaN, -Infinity, Infinity,None], "NaN": "None \" NaN"})", "x");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->dump(), R"({"NaN":"None \" NaN","a":[null,null,null,null]})");
  EXPECT_NE(json_error("[NaNa]"), "none");
  EXPECT_NE(json_error("[xNone]"), "none");
}

TEST(JsonFiles, FaultsNameLineAndColumn) {
  EXPECT_NE(json_error("{\"a\": 1,\n \"a\": 2}")
                .find("x.json:2:4: is not JSON that can be taken: the key \"a\" stands twice"),
            std::string::npos)
      << json_error("{\"a\": 1,\n \"a\": 2}");
  EXPECT_NE(json_error("{\"a\": NaN, \"b\": NaN, x}").find("x.json:1:22"), std::string::npos)
      << json_error("{\"a\": NaN, \"b\": NaN, x}");
  EXPECT_NE(json_error("{\"a\": 1").find("x.json:1:"), std::string::npos);
  EXPECT_NE(json_error("").find("x.json:1:1"), std::string::npos);
  EXPECT_NE(json_error("{} {}"), "none");
  EXPECT_NE(json_error("[1e999]"), "none");
  EXPECT_NE(json_error("[\"\xff\"]"), "none");
}

TEST(JsonFiles, DepthAndMemoryHaveLimits) {
  const std::string deep(100'000, '[');
  EXPECT_NE(json_error(deep).find("nested deeper than 64"), std::string::npos);
  std::string wide = "[";
  for (int i = 0; i < 20'000; ++i) wide += "[],";
  wide += "0]";
  EXPECT_TRUE(parse_source_json(wide, "x").has_value());
  const auto parsed = parse_source_json(wide, "x", 1 << 20);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.error().message().find("more than 1 MiB of memory"), std::string::npos);
}

TEST(Yaml, PlainScalarsHaveTypesAndQuotedOnesAreTexts) {
  const auto parsed = parse_source_yaml(
      "a: 1\nb: 1.5e3\nc: true\nd: '1'\ne: ~\nf: .nan\ng: [x, 1-2, -.inf]\nh:\n  i: -3\nj: 1.2.3\n", "x");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->dump(),
            R"({"a":1,"b":1500.0,"c":true,"d":"1","e":null,"f":null,"g":["x","1-2",null],"h":{"i":-3},"j":"1.2.3"})");
}

TEST(Yaml, AliasesDoNotMultiplyWithoutLimit) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ", ") + before;
    bomb += "]\n";
  }
  const auto parsed = parse_source_yaml(bomb, "x.yaml");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.error().message().find("more than 100000 values"), std::string::npos);
}

TEST(Yaml, FaultsNameTheLine) {
  const auto error = [](const std::string& text) {
    const auto parsed = parse_source_yaml(text, "x.yaml");
    return parsed ? "none" : parsed.error().message();
  };
  EXPECT_NE(error("a: 1\nb: 2\na: 3\n").find("x.yaml:3: the key \"a\" stands twice"), std::string::npos)
      << error("a: 1\nb: 2\na: 3\n");
  EXPECT_NE(error("a: [1,\n").find("x.yaml:"), std::string::npos);
  EXPECT_NE(error("a: &a\n  b: *a\n"), "none");  // refers to itself
  EXPECT_NE(error(std::string(3000, '[')), "none");
  EXPECT_NE(error("? [a]\n: b\n"), "none");
  EXPECT_NE(error("a: x\xff\n").find("x.yaml:1: has a text that is not UTF-8"), std::string::npos);
  EXPECT_NE(error("a: \"\\ud800\"\n"), "none");
  EXPECT_NE(error("x\xff: 1\n").find("key that is not UTF-8"), std::string::npos);
}

TEST(Heads, KeysAreReadAsFarAsTheHeadGoes) {
  EXPECT_EQ(head_keys("{\"a\": {\"x\": [1, \"}\"]}, \"b\": \"\\\"\", \"c\": 1"), (HeadKeys{"a", "b", "c"}));
  EXPECT_EQ(head_keys("[\n {\"a\": 1}, {\"b\": 2}]"), (HeadKeys{"a"}));
  EXPECT_EQ(head_keys("{\"a\": 1}\n{\"b\": 2}\n"), (HeadKeys{"a"}));
  EXPECT_EQ(head_keys("a,b\n"), HeadKeys{});
  EXPECT_EQ(head_keys("{\"a"), HeadKeys{});
  EXPECT_EQ(head_keys_of("{\"a\": {\"x\": 1, \"y\": [", "a"), (HeadKeys{"x", "y"}));
  EXPECT_EQ(head_keys_of("{\"a\": 1, \"b\": {\"x\": 1}}", "a"), HeadKeys{});
  EXPECT_EQ(head_value("{\"a\": {\"b\": 1}, \"b\": \"x\", \"c\": 12 }", "b"), "x");
  EXPECT_EQ(head_value("{\"a\": {\"b\": 1}, \"b\": \"x\", \"c\": 12 }", "c"), "12");
  EXPECT_EQ(head_value("{\"a\": {\"b\": 1}}", "a"), "");
  EXPECT_EQ(head_columns("a,\"b\",c\r\n1,2,3\n"), (HeadKeys{"a", "b", "c"}));
  EXPECT_EQ(head_columns("{\"a\": 1, \"b\": 2}"), HeadKeys{});
  EXPECT_EQ(head_yaml_keys("# x\na: 1\nb:\n  c: 2\n- d: 1\n"), (HeadKeys{"a", "b"}));
  EXPECT_TRUE(looks_like_json_lines("{\"a\": 1}\n{\"a\": 2}"));
  EXPECT_TRUE(looks_like_json_lines("{\"a\": \"" + std::string(100, 'x')));
  EXPECT_FALSE(looks_like_json_lines("{\n \"a\": 1}\n"));
  EXPECT_FALSE(looks_like_json_lines("[{}]"));
}

}  // namespace
}  // namespace phasegate::readers
