#include "analysis/phases.h"

#include <gtest/gtest.h>

#include <cmath>

namespace phasegate::analysis {
namespace {

TEST(Phases, DecodeFractionIsTheShareOfTheSum) {
  EXPECT_DOUBLE_EQ(*decode_fraction(10, 90), 0.9);
  EXPECT_EQ(decode_fraction(10, 0), 0);
  EXPECT_EQ(decode_fraction(0, 10), 1);
  EXPECT_FALSE(decode_fraction(0, 0));
  EXPECT_FALSE(decode_fraction(-1, 5));
  EXPECT_FALSE(decode_fraction(std::nan(""), 5));
}

TEST(Phases, DiscrepancyIsWhatBelongsToNeitherPhase) {
  const Discrepancy d = phase_discrepancy(100, 20, 70).value();
  EXPECT_DOUBLE_EQ(d.ms, 10);
  EXPECT_DOUBLE_EQ(d.relative, 0.1);
  EXPECT_LT(phase_discrepancy(80, 20, 70)->ms, 0);
  EXPECT_FALSE(phase_discrepancy(0, 20, 70));
}

TEST(Phases, RatesAndDurations) {
  EXPECT_DOUBLE_EQ(*tokens_per_second(core::TokenCount(64), core::millis(2000)), 32);
  EXPECT_DOUBLE_EQ(*ms_per_token(core::TokenCount(64), core::millis(2000)), 31.25);
  EXPECT_DOUBLE_EQ(*seconds_for(core::TokenCount(64), 32), 2);
  EXPECT_FALSE(tokens_per_second(core::TokenCount(64), core::Nanos(0)));
  EXPECT_FALSE(tokens_per_second(core::TokenCount(0), core::millis(1)));
  EXPECT_FALSE(ms_per_token(core::TokenCount(0), core::millis(1)));
  EXPECT_FALSE(seconds_for(core::TokenCount(64), 0));
}

TEST(Phases, WarmupEffect) {
  const WarmupEffect w = warmup_effect(117, 5.2).value();
  EXPECT_DOUBLE_EQ(w.ratio, 22.5);
  EXPECT_DOUBLE_EQ(w.delta_ms, 111.8);
  EXPECT_FALSE(warmup_effect(117, 0));
  EXPECT_FALSE(warmup_effect(std::nan(""), 5));
}

}  // namespace
}  // namespace phasegate::analysis
