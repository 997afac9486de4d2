#include "analysis/linearity.h"

#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "analysis/near.h"
#include "analysis/published_table.h"

namespace phasegate::analysis {
namespace {

using Values = std::vector<double>;

constexpr const char* kRun = "tr121/20251224_002149/";

const std::vector<PublishedRow>& metrics() {
  static const auto* const rows = new std::vector(published_table(std::string(kRun) + "metrics.csv"));
  return *rows;
}

bool warmup(const PublishedRow& row) { return row.at("is_warmup") == "True"; }

TEST(Linearity, PublishedTablesComeOut) {
  std::map<std::string, std::vector<CountedTime>> rows;
  for (const PublishedRow& row : metrics()) {
    if (row.at("backend") != "ollama" || row.at("mode") != "kv_decode" || warmup(row)) continue;
    rows[row.at("model")].push_back({number_in(row, "gen_tokens_raw"), number_in(row, "kv_decode_ms")});
  }
  std::map<std::string, DecodeLinearity> ours;
  for (const auto& [model, list] : rows) ours[model] = decode_linearity(list, 64).value();
  for (const PublishedRow& row : published_table(std::string(kRun) + "analysis/ollama_decode_linearity.csv")) {
    SCOPED_TRACE(row.at("model"));
    const DecodeLinearity& fit = ours.at(row.at("model"));
    EXPECT_EQ(static_cast<double>(fit.n), number_in(row, "n"));
    EXPECT_NEAR(fit.a_ms, number_in(row, "a_ms"), kTight * fit.affine_ms_at_target);
    EXPECT_TRUE(near(fit.b_ms_per_token, number_in(row, "b_ms_per_token"), kTight));
    EXPECT_TRUE(near(fit.r2, number_in(row, "r2"), kTight));
    EXPECT_TRUE(near(fit.affine_ms_at_target, number_in(row, "affine_ms_at_target"), kTight));
    EXPECT_EQ(fit.tokens_min, number_in(row, "gen_tokens_raw_min"));
    EXPECT_EQ(fit.tokens_median, number_in(row, "gen_tokens_raw_median"));
    EXPECT_EQ(fit.tokens_max, number_in(row, "gen_tokens_raw_max"));
  }
  for (const PublishedRow& row : published_table(std::string(kRun) + "analysis/ollama_decode_projection_error.csv")) {
    SCOPED_TRACE(row.at("model"));
    const DecodeLinearity& fit = ours.at(row.at("model"));
    const double scale = kTight * fit.affine_ms_at_target;
    EXPECT_NEAR(fit.error_median, number_in(row, "prop_minus_affine_ms_median"), scale);
    EXPECT_NEAR(fit.error_p95, number_in(row, "prop_minus_affine_ms_p95"), scale);
    EXPECT_NEAR(fit.error_min, number_in(row, "prop_minus_affine_ms_min"), scale);
    EXPECT_NEAR(fit.error_max, number_in(row, "prop_minus_affine_ms_max"), scale);
  }
}

TEST(Linearity, RefusesTwoRowsAndCountsOfZero) {
  EXPECT_EQ(decode_linearity(std::vector<CountedTime>{{1, 2}, {2, 3}}, 64).error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(decode_linearity(std::vector<CountedTime>{{1, 2}, {0, 3}, {3, 4}}, 64).error().kind,
            core::ErrorKind::invalid_input);
  EXPECT_EQ(decode_linearity(std::vector<CountedTime>{{64, 2}, {64, 3}, {64, 4}}, 64).error().kind,
            core::ErrorKind::evidence);
}

TEST(DeviceGapTest, PublishedTableComesOut) {
  for (const PublishedRow& row : published_table(std::string(kRun) + "analysis/cuda_event_gap_summary.csv")) {
    SCOPED_TRACE(row.at("mode") + " " + row.at("is_warmup"));
    std::vector<WallAndDevice> rows;
    for (const PublishedRow& call : metrics()) {
      if (call.at("backend") != row.at("backend") || call.at("mode") != row.at("mode") ||
          call.at("is_warmup") != row.at("is_warmup") || call.at("cuda_event_ms").empty())
        continue;
      rows.push_back({number_in(call, "latency_ms"), number_in(call, "cuda_event_ms")});
    }
    const DeviceGap gap = device_gap(rows).value();
    EXPECT_EQ(static_cast<double>(gap.n), number_in(row, "n"));
    EXPECT_TRUE(near(gap.relative_median, number_in(row, "rel_gap_median"), kTight));
    EXPECT_TRUE(near(gap.relative_p95, number_in(row, "rel_gap_p95"), kTight));
    EXPECT_TRUE(near(gap.ms_median, number_in(row, "abs_gap_ms_median"), kTight));
    EXPECT_TRUE(near(gap.ms_p95, number_in(row, "abs_gap_ms_p95"), kTight));
  }
}

TEST(DecodeShareTest, PublishedTableComesOut) {
  const std::string folder = "tr121/decode_sweep_20251224_002955/";
  const auto models = published_table(folder + "decode_fraction_by_model.csv");
  for (const PublishedRow& row : published_table(folder + "decode_fraction_summary.csv")) {
    SCOPED_TRACE(row.at("backend") + " " + row.at("gen_tokens_target"));
    std::vector<DecodeAndAll> list;
    for (const PublishedRow& model : models) {
      if (model.at("backend") != row.at("backend") || model.at("gen_tokens_target") != row.at("gen_tokens_target"))
        continue;
      list.push_back({number_in(model, "kv_decode_latency_ms"), number_in(model, "e2e_kv_latency_ms")});
    }
    const DecodeShare share = decode_share(list).value();
    EXPECT_EQ(static_cast<double>(share.n), number_in(row, "n_models"));
    EXPECT_TRUE(near(share.median, number_in(row, "decode_fraction_median"), kTight));
    EXPECT_TRUE(near(share.p25, number_in(row, "decode_fraction_p25"), kTight));
    EXPECT_TRUE(near(share.p75, number_in(row, "decode_fraction_p75"), kTight));
    EXPECT_EQ(share.decode_heavy, row.at("gen_tokens_target") != "8");
  }
}

TEST(EarlyStopTest, PublishedTableComesOut) {
  for (const PublishedRow& row : published_table(std::string(kRun) + "analysis/ollama_early_stop_summary.csv")) {
    SCOPED_TRACE(row.at("model") + " " + row.at("scenario"));
    std::vector<StoppedRow> rows;
    for (const PublishedRow& call : metrics()) {
      if (call.at("model") != row.at("model") || call.at("scenario") != row.at("scenario") ||
          call.at("mode") != "kv_decode" || warmup(call))
        continue;
      rows.push_back(
          {number_in(call, "gen_tokens_raw"), number_in(call, "gen_tokens_target"), call.at("ollama_done_reason")});
    }
    const EarlyStop stop = early_stop(rows).value();
    EXPECT_EQ(static_cast<double>(stop.n), number_in(row, "n"));
    EXPECT_EQ(stop.tokens_median, number_in(row, "gen_tokens_raw_median"));
    EXPECT_EQ(stop.early_share, number_in(row, "early_stop_rate"));
    EXPECT_EQ(stop.done_reason_mode, row.at("done_reason_mode"));
  }
}

TEST(WarmupTable, EveryPublishedRowAndTheSpreadComeOut) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, std::pair<Values, Values>> cells;
  for (const PublishedRow& row : metrics()) {
    auto& cell = cells[{row.at("backend"), row.at("model"), row.at("scenario"), row.at("mode")}];
    (warmup(row) ? cell.first : cell.second).push_back(number_in(row, "latency_ms"));
  }
  Values ratios;
  for (const PublishedRow& row : published_table(std::string(kRun) + "analysis/warmup_effect.csv")) {
    const auto& cell = cells.at({row.at("backend"), row.at("model"), row.at("scenario"), row.at("mode")});
    const WarmupRow ours = warmup_row(cell.first, cell.second).value();
    EXPECT_EQ(static_cast<double>(ours.measured_n), number_in(row, "measured_n"));
    EXPECT_TRUE(near(ours.ratio, number_in(row, "warmup_to_measured_ratio"), kTight));
    EXPECT_NEAR(ours.delta, number_in(row, "warmup_minus_measured_ms"), kTight * ours.measured_median);
    ratios.push_back(*ours.ratio);
  }
  const WarmupSpread spread = warmup_spread(ratios).value();
  EXPECT_EQ(spread.cells, 171U);
  EXPECT_TRUE(near(spread.median, 1.1236, 1e-4));
  EXPECT_TRUE(near(spread.p95, 15.69, 1e-3));
  EXPECT_TRUE(near(spread.max, 194.447, 1e-5));
  EXPECT_EQ(warmup_row({}, Values{1}).error().kind, core::ErrorKind::evidence);
}

TEST(GeometricMean, OfPositiveValuesAlone) {
  EXPECT_TRUE(near(geometric_mean(Values{1, 10, 100}).value(), 10, kTight));
  EXPECT_EQ(geometric_mean(Values{1, 0}).error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(geometric_mean({}).error().kind, core::ErrorKind::evidence);
}

}  // namespace
}  // namespace phasegate::analysis
