// For the tests of this folder: relative distance to a golden number, with both shown when it is too large.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

namespace phasegate::analysis {

inline constexpr double kTight = 1e-9;  // means and percentiles
inline constexpr double kTest = 1e-6;   // t, F, U and their p

inline ::testing::AssertionResult near(std::optional<double> actual, double expected, double relative) {
  if (actual && std::abs(*actual - expected) <= relative * std::abs(expected)) return ::testing::AssertionSuccess();
  auto failure = ::testing::AssertionFailure();
  if (!actual) return failure << "null, expected " << expected;
  return failure << fmt::format("{}", *actual) << ", expected " << fmt::format("{}", expected) << " within " << relative
                 << " of it";
}

}  // namespace phasegate::analysis
