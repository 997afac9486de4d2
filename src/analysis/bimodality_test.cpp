#include "analysis/bimodality.h"

#include <cmath>
#include <functional>
#include <vector>

#include "analysis/analysis_golden.h"
#include "analysis/near.h"
#include "core/random.h"

namespace phasegate::analysis {
namespace {

// Share of 300 simulated cells of n samples that are flagged.
double flagged(std::size_t n, const std::function<double(core::Random&)>& sample) {
  core::Random random(11);
  int count = 0;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<double> cell(n);
    for (double& x : cell) x = sample(random);
    count += bimodality(cell).bimodal.value() ? 1 : 0;
  }
  return count / 300.0;
}

double lognormal(core::Random& random, double sd) { return std::exp(sd * random.normal()); }

TEST(Bimodality, CoefficientMatchesScipysSkewAndKurtosis) {
  EXPECT_TRUE(near(bimodality(golden::kLatencies).coefficient, golden::kLatenciesSarle, kTight));
}

TEST(Bimodality, ASkewedCellIsOneMode) {
  EXPECT_LE(flagged(30, [](auto& r) { return lognormal(r, 0.05); }), 0.01);
  EXPECT_LE(flagged(30, [](auto& r) { return lognormal(r, 1.0); }), 0.01);
  EXPECT_LE(flagged(100, [](auto& r) { return 1 - std::log(1 - r.uniform()); }), 0.02);
}

TEST(Bimodality, AFewContentionSpikesAreOutliersAndNoMode) {
  EXPECT_LE(flagged(100, [](auto& r) { return lognormal(r, 0.03) * (r.uniform() < 0.04 ? 1 + 2 * r.uniform() : 1); }),
            0.05);
}

TEST(Bimodality, TwoClockStatesAreFound) {
  EXPECT_GE(flagged(30, [](auto& r) { return lognormal(r, 0.03) * (r.uniform() < 0.5 ? 1.3 : 1); }), 0.95);
  EXPECT_GE(flagged(100, [](auto& r) { return lognormal(r, 0.03) * (r.uniform() < 0.2 ? 1.3 : 1); }), 0.95);
}

TEST(Bimodality, NamesTheModes) {
  std::vector<double> cell(15, 10.0);
  cell.insert(cell.end(), 5, 20.0);
  const Bimodality two = bimodality(cell);
  EXPECT_EQ(two.bimodal, true);
  EXPECT_NEAR(two.low_mode, 10, 1e-12);
  EXPECT_NEAR(two.high_mode, 20, 1e-12);
  EXPECT_DOUBLE_EQ(two.high_share, 0.25);
}

TEST(Bimodality, TwoTicksOfACoarseTimerAreNoRegime) {
  std::vector<double> cell(15, 100.0);
  cell.insert(cell.end(), 15, 101.0);
  EXPECT_EQ(bimodality(cell).bimodal, false);
  EXPECT_EQ(bimodality(std::vector<double>(30, 5.0)).bimodal, false);
}

TEST(Bimodality, IsNotJudgedFromFewOrNonPositiveSamples) {
  EXPECT_EQ(bimodality(std::vector<double>(19, 1.0)).reason, "n_below_20");
  EXPECT_EQ(bimodality(std::vector<double>(25, 0.0)).reason, "not_positive");
  EXPECT_FALSE(bimodality(std::vector<double>(25, 0.0)).bimodal);
}

}  // namespace
}  // namespace phasegate::analysis
