#include "engines/greedy.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/random.h"

namespace phasegate::engines {
namespace {

TEST(Greedy, FindsTheLargestAtEveryPlaceAndLength) {
  for (std::size_t size = 1; size <= 67; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      std::vector<float> logits(size, -1.0F);
      logits[place] = -0.5F;
      ASSERT_EQ(greedy(logits), static_cast<std::int32_t>(place)) << "size " << size;
    }
  }
}

TEST(Greedy, TakesTheLowestIndexAmongEquals) {
  std::vector<float> logits(100, 0.0F);
  logits[41] = logits[57] = logits[99] = 3.0F;
  EXPECT_EQ(greedy(logits), 41);
  EXPECT_EQ(greedy(std::vector<float>(33, 7.0F)), 0);
}

TEST(Greedy, SaysNothingWhereALogitIsNanOrNoneIsThere) {
  EXPECT_EQ(greedy({}), -1);
  for (std::size_t place = 0; place < 50; ++place) {
    std::vector<float> logits(50, 1.0F);
    logits[place] = std::numeric_limits<float>::quiet_NaN();
    ASSERT_EQ(greedy(logits), -1) << "place " << place;
  }
}

TEST(Greedy, InfinitiesAreValues) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(greedy(std::vector<float>{-inf, -inf}), 0);
  EXPECT_EQ(greedy(std::vector<float>{-inf, 0.0F, inf}), 2);
}

TEST(Greedy, AgreesWithAPlainLoop) {
  core::Random random(7);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<float> logits(1 + random.below(500));
    for (float& x : logits) x = static_cast<float>(random.below(40));  // many ties
    std::size_t best = 0;
    for (std::size_t i = 1; i < logits.size(); ++i) best = logits[i] > logits[best] ? i : best;
    ASSERT_EQ(greedy(logits), static_cast<std::int32_t>(best));
  }
}

}  // namespace
}  // namespace phasegate::engines
