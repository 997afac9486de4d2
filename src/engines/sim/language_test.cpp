#include "engines/sim/language.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace phasegate::engines::sim {
namespace {

std::vector<float> logits_after(std::initializer_list<int> tokens, std::uint64_t seed = 1, double perturb = 0.0) {
  Context context(seed);
  for (const int token : tokens) context.feed(token);
  std::vector<float> out(256);
  context.logits(out, perturb);
  return out;
}

TEST(Language, DependsOnEveryTokenOrderAndSeed) {
  const auto base = logits_after({1, 2, 3});
  EXPECT_EQ(base, logits_after({1, 2, 3}));
  EXPECT_NE(base, logits_after({2, 3}));
  EXPECT_NE(base, logits_after({1, 3, 2}));
  EXPECT_NE(base, logits_after({0, 1, 2, 3}));
  EXPECT_NE(base, logits_after({1, 2, 3}, 2));
}

TEST(Language, LogitsFillTheirRangeEvenly) {
  double sum = 0.0;
  float largest = 0.0F;
  for (int start = 0; start < 40; ++start) {
    for (const float x : logits_after({start})) {
      sum += static_cast<double>(x);
      largest = std::fmax(largest, std::fabs(x));
    }
  }
  EXPECT_LE(largest, kLogitScale);
  EXPECT_GT(largest, 0.99F * kLogitScale);
  EXPECT_NEAR(sum / (40 * 256), 0.0, 0.1);  // standard error 0.023
}

TEST(Language, PerturbationIsBoundedAndGrows) {
  const auto exact = logits_after({5, 6});
  const auto off = logits_after({5, 6}, 1, 0.5);
  float largest = 0.0F;
  for (std::size_t i = 0; i < exact.size(); ++i) largest = std::fmax(largest, std::fabs(exact[i] - off[i]));
  EXPECT_LE(largest, 0.5F + 1e-5F);
  EXPECT_GT(largest, 0.4F);
}

}  // namespace
}  // namespace phasegate::engines::sim
