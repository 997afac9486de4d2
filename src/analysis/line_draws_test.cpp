#include "analysis/line_draws.h"

#include <vector>

#include "analysis/near.h"
#include "analysis/numpy_random.h"
#include "analysis/regression.h"

namespace phasegate::analysis {
namespace {

using Values = std::vector<double>;

// The lines one by one, as the definition has them.
void expect_same_lines(const Values& x, const Values& y, std::size_t least_left_out) {
  constexpr std::size_t kResamples = 400;
  NumpyRandom random(7);
  std::vector<std::size_t> draws(x.size());
  Values slopes;
  Values intercepts;
  LineDraws(x, kResamples, 7).apply(y, slopes, intercepts);
  std::size_t used = 0;
  for (std::size_t i = 0; i < kResamples; ++i) {
    random.integers(x.size(), draws);
    Values rx;
    Values ry;
    for (const std::size_t k : draws) {
      rx.push_back(x[k]);
      ry.push_back(y[k]);
    }
    const auto line = least_squares_line(rx, ry);
    if (!line) continue;
    ASSERT_LT(used, slopes.size());
    EXPECT_TRUE(near(slopes[used], line->slope, kTight)) << i;
    EXPECT_NEAR(intercepts[used], line->intercept, 1e-9) << i;
    ++used;
  }
  EXPECT_EQ(used, slopes.size());
  EXPECT_GE(kResamples - used, least_left_out);
}

TEST(LineDrawsTest, AreTheLinesOfTheDrawnPoints) {
  expect_same_lines({0.5, 1.25, 2, 3.5}, {1, 2.5, 2.75, 6}, 0);
  expect_same_lines({1.5, 1.5, 2}, {1, 2, 4}, 0);  // two points of one size: their draws have one x
}

TEST(LineDrawsTest, LeaveOutWhatHasNoLine) {
  expect_same_lines({0, 1, 2}, {1, 2, 4}, 1);  // all three draws at 0: about 1 in 27
}

TEST(LineDrawsTest, AreRefusedWhereTheyWouldTakeTooMuchMemory) {
  EXPECT_TRUE(LineDraws::fits(7, 10'000));
  EXPECT_FALSE(LineDraws::fits(2'000, 10'000));
  EXPECT_FALSE(LineDraws::fits(0, 10));
}

}  // namespace
}  // namespace phasegate::analysis
