#include "analysis/sessions.h"

#include <vector>

#include "analysis/analysis_golden.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

template <std::size_t N>
std::vector<double> list(const std::array<double, N>& values) {
  return {values.begin(), values.end()};
}

std::vector<std::vector<double>> five_sessions() {
  return {list(golden::kSession0), list(golden::kSession1), list(golden::kSession2), list(golden::kSession3),
          list(golden::kSession4)};
}

TEST(Sessions, TheIntervalCountsSessionsAndMatchesScipy) {
  const SessionSpread s = between_sessions(five_sessions()).value();
  EXPECT_EQ(s.centre.n, 5U);
  EXPECT_TRUE(near(s.centre.value, golden::kSessionCentre, kTight));
  EXPECT_TRUE(near(s.centre.ci95->low, golden::kSessionLow, kTest));
  EXPECT_TRUE(near(s.centre.ci95->high, golden::kSessionHigh, kTest));
}

TEST(Sessions, SplitTheVarianceIntoItsComponents) {
  const SessionSpread s = between_sessions(five_sessions()).value();
  EXPECT_TRUE(near(s.sd_within_log, golden::kSessionWithin, kTest));
  EXPECT_TRUE(near(s.sd_between_log, golden::kSessionBetween, kTest));
}

TEST(Sessions, ThatDifferLessThanTheirSamplesHaveNoBetweenComponent) {
  const std::vector<std::vector<double>> alike{{10, 12, 8}, {8, 10, 12}, {12, 8, 10}};
  const SessionSpread s = between_sessions(alike).value();
  EXPECT_EQ(s.sd_between_log, 0);
  EXPECT_GT(s.sd_within_log, 0.1);
}

TEST(Sessions, TwoAreTooFewForACentreAndOneForComponents) {
  const std::vector<std::vector<double>> two{{10, 11}, {12, 13}, {}};  // the empty one is none
  const SessionSpread s = between_sessions(two).value();
  EXPECT_EQ(s.centre.n, 2U);
  EXPECT_EQ(s.centre.reason, "n_below_3");
  EXPECT_TRUE(s.sd_between_log);
  const std::vector<std::vector<double>> one{{10, 11, 12}};
  EXPECT_FALSE(between_sessions(one)->sd_within_log);
  const std::vector<std::vector<double>> singles{{10}, {11}, {12}};
  EXPECT_FALSE(between_sessions(singles)->sd_within_log);
  EXPECT_TRUE(between_sessions(singles)->centre.value);
}

TEST(Sessions, RefuseASampleThatIsNotPositive) {
  const std::vector<std::vector<double>> bad{{10, 11}, {12, 0}};
  EXPECT_EQ(between_sessions(bad).error().where, "session 1");
}

}  // namespace
}  // namespace phasegate::analysis
