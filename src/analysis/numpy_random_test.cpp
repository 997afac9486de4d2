#include "analysis/numpy_random.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "analysis/fits_golden.h"

namespace phasegate::analysis {
namespace {

template <std::size_t N>
std::vector<std::uint64_t> expected(const std::array<std::uint64_t, N>& values) {
  return {values.begin(), values.end()};
}

std::vector<std::uint64_t> raw(std::uint64_t seed) {
  NumpyRandom random(seed);
  std::vector<std::uint64_t> values(6);
  for (auto& value : values) value = random.next();
  return values;
}

// Calls of five, as the golden draws were made: the half that one call leaves over opens the next.
std::vector<std::uint64_t> fives(std::uint64_t bound) {
  NumpyRandom random(42);
  std::vector<std::uint64_t> all;
  std::vector<std::size_t> draws(5);
  for (int call = 0; call < 3; ++call) {
    random.integers(bound, draws);
    all.insert(all.end(), draws.begin(), draws.end());
  }
  return all;
}

TEST(NumpyRandom, RawOutputIsNumpysForSeedsOfOneAndTwoWords) {
  EXPECT_EQ(raw(0), expected(golden::kRaw0));
  EXPECT_EQ(raw(42), expected(golden::kRaw42));
  EXPECT_EQ(raw(1099511627779), expected(golden::kRaw1099511627779));
}

TEST(NumpyRandom, UniformIsNumpys) {
  NumpyRandom random(42);
  for (const double value : golden::kUniform42) EXPECT_EQ(random.uniform(), value);
}

TEST(NumpyRandom, BoundedIntegersAreNumpysOnBothSidesOf32Bits) {
  EXPECT_EQ(fives(2), expected(golden::kBelow2));
  EXPECT_EQ(fives(7), expected(golden::kBelow7));
  EXPECT_EQ(fives(9), expected(golden::kBelow9));
  EXPECT_EQ(fives(1000), expected(golden::kBelow1000));
  EXPECT_EQ(fives(2147483649), expected(golden::kBelow2147483649));  // rejects every other draw
  EXPECT_EQ(fives(4294967295), expected(golden::kBelow4294967295));
  EXPECT_EQ(fives(4294967296), expected(golden::kBelow4294967296));
  EXPECT_EQ(fives(4294967297), expected(golden::kBelow4294967297));
  EXPECT_EQ(fives(6917529027641081856U), expected(golden::kBelow6917529027641081856));
}

TEST(NumpyRandom, TheHalfThatIsLeftSurvivesDrawsOfOtherWidths) {
  NumpyRandom random(7);
  std::vector<std::uint64_t> all;
  for (const auto& [bound, count] :
       std::vector<std::pair<std::uint64_t, std::size_t>>{{5, 3}, {std::uint64_t{1} << 40, 2}, {1, 4}, {6, 4}}) {
    std::vector<std::size_t> draws(count);
    random.integers(bound, draws);
    all.insert(all.end(), draws.begin(), draws.end());
  }
  EXPECT_EQ(all, expected(golden::kMixed7));
}

}  // namespace
}  // namespace phasegate::analysis
