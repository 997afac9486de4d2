#include "analysis/regression.h"

#include <limits>
#include <vector>

#include "analysis/fits_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

using Values = std::vector<double>;

template <std::size_t N>
Values rows(const std::array<double, N>& values, const std::vector<std::size_t>& pick) {
  Values out;
  for (const std::size_t i : pick) out.push_back(values[i]);
  return out;
}

void expect_plane(const Plane& plane, const std::array<double, 3>& expected) {
  EXPECT_TRUE(near(plane.intercept, expected[0], kTight));
  EXPECT_TRUE(near(plane.slope_a, expected[1], kTight));
  EXPECT_TRUE(near(plane.slope_b, expected[2], kTight));
}

TEST(Line, MatchesNumpy) {
  const LineFit fit = fit_line(golden::kLineX, golden::kLineY).value();
  EXPECT_EQ(fit.n, 12U);
  EXPECT_TRUE(near(fit.line.slope, golden::kLineSlope, kTight));
  EXPECT_TRUE(near(fit.line.intercept, golden::kLineIntercept, kTight));
  EXPECT_TRUE(near(fit.r2, golden::kLineR2, kTight));
}

TEST(Line, OneXIsRefusedOrTheMinimumNormSolutionOfNumpy) {
  const Values x(4, 1.5);
  const Values y{2, 3, 4, 7};
  EXPECT_EQ(fit_line(x, y).error().kind, core::ErrorKind::evidence);
  const Line line = least_squares_line(x, y).value();
  EXPECT_TRUE(near(line.slope, golden::kOneXSlope, kTight));
  EXPECT_TRUE(near(line.intercept, golden::kOneXIntercept, kTight));
  EXPECT_FALSE(least_squares_line(Values(4, 0.0), y));
}

TEST(Line, WithoutVariationInYHasNoRSquared) {
  const LineFit flat = fit_line(Values{1, 2, 3}, Values{4, 4, 4}).value();
  EXPECT_EQ(flat.line.slope, 0);
  EXPECT_FALSE(flat.r2);
}

TEST(Line, RefusesWhatCannotBeTrue) {
  EXPECT_EQ(fit_line(Values{1, 2}, Values{1}).error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(fit_line(Values{1, std::numeric_limits<double>::quiet_NaN()}, Values{1, 2}).error().kind,
            core::ErrorKind::invalid_input);
  EXPECT_EQ(fit_line(Values{1e300, -1e300, 0}, Values{1e300, -1e300, 1}).error().kind, core::ErrorKind::invalid_input);
}

TEST(Plane, MatchesNumpyAlsoWhenItsColumnsDependOnEachOther) {
  expect_plane(least_squares_plane(golden::kLineX, golden::kPlaneB, golden::kPlaneZ), golden::kPlane);
  const std::vector<std::size_t> two{0, 4, 4, 0, 0, 4, 4};
  expect_plane(least_squares_plane(rows(golden::kLineX, two), rows(golden::kPlaneB, two), rows(golden::kPlaneZ, two)),
               golden::kPlaneOfTwo);
  const std::vector<std::size_t> one(7, 5);
  expect_plane(least_squares_plane(rows(golden::kLineX, one), rows(golden::kPlaneB, one), rows(golden::kPlaneZ, one)),
               golden::kPlaneOfOne);
}

TEST(Spearman, MatchesScipyWithTies) {
  const RankCorrelation rank = spearman(golden::kLineX, golden::kLineY).value();
  EXPECT_TRUE(near(rank.rho, golden::kSpearmanRho, kTight));
  EXPECT_TRUE(near(rank.p, golden::kSpearmanP, kTest));
}

TEST(Spearman, APerfectOrderHasTheSmallPThatPublishedTablesShow) {
  const Values x{1, 2, 3, 4, 5};
  EXPECT_TRUE(near(spearman(x, Values{1, 3, 9, 10, 11})->p, 1.4042654220543672e-24, kTest));
  EXPECT_EQ(spearman(x, Values{7, 7, 7, 7, 7}).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(spearman(Values{1, 2}, Values{1, 2}).error().kind, core::ErrorKind::evidence);
}

TEST(TheilSenLine, MatchesScipyWithTies) {
  const TheilSen robust = theil_sen(golden::kLineX, golden::kLineY).value();
  EXPECT_TRUE(near(robust.line.slope, golden::kTheilSlope, kTight));
  EXPECT_TRUE(near(robust.line.intercept, golden::kTheilIntercept, kTight));
  EXPECT_TRUE(near(robust.ci95.low, golden::kTheilLow, kTight));
  EXPECT_TRUE(near(robust.ci95.high, golden::kTheilHigh, kTight));
}

TEST(TheilSenLine, RefusesOneXAndTooManyPairs) {
  EXPECT_EQ(theil_sen(Values{1, 1, 1}, Values{1, 2, 3}).error().kind, core::ErrorKind::evidence);
  const Values many(kMaxTheilSenPoints + 1, 1.0);
  EXPECT_EQ(theil_sen(many, many).error().kind, core::ErrorKind::unsupported);
}

}  // namespace
}  // namespace phasegate::analysis
