#include "analysis/tails.h"

#include <limits>
#include <map>
#include <vector>

#include "analysis/near.h"
#include "analysis/published_table.h"

namespace phasegate::analysis {
namespace {

using Values = std::vector<double>;

std::map<std::string, Values> latencies(const std::string& run, const std::string& backend) {
  std::map<std::string, Values> by_scenario;
  for (const PublishedRow& row : published_table("tr120/controlled/" + run + "/prefill/metrics.csv"))
    if (row.at("backend") == backend) by_scenario[row.at("scenario")].push_back(number_in(row, "latency_ms"));
  return by_scenario;
}

Mixture mixture_of(const std::map<std::string, Values>& by_scenario) {
  std::vector<ShapeSamples> shapes;
  for (const auto& [scenario, values] : by_scenario) shapes.push_back({scenario, values});
  return mixture(shapes).value();
}

TEST(MixtureDiagnostic, ThePublishedHeavyTailIsOneScenario) {
  const auto data = latencies("20251221_173112", "transformers-gpu-compile");
  const Mixture result = mixture_of(data);
  EXPECT_EQ(result.n, 270U);
  EXPECT_EQ(result.slow, 30U);
  EXPECT_TRUE(result.one_shape);
  EXPECT_EQ(result.dominant, "stress_single");
  for (const SlowShare& shape : result.shapes) {
    EXPECT_EQ(shape.slow, shape.shape == "stress_single" ? 30U : 0U) << shape.shape;
    EXPECT_EQ(shape.share_of_shape, shape.shape == "stress_single" ? 1 : 0) << shape.shape;
  }
}

TEST(MixtureDiagnostic, TheSameConfigurationWithoutThatShapeHasNoTail) {
  const Mixture result = mixture_of(latencies("20251221_191009", "transformers-gpu-compile"));
  EXPECT_FALSE(result.one_shape);
  EXPECT_LE(result.slow, 2U);
}

TEST(MixtureDiagnostic, ATailOfAllShapesIsNotOneShape) {
  const Values a{1, 1, 1, 9};
  const Values b{1, 1, 1, 9};
  const std::vector<ShapeSamples> shapes{{"a", a}, {"b", b}};
  EXPECT_EQ(mixture(shapes)->reason, "spread_over_shapes");
  EXPECT_EQ(mixture(std::span(shapes).first(1))->reason, "single_shape");
  const Values flat{1, 1};
  EXPECT_EQ(mixture(std::vector<ShapeSamples>{{"a", flat}, {"b", flat}})->reason, "no_slow_samples");
}

TEST(MixtureDiagnostic, AFewSlowSamplesOfOneShapeAreNoDeterministicShape) {
  const Values a{1, 1, 1, 1, 1, 1, 1, 1, 1, 9};
  const Values b{1, 1, 1, 1};
  const Mixture result = mixture(std::vector<ShapeSamples>{{"a", a}, {"b", b}}).value();
  EXPECT_EQ(result.slow, 1U);
  EXPECT_FALSE(result.one_shape);
}

TEST(MixtureDiagnostic, RefusesNothingAndNaN) {
  EXPECT_EQ(mixture({}).error().kind, core::ErrorKind::evidence);
  const Values bad{1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(mixture(std::vector<ShapeSamples>{{"a", bad}}).error().kind, core::ErrorKind::invalid_input);
}

TEST(FirstSample, IsComparedWithTheMedianOfTheRest) {
  const FirstSampleRow row = first_sample_row(Values{9, 2, 4, 3}).value();
  EXPECT_EQ(row.n_samples, 4U);
  EXPECT_EQ(row.first, 9);
  EXPECT_EQ(row.median_rest, 3);
  EXPECT_EQ(row.ratio, 3);
  EXPECT_TRUE(row.over_2x);
  EXPECT_FALSE(row.over_3x);  // 3 is not above 3
  EXPECT_EQ(row.mean, 4.5);
  EXPECT_EQ(row.median, 3.5);
  EXPECT_NEAR(row.p99, 8.85, 1e-12);
  EXPECT_EQ(row.max, 9);
  EXPECT_EQ(row.max_index, 0U);
  EXPECT_EQ(row.mean_without_first, 3);
  EXPECT_EQ(first_sample_row(Values{9}).error().kind, core::ErrorKind::evidence);
}

// The published table has a row for each file of another run; its own columns must hang together as ours do.
TEST(FirstSample, PublishedRowsObeyTheSameRule) {
  std::size_t over_3x = 0;
  for (const PublishedRow& row : published_table("tr120/compile_paradox/cold_start_by_file.csv")) {
    const double first = number_in(row, "first_ms");
    const double rest = number_in(row, "median_rest_ms");
    EXPECT_TRUE(near(first / rest, number_in(row, "ratio_first_over_median_rest"), kTight));
    EXPECT_EQ(row.at("first_over_3x_rest_median") == "True", first / rest > 3);
    EXPECT_TRUE(
        near((number_in(row, "mean_ms") * number_in(row, "n_samples") - first) / (number_in(row, "n_samples") - 1),
             number_in(row, "mean_excl_first_ms"), kTight));
    over_3x += row.at("first_over_3x_rest_median") == "True" ? 1U : 0U;
  }
  EXPECT_EQ(over_3x, 3U);
}

TEST(FirstSample, EffectOverFilesCountsFilesAndPoolsSamples) {
  const std::vector<Values> files{{9, 2, 3, 2}, {1, 2, 3, 2}};
  const FirstSampleEffect effect = first_sample_effect(files).value();
  EXPECT_EQ(effect.files, 2U);
  EXPECT_EQ(effect.n, 8U);
  EXPECT_EQ(effect.mean, 3);
  EXPECT_EQ(effect.max, 9);
  EXPECT_EQ(effect.n_without_first, 6U);
  EXPECT_NEAR(effect.mean_without_first, 14.0 / 6, 1e-12);
  EXPECT_EQ(effect.max_without_first, 3);
  EXPECT_EQ(effect.share_max_at_first, 0.5);
  EXPECT_EQ(effect.share_over_3x, 0.5);
  EXPECT_EQ(first_sample_effect({}).error().kind, core::ErrorKind::evidence);
}

TEST(TrimmedMean, DropsTheLargestOrSaysThatNothingIsLeft) {
  EXPECT_EQ(mean_without_top(Values{3, 100, 1}, 1).value, 2);
  EXPECT_EQ(mean_without_top(Values{3, 100}, 2).reason, "n_below_3");
}

TEST(PaddedCostTest, CountsExtraTokensAndTheSlowdown) {
  const std::vector<PaddedShape> calls{{5, 8}, {11, 16}};
  const PaddedCost cost = padded_cost(calls, Values{1, 2, 3}, Values{3, 3, 2}).value();
  EXPECT_EQ(cost.semantic_tokens, 16);
  EXPECT_EQ(cost.computed_tokens, 24);
  EXPECT_EQ(cost.extra_tokens, 8);
  EXPECT_EQ(cost.extra_share, 0.5);
  EXPECT_EQ(cost.slowdown, 1.5);
  EXPECT_EQ(padded_cost(calls, {}, Values{3})->reason, "no_unpadded_run");
  EXPECT_EQ(padded_cost(calls, Values{3}, {})->reason, "no_padded_run");
  EXPECT_EQ(padded_cost(std::vector<PaddedShape>{{9, 8}}, {}, {}).error().kind, core::ErrorKind::invalid_input);
}

}  // namespace
}  // namespace phasegate::analysis
