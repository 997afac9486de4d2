#include "analysis/drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace phasegate::analysis {
namespace {

TEST(Drift, TheSweepThatLostTwoThirdsOfItsThroughputAlarms) {
  const Drift drift = control_drift(std::vector<double>{24057, 9793, 7156}).value();
  EXPECT_TRUE(drift.alarm());
  EXPECT_EQ(drift.first_alarm, 1U);
  EXPECT_NEAR(drift.last_relative, -0.7025398, 1e-6);
  EXPECT_EQ(drift.worst_relative, drift.last_relative);
}

TEST(Drift, StaysSilentInsideTheBandAndAlarmsOnBothSides) {
  EXPECT_FALSE(control_drift(std::vector<double>{100, 109, 91, 100})->alarm());
  EXPECT_TRUE(control_drift(std::vector<double>{100, 111})->alarm());
  EXPECT_TRUE(control_drift(std::vector<double>{100, 89})->alarm());
  EXPECT_FALSE(control_drift(std::vector<double>{100, 89}, {.max_relative = 0.2})->alarm());
}

TEST(Drift, ADriftThatCameBackIsStillOne) {
  const Drift drift = control_drift(std::vector<double>{100, 150, 101}).value();
  EXPECT_EQ(drift.first_alarm, 1U);
  EXPECT_NEAR(drift.worst_relative, 0.5, 1e-12);
  EXPECT_NEAR(drift.last_relative, 0.01, 1e-12);
}

TEST(Drift, IsMeasuredAgainstTheStartAndNotTheLastValue) {
  EXPECT_TRUE(control_drift(std::vector<double>{100, 95, 91, 87})->alarm());  // 5 % a step
}

TEST(Drift, OneControlValueIsNoMeasurementOfDrift) {
  EXPECT_EQ(control_drift(std::vector<double>{100}).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(control_drift(std::vector<double>{100, 0}).error().kind, core::ErrorKind::invalid_input);
  EXPECT_FALSE(control_drift(std::vector<double>{std::nan(""), 100}));
}

}  // namespace
}  // namespace phasegate::analysis
