#include "analysis/scaling.h"

#include <fstream>
#include <string>
#include <vector>

#include "analysis/fits_golden.h"
#include "analysis/near.h"
#include "analysis/published_table.h"
#include "core/json.h"

namespace phasegate::analysis {
namespace {

constexpr const char* kPrimary = "tr121/20251224_002149/analysis/";

std::vector<SizePoint> zip(std::span<const double> size, std::span<const double> value) {
  std::vector<SizePoint> points;
  for (std::size_t i = 0; i < size.size(); ++i) points.push_back({size[i], value[i]});
  return points;
}

// The published geometric means of one backend and mode.
std::vector<SizePoint> published_points(const std::vector<PublishedRow>& aggregates, const PublishedRow& fit) {
  std::vector<SizePoint> points;
  for (const PublishedRow& row : aggregates) {
    if (row.at("backend") == fit.at("backend") && row.at("mode") == fit.at("mode"))
      points.push_back({number_in(row, "params_millions_effective"), number_in(row, "latency_geomean_ms")});
  }
  return points;
}

TEST(PowerLaw, MatchesNumpyInAnyOrderOfThePoints) {
  auto points = zip(golden::kSizes, golden::kValues);
  for (int turn = 0; turn < 2; ++turn) {
    const ScalingFit fit = fit_power_law(points).value();
    EXPECT_TRUE(near(fit.slope, golden::kPowerSlope, kTight));
    EXPECT_TRUE(near(fit.intercept, golden::kPowerIntercept, kTight));
    EXPECT_TRUE(near(fit.slope_ci95->low, golden::kPowerSlopeCi[0], kTight));
    EXPECT_TRUE(near(fit.slope_ci95->high, golden::kPowerSlopeCi[1], kTight));
    EXPECT_TRUE(near(fit.intercept_ci95->low, golden::kPowerInterceptCi[0], kTight));
    EXPECT_TRUE(near(fit.intercept_ci95->high, golden::kPowerInterceptCi[1], kTight));
    EXPECT_EQ(fit.resamples_used, 1000U);
    EXPECT_TRUE(near(fit.predict(1), std::pow(10, fit.intercept), kTight));
    std::reverse(points.begin(), points.end());
  }
}

TEST(PowerLaw, EveryPublishedFitComesOutWithItsIntervals) {
  const auto aggregates = published_table(std::string(kPrimary) + "summary_by_model_backend_mode_agg.csv");
  std::size_t fits = 0;
  for (const PublishedRow& row : published_table(std::string(kPrimary) + "scaling_fits.csv")) {
    if (row.at("scenario") != "__all__") continue;
    SCOPED_TRACE(row.at("backend") + " " + row.at("mode"));
    const ScalingFit fit = fit_power_law(published_points(aggregates, row)).value();
    EXPECT_TRUE(near(fit.slope, number_in(row, "slope"), kTight));
    EXPECT_TRUE(near(fit.intercept, number_in(row, "log10_intercept"), kTight));
    EXPECT_TRUE(near(fit.r2, number_in(row, "r2"), kTight));
    EXPECT_TRUE(near(fit.rank->rho, number_in(row, "spearman_rho_loglog"), kTight));
    EXPECT_TRUE(near(fit.rank->p, number_in(row, "spearman_p_loglog"), kTest));
    EXPECT_TRUE(near(fit.robust->line.slope, number_in(row, "theilsen_slope"), kTight));
    EXPECT_TRUE(near(fit.robust->line.intercept, number_in(row, "theilsen_log10_intercept"), kTight));
    EXPECT_TRUE(near(fit.robust->ci95.low, number_in(row, "theilsen_slope_ci_low"), kTight));
    EXPECT_TRUE(near(fit.robust->ci95.high, number_in(row, "theilsen_slope_ci_high"), kTight));
    EXPECT_TRUE(near(fit.slope_ci95->low, number_in(row, "slope_ci_low"), kTight));
    EXPECT_TRUE(near(fit.slope_ci95->high, number_in(row, "slope_ci_high"), kTight));
    EXPECT_TRUE(near(fit.intercept_ci95->low, number_in(row, "log10_intercept_ci_low"), kTight));
    EXPECT_TRUE(near(fit.intercept_ci95->high, number_in(row, "log10_intercept_ci_high"), kTight));
    EXPECT_EQ(fit.planning.actionable, row.at("backend") != "hf_gpu_fp16") << fit.planning.reason;
    ++fits;
  }
  EXPECT_EQ(fits, 9U);
}

// Beyond the memory that shared draws may take, each resample is drawn and fitted alone: the same interval.
TEST(PowerLaw, WithoutSharedDrawsIsTheSameFit) {
  std::vector<SizePoint> points;
  for (int i = 1; i <= 50; ++i) points.push_back({100.0 * i, 3.0 * i + (i % 7)});
  const ScalingFit shared = fit_power_law(points, {.resamples = 80'000}).value();
  const ScalingFit alone = fit_power_law(points, {.resamples = 90'000}).value();
  EXPECT_EQ(alone.resamples_used, 90'000U);
  EXPECT_TRUE(near(shared.slope_ci95->low, alone.slope_ci95->low, 1e-3));
  EXPECT_TRUE(near(shared.slope_ci95->high, alone.slope_ci95->high, 1e-3));
}

TEST(PowerLaw, IsActionableOnlyWithBothRSquaredAndInterval) {
  EXPECT_TRUE(actionable(0.9, Interval{0.1, 0.5}).actionable);
  EXPECT_EQ(actionable(0.19, Interval{0.1, 0.5}).reason, "r2_below_0.2");
  EXPECT_EQ(actionable(0.9, Interval{-0.1, 0.5}).reason, "interval_includes_0");
  EXPECT_EQ(actionable(0.9, Interval{-0.5, 0.0}).reason, "interval_includes_0");
  EXPECT_EQ(actionable(0.9, std::nullopt).reason, "interval_unknown");
  EXPECT_EQ(actionable(std::nullopt, Interval{0.1, 0.5}).reason, "r2_below_0.2");
}

TEST(PowerLaw, OfTwoPointsIsRefused) {
  const std::vector<SizePoint> two{{1, 2}, {10, 20}};
  EXPECT_EQ(fit_power_law(two).error().kind, core::ErrorKind::evidence);
  EXPECT_NE(fit_power_law(two).error().what.find("n_below_3"), std::string::npos);
  EXPECT_EQ(fit_power_law(std::vector<SizePoint>{{1, 2}, {1, 3}, {1, 4}}).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(fit_power_law(std::vector<SizePoint>{{1, 2}, {2, 0}, {3, 4}}).error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(fit_overhead_line(two).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(fit_overhead_power(two).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(fit_crossover(two).error().kind, core::ErrorKind::evidence);
  NumpyRandom random(42);
  EXPECT_EQ(fit_layers(std::vector<LayeredPoint>{{1, 2, 3}, {4, 5, 6}}, random).error().kind,
            core::ErrorKind::evidence);
}

TEST(Layers, PublishedFitsComeOutOfOneGeneratorForTheWholeTable) {
  std::map<std::string, double> layers;
  for (const PublishedRow& row : published_table(std::string(kPrimary) + "hf_model_architecture.csv"))
    layers[row.at("model")] = number_in(row, "n_layer");
  const auto aggregates = published_table(std::string(kPrimary) + "summary_by_model_backend_mode_agg.csv");
  NumpyRandom random(42);
  std::size_t refuted = 0;
  for (const PublishedRow& row : published_table(std::string(kPrimary) + "hf_multivariate_fits.csv")) {
    SCOPED_TRACE(row.at("backend") + " " + row.at("mode"));
    std::vector<LayeredPoint> points;
    for (const PublishedRow& model : aggregates) {
      if (model.at("backend") != row.at("backend") || model.at("mode") != row.at("mode")) continue;
      points.push_back({number_in(model, "params_millions_effective"), layers.at(model.at("model")),
                        number_in(model, "latency_geomean_ms")});
    }
    const LayeredFit fit = fit_layers(points, random).value();
    EXPECT_TRUE(near(fit.beta, number_in(row, "beta_log_params"), kTight));
    EXPECT_TRUE(near(fit.gamma, number_in(row, "gamma_log_layers"), kTight));
    EXPECT_TRUE(near(fit.r2, number_in(row, "r2"), kTight));
    EXPECT_TRUE(near(fit.beta_ci95->low, number_in(row, "beta_ci_low"), kTight));
    EXPECT_TRUE(near(fit.beta_ci95->high, number_in(row, "beta_ci_high"), kTight));
    EXPECT_TRUE(near(fit.gamma_ci95->low, number_in(row, "gamma_ci_low"), kTight));
    EXPECT_TRUE(near(fit.gamma_ci95->high, number_in(row, "gamma_ci_high"), kTight));
    EXPECT_TRUE(near(fit.r2_ci95->low, number_in(row, "r2_ci_low"), kTight));
    EXPECT_TRUE(near(fit.r2_ci95->high, number_in(row, "r2_ci_high"), kTight));
    refuted += fit.layer_effect.actionable ? 0U : 1U;
  }
  EXPECT_EQ(refuted, 6U);  // "depth dominates" is not identifiable in any of them
}

TEST(Overhead, PublishedFitsComeOut) {
  const auto aggregates = published_table(std::string(kPrimary) + "summary_by_model_backend_mode_agg.csv");
  for (const PublishedRow& row : published_table(std::string(kPrimary) + "overhead_compute_fits.csv")) {
    SCOPED_TRACE(row.at("backend") + " " + row.at("mode") + " " + row.at("fit"));
    const auto points = published_points(aggregates, row);
    if (row.at("fit") == "lat = a + b*P") {
      const OverheadLine fit = fit_overhead_line(points).value();
      EXPECT_TRUE(near(fit.a, number_in(row, "a_ms"), kTight));
      EXPECT_TRUE(near(fit.b, number_in(row, "b_ms_per_million_params"), kTight));
      EXPECT_TRUE(near(fit.r2, number_in(row, "r2"), 1e-8));
      EXPECT_TRUE(near(fit.overhead_fraction_at_max, number_in(row, "overhead_fraction_at_max_model"), kTight));
      EXPECT_EQ(fit.overhead_fraction_at_min.has_value(), !row.at("overhead_fraction_at_min_model").empty());
      continue;
    }
    const OverheadPower fit = fit_overhead_power(points).value();
    EXPECT_NEAR(fit.a, number_in(row, "a_ms"), 1e-5 * points.back().value);
    EXPECT_TRUE(near(fit.b, number_in(row, "b"), 2e-4));
    EXPECT_TRUE(near(fit.s, number_in(row, "s"), 2e-4));
    EXPECT_TRUE(near(fit.r2, number_in(row, "r2"), 1e-6));
    EXPECT_GE(*fit.r2, number_in(row, "r2") - 1e-12);  // ours is the optimum
  }
}

void expect_overhead(std::span<const double> values, const std::array<double, 4>& expected) {
  const OverheadPower fit = fit_overhead_power(zip(golden::kSizes, values)).value();
  EXPECT_NEAR(fit.a, expected[0], 1e-5 * values[0]);
  EXPECT_TRUE(near(fit.b, expected[1], 1e-4));
  EXPECT_TRUE(near(fit.s, expected[2], 1e-5));
  EXPECT_TRUE(near(fit.sum_of_squares, expected[3], kTight));
}

TEST(Overhead, MatchesScipysOptimumInsideTheBoxAndOnItsEdge) {
  expect_overhead(golden::kOverheadInside, golden::kOverheadInsideFit);
  expect_overhead(golden::kOverheadEdge, golden::kOverheadEdgeFit);
}

TEST(Overhead, AFallingLatencyHasNoCostOfSize) {
  const OverheadPower fit = fit_overhead_power(std::vector<SizePoint>{{1, 9}, {2, 6}, {3, 3}}).value();
  EXPECT_EQ(fit.b, 0);
  EXPECT_DOUBLE_EQ(fit.a, 6);
  EXPECT_DOUBLE_EQ(*fit.overhead_fraction_at_max, 1);
}

struct PublishedCrossover {
  std::vector<SizePoint> points;
  core::Json fit;
};

PublishedCrossover published_crossover() {
  std::ifstream file(conformance_path("tr118/audit/crossover_fit.json"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const core::Json json = core::parse_json(text, "crossover_fit.json").value();
  PublishedCrossover published{{}, json["fit"]};
  for (const core::Json& point : json["points"])
    published.points.push_back({point["parameter_count"].get<double>(), point["ratio"].get<double>()});
  return published;
}

TEST(Crossover, ThePublishedOneComesOutWithItsInterval) {
  const auto [points, published] = published_crossover();
  const CrossoverFit fit = fit_crossover(points).value();
  EXPECT_TRUE(near(fit.k, published["slope_k"].get<double>(), kTight));
  EXPECT_TRUE(near(fit.ln_a0, published["intercept_logA0"].get<double>(), kTight));
  EXPECT_TRUE(near(fit.crossover, published["crossover_params"].get<double>(), kTight));
  EXPECT_TRUE(near(fit.crossover, 76'412'445, 1e-8));
  EXPECT_TRUE(near(fit.ci95->low, published["crossover_ci_95"][0].get<double>(), kTight));
  EXPECT_TRUE(near(fit.ci95->high, published["crossover_ci_95"][1].get<double>(), kTight));
  EXPECT_TRUE(near(fit.r2, 0.9472, 1e-4));
  EXPECT_TRUE(fit.planning.actionable);
  EXPECT_FALSE(fit.replicate_sd_log);
  EXPECT_FALSE(fit.ci95_with_replicates);
}

TEST(Crossover, RepeatsOfASizeWidenItsInterval) {
  const auto published = published_crossover();
  const std::vector<SizePoint> repeats{{25'016'064, 1.81}, {25'016'064, 2.49}, {51'475'968, 1.62}};
  const CrossoverFit fit = fit_crossover(published.points, repeats).value();
  EXPECT_NEAR(*fit.replicate_sd_log, 0.2186, 0.002);  // within 25 M and 50 M, pooled over 3 degrees of freedom
  EXPECT_LT(fit.ci95_with_replicates->low, fit.ci95->low);
  EXPECT_GT(fit.ci95_with_replicates->high, fit.ci95->high);
  const std::vector<SizePoint> elsewhere{{26'000'000, 1.8}};
  EXPECT_EQ(fit_crossover(published.points, elsewhere).error().kind, core::ErrorKind::invalid_input);
}

TEST(Crossover, DoesNotExistWhereTheRatioIsConstant) {
  EXPECT_EQ(fit_crossover(std::vector<SizePoint>{{1, 2}, {2, 2}, {3, 2}}).error().kind, core::ErrorKind::evidence);
}

}  // namespace
}  // namespace phasegate::analysis
