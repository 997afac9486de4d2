#include "analysis/serial.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"

namespace phasegate::analysis {
namespace {

TEST(Serial, ByHand) {
  // 1, 1, 3, 3: mean 2, products 1 - 1 + 1 = 1, squares 4: r = 1/4, and 4 * 0.75 / 1.25 = 2.4.
  EXPECT_DOUBLE_EQ(effective_samples(std::vector<double>{1, 1, 3, 3}), 2.4);
  EXPECT_DOUBLE_EQ(effective_samples(std::vector<double>{1, 3, 1, 3}), 4);  // what swings back is not worth more
}

TEST(Serial, AnAr1SeriesOfRhoHalfIsWorthAThird) {
  core::Random random(7);
  std::vector<double> values;
  double x = 0;
  for (int i = 0; i < 20'000; ++i) {
    x = 0.5 * x + (random.uniform() - 0.5);
    values.push_back(x);
  }
  EXPECT_NEAR(effective_samples(values) / 20'000, 1.0 / 3, 0.02);
}

TEST(Serial, NothingToSay) {
  EXPECT_DOUBLE_EQ(effective_samples(std::vector<double>{}), 0);
  EXPECT_DOUBLE_EQ(effective_samples(std::vector<double>{5, 6}), 2);
  EXPECT_DOUBLE_EQ(effective_samples(std::vector<double>{5, 5, 5, 5}), 4);
}

TEST(Serial, ARisingSeriesIsWorthAtLeastOne) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(i);
  EXPECT_GE(effective_samples(values), 1);
  EXPECT_LT(effective_samples(values), 10);
}

}  // namespace
}  // namespace phasegate::analysis
