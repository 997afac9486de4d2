#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <vector>

#include "core/clock.h"
#include "core/files.h"
#include "core/json.h"
#include "core/random.h"
#include "core/sha256.h"
#include "core/stop.h"

namespace phasegate::core {
namespace {

TEST(CanonicalJson, SortsKeysAndWritesTheShortestNumbers) {
  const auto value = parse_json(R"({ "b": [1, 2.50, 1e3, -0.1], "a": {"z": null, "y": "\u00e9\n"} })", "t");
  ASSERT_TRUE(value) << value.error().message();
  EXPECT_EQ(canonical_json(*value).value(), "{\"a\":{\"y\":\"é\\n\",\"z\":null},\"b\":[1,2.5,1000.0,-0.1]}");
}

TEST(CanonicalJson, ReadsBackToTheSameTextForEveryKindOfNumber) {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const double number = std::ldexp(random.normal(), static_cast<int>(random.below(600)) - 300);
    const auto text = canonical_json(Json(number)).value();
    const auto again = parse_json(text, "t").value();
    EXPECT_EQ(again.get<double>(), number);
    EXPECT_TRUE(again.is_number_float()) << text;
    EXPECT_EQ(canonical_json(again).value(), text);
  }
}

TEST(CanonicalJson, RefusesWhatIsNotFinite) {
  EXPECT_FALSE(canonical_json(Json(std::nan(""))));
  EXPECT_FALSE(canonical_json(Json{{"x", std::numeric_limits<double>::infinity()}}));
  EXPECT_TRUE(finite_or_null(std::nan("")).is_null());
}

TEST(ParseJson, RefusesDuplicateKeysNanDepthAndTrailingText) {
  EXPECT_NE(parse_json(R"({"a":1,"a":2})", "f.json").error().message().find("f.json: duplicate key \"a\""),
            std::string::npos);
  EXPECT_TRUE(parse_json(R"({"a":{"b":1},"c":{"b":1}})", "t"));
  EXPECT_FALSE(parse_json("NaN", "t"));
  EXPECT_FALSE(parse_json("{} {}", "t"));
  EXPECT_FALSE(parse_json("1e999", "t"));
  EXPECT_FALSE(parse_json("\"\xff\"", "t"));
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']'), "t"));
  EXPECT_NE(parse_json("{\n  \"a\": ?\n}", "t").error().message().find("line 2 column 8"), std::string::npos);
}

TEST(Sha256, MatchesTheStandardsExample) {  // FIPS 180-4, "abc"
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256_hex("abc"));
  EXPECT_EQ(hash.finish(), sha256_hex(""));
}

TEST(Random, IsTheNamedGenerator) {  // reference values of xoshiro256** with state {1,2,3,4} are 11520, 0, 1509978240
  Random a(42);
  Random b(42);
  EXPECT_EQ(a.next(), b.next());
  std::array<int, 10> counts{};
  for (int i = 0; i < 100000; ++i) ++counts[a.below(10)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = a.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 1e5, 0, 0.02);
  EXPECT_NEAR(squares / 1e5, 1, 0.03);
  EXPECT_NE(derive_seed(1, "order"), derive_seed(1, "prompts"));
  EXPECT_EQ(derive_seed(1, "order"), derive_seed(1, "order"));
}

TEST(Files, WritesWholeFilesAndBoundsReads) {
  const auto dir = std::filesystem::temp_directory_path() / "phasegate_core_test";
  std::filesystem::remove_all(dir);
  ASSERT_TRUE(make_directories(dir));
  ASSERT_TRUE(write_file_atomic(dir / "a", "hello"));
  EXPECT_EQ(read_file(dir / "a", 10).value(), "hello");
  EXPECT_FALSE(read_file(dir / "a", 4));
  EXPECT_EQ(read_file(dir / "none", 4).error().kind, ErrorKind::not_found);
  EXPECT_FALSE(read_file(dir, 4));
  EXPECT_FALSE(write_file_atomic(dir / "no" / "a", "x"));
  EXPECT_EQ(sha256_file(dir / "a").value(), sha256_hex("hello"));
  std::filesystem::remove_all(dir);
}

TEST(StopToken, StopsAtTheDeadlineAndWhenAsked) {
  ManualClock clock;
  std::atomic<bool> flag = false;
  const StopToken token(clock, after(clock.now(), millis(5)), &flag);
  EXPECT_FALSE(token.stop());
  clock.advance(millis(5));
  EXPECT_TRUE(token.expired());
  const StopToken open(clock, kNoDeadline, &flag);
  EXPECT_FALSE(open.stop());
  flag = true;
  EXPECT_TRUE(open.cancelled());
}

TEST(SystemClock, StampsUtc) {
  const SystemClock clock;
  EXPECT_EQ(clock.utc_stamp().size(), 24U);
  const Instant first = clock.now();
  EXPECT_LE(first, clock.now());
}

}  // namespace
}  // namespace phasegate::core
