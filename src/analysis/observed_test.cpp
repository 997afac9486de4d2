#include "analysis/observed.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "analysis/near.h"
#include "analysis/published_table.h"
#include "analysis/run_analysis.h"

namespace phasegate::analysis {
namespace {

using evidence::Observation;
using evidence::Regime;
using evidence::Window;

constexpr const char* kRun = "tr121/20251224_002149/";

Observation row(const std::string& backend, const std::string& scenario, double ms) {
  Observation each;
  each.backend = backend;
  each.model = "m";
  each.scenario = scenario;
  each.window = Window::prefill;
  each.batch = 1;
  each.latency_ms = {ms};
  return each;
}

ObservedAnalysis analyze(std::vector<Observation> rows, const ObservedOptions& options = {}) {
  ObservedAnalyzer analyzer("run", options);
  std::int64_t seq = 0;
  for (Observation& each : rows) {
    each.seq = seq++;
    EXPECT_TRUE(analyzer.add(each));
  }
  return analyzer.finish().value();
}

// The rows of the published run, as a reader gives them.
std::vector<Observation> published_rows() {
  std::vector<Observation> rows;
  for (const PublishedRow& cells : published_table(std::string(kRun) + "metrics.csv")) {
    const std::string mode = cells.at("mode");
    Observation each = row(cells.at("backend"), cells.at("scenario"), number_in(cells, "latency_ms"));
    each.model = cells.at("model");
    each.window = mode == "prefill" ? Window::prefill : mode == "kv_decode" ? Window::decode : Window::e2e_sum;
    each.regime = cells.at("is_warmup") == "True" ? Regime::warmup : Regime::steady;
    each.tok_s = {number_in(cells, "tokens_per_s")};
    each.parameters = number_in(cells, "params_millions_measured") * 1e6;
    if (!cells.at("cuda_event_ms").empty()) each.device_ms = number_in(cells, "cuda_event_ms");
    if (mode == "kv_decode") {
      each.generated_tokens = static_cast<std::int64_t>(number_in(cells, "gen_tokens_raw"));
      each.target_tokens = static_cast<std::int64_t>(number_in(cells, "gen_tokens_target"));
      each.numbers["kv_decode_ms"] = number_in(cells, "kv_decode_ms");
    }
    rows.push_back(std::move(each));
  }
  return rows;
}

const ObservedAnalysis& published() {
  static const auto* const analysis = new ObservedAnalysis(analyze(published_rows()));
  return *analysis;
}

std::string mode_of(Window window) {
  return window == Window::prefill ? "prefill" : window == Window::decode ? "kv_decode" : "e2e_kv";
}

TEST(Observed, EveryFitOfThePublishedRunComesOut) {
  std::map<std::string, PublishedRow> table;
  for (const PublishedRow& each : published_table(std::string(kRun) + "analysis/scaling_fits.csv"))
    table[each.at("backend") + each.at("mode") + each.at("scenario")] = each;
  std::size_t equal = 0;
  for (const ObservedFit& fit : published().fits) {
    const std::string scenario = fit.scenario.empty() ? "__all__" : fit.scenario;
    SCOPED_TRACE(fit.arm + " " + mode_of(fit.window) + " " + scenario);
    const PublishedRow& expected = table.at(fit.arm + mode_of(fit.window) + scenario);
    ASSERT_TRUE(fit.power_law) << fit.reason;
    EXPECT_TRUE(near(fit.power_law->slope, number_in(expected, "slope"), kTight));
    EXPECT_TRUE(near(fit.power_law->r2, number_in(expected, "r2"), kTight));
    EXPECT_TRUE(near(fit.power_law->slope_ci95->low, number_in(expected, "slope_ci_low"), 1e-8));
    EXPECT_TRUE(near(fit.power_law->slope_ci95->high, number_in(expected, "slope_ci_high"), 1e-8));
    EXPECT_EQ(fit.overhead_line.has_value(), fit.scenario.empty());
    ++equal;
  }
  EXPECT_EQ(equal, table.size());
  EXPECT_EQ(equal, 36U);
}

TEST(Observed, CellsOfThePublishedRunAreItsSummaries) {
  std::size_t cells = 0;
  for (const PublishedRow& each : published_table(std::string(kRun) + "analysis/summary_by_model_backend_mode.csv")) {
    const std::string mode = each.at("mode");
    const Window window = mode == "prefill" ? Window::prefill : mode == "kv_decode" ? Window::decode : Window::e2e_sum;
    const ObservedCell* cell =
        published().find({each.at("backend"), each.at("model"), "", each.at("scenario"), window, 1});
    ASSERT_NE(cell, nullptr);
    EXPECT_EQ(cell->usable, 3);
    EXPECT_EQ(cell->rows, 4);
    EXPECT_EQ(cell->warmup_rows, 1);
    EXPECT_TRUE(near(cell->latency_ms.mean.value, number_in(each, "latency_mean_ms"), kTight));
    EXPECT_TRUE(near(cell->latency_ms.median.value, number_in(each, "latency_median_ms"), kTight));
    EXPECT_EQ(cell->latency_ms.p99.reason, "n_below_100");  // published, but nobody can know it from 3 samples
    EXPECT_TRUE(near(cell->tok_s.value, number_in(each, "tokens_per_s_median"), kTight));
    EXPECT_EQ(cell->tok_s_from, "published");
    ++cells;
  }
  EXPECT_EQ(cells, published().cells.size());
  EXPECT_EQ(published().warmup_spread->cells, 171U);
  EXPECT_TRUE(near(published().warmup_spread->max, 194.447, 1e-5));
}

TEST(Observed, DecodeSharesAndLinearityOfThePublishedRunComeOut) {
  ASSERT_EQ(published().decode_shares.size(), 3U);
  for (const ObservedShare& each : published().decode_shares) EXPECT_TRUE(each.share.decode_heavy) << each.arm;
  const auto gpt_oss = std::find_if(published().linearity.begin(), published().linearity.end(),
                                    [](const auto& each) { return each.model == "gpt-oss-20b:latest"; });
  ASSERT_NE(gpt_oss, published().linearity.end());
  EXPECT_TRUE(near(gpt_oss->fit.a_ms, -396.49480111111103, kTight));
  EXPECT_TRUE(near(gpt_oss->fit.error_median, -109.01481666666677, kTight));
}

TEST(Observed, BackendsArePairedInsideScenariosAndAdjustedOverTheRun) {
  const auto& comparisons = published().comparisons;
  ASSERT_EQ(comparisons.size(), 21U);  // 7 models x 3 windows, cpu against gpu
  for (const ObservedComparison& each : comparisons) {
    EXPECT_EQ(each.blocked.n, 3U);
    EXPECT_EQ(each.scenarios.size(), 3U);
    EXPECT_GE(*each.p_holm, *each.blocked.p);
    EXPECT_GE(*each.p_bonferroni, *each.p_holm);
    EXPECT_TRUE(each.mann_whitney_p);
  }
}

TEST(Observed, DegradedFailedAndWarmupRowsAreCountedAndKeptOut) {
  std::vector<Observation> rows;
  for (const double ms : {10.0, 11.0, 12.0}) rows.push_back(row("a", "s", ms));
  Observation degraded = row("a", "s", 1000);
  degraded.degraded_reasons = {"fell_back"};
  Observation failed = row("a", "s", 1000);
  failed.status = evidence::Status::error;
  failed.reason = evidence::Reason::out_of_memory;
  Observation untimed = row("a", "s", 0);
  untimed.latency_ms.clear();
  Observation infinite = row("a", "s", std::numeric_limits<double>::infinity());
  Observation warmup = row("a", "s", 50);
  warmup.regime = Regime::warmup;
  Observation cold = row("a", "s", 500);
  cold.regime = Regime::cold;
  for (const auto& each : {degraded, failed, untimed, infinite, warmup, cold}) rows.push_back(each);
  const ObservedAnalysis analysis = analyze(rows);
  ASSERT_EQ(analysis.cells.size(), 1U);
  const ObservedCell& cell = analysis.cells[0];
  EXPECT_EQ(cell.rows, 9);
  EXPECT_EQ(cell.usable, 3);
  EXPECT_EQ(cell.degraded, 2);
  EXPECT_TRUE(near(cell.degraded_rate.value, 2.0 / 9, kTight));
  EXPECT_EQ(cell.latency_ms.mean.value, 11);
  EXPECT_EQ(cell.by_reason.at("fell_back"), 1);
  EXPECT_EQ(cell.by_reason.at("out_of_memory"), 1);
  EXPECT_EQ(cell.by_reason.at("nothing_timed"), 2);
  EXPECT_EQ(cell.by_status.at("error"), 1);
  EXPECT_TRUE(near(cell.warmup->ratio, 50.0 / 11, kTight));
  EXPECT_EQ(cell.other_regimes.at("cold").max.value, 500);
  EXPECT_EQ(cell.seqs, (std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 2}}));
}

TEST(Observed, ACellWithoutUsableRowsIsNullWithReasons) {
  Observation failed = row("a", "s", 1);
  failed.status = evidence::Status::error;
  const ObservedAnalysis analysis = analyze({failed});
  EXPECT_FALSE(analysis.cells[0].latency_ms.mean.value);
  EXPECT_EQ(analysis.cells[0].tok_s.reason, "n_below_3");
  EXPECT_TRUE(analysis.comparisons.empty());
  EXPECT_TRUE(analysis.tails.empty());
  EXPECT_TRUE(core::canonical_json(to_json(analysis)));
}

TEST(Observed, UnblockedAndBlockedCanDisagreeAndBothAreTold) {
  // b is 10 % faster in every scenario; the scenarios differ by far more than that.
  std::vector<Observation> rows;
  double scale = 1;
  for (const char* scenario : {"s1", "s2", "s3", "s4"}) {
    for (int i = 0; i < 5; ++i) {
      rows.push_back(row("a", scenario, scale * (1 + 0.001 * i)));
      rows.push_back(row("b", scenario, 0.9 * scale * (1 + 0.001 * i + (scale > 50 ? 0.0005 : 0))));
    }
    scale *= 5;
  }
  const ObservedAnalysis analysis = analyze(rows);
  ASSERT_EQ(analysis.comparisons.size(), 1U);
  const ObservedComparison& each = analysis.comparisons[0];
  EXPECT_GT(*each.welch_p, 0.5);
  EXPECT_LT(*each.blocked.p, 1e-6);
  EXPECT_TRUE(near(each.blocked.ratio, 1 / 0.9, 1e-3));
  EXPECT_EQ(each.verdict.outcome, Outcome::winner_b);
  EXPECT_TRUE(each.flips.empty());
}

TEST(Observed, MeanAndMedianThatDisagreeAreFlaggedAndFewScenariosAreSaid) {
  std::vector<Observation> rows;
  for (const double ms : {10.0, 10.0, 100.0}) rows.push_back(row("a", "s", ms));
  for (const double ms : {11.0, 11.0, 11.0}) rows.push_back(row("b", "s", ms));
  const ObservedComparison each = analyze(rows).comparisons.at(0);
  EXPECT_EQ(each.flips, std::vector<std::string>{"s b1"});
  EXPECT_EQ(each.blocked.reason, "few_scenarios");
  EXPECT_EQ(each.verdict.reason, "few_scenarios");
  EXPECT_EQ(each.verdict.outcome, Outcome::too_few);
}

// Requirement of the report's reviewer: what pooled tests leave open is decided inside the scenarios.
TEST(Observed, BlockingDecidesWhatThePublishedPooledTestLeftOpen) {
  std::vector<Observation> rows;
  for (const char* file : {"tr119/raw/bench_tr119_1766283446.jsonl", "tr119/raw/bench_tr119_1766283570.jsonl"}) {
    std::ifstream lines(conformance_path(file));
    for (std::string line; std::getline(lines, line);) {
      const core::Json json = core::parse_json(line, file).value();
      const core::Json& spec = json["spec"];
      Observation each = row(spec["backend"], spec["scenario"], 1);
      each.batch = spec["batch_size"].get<std::int64_t>();
      each.window = spec["mode"] == "prefill" ? Window::prefill : Window::generate_uncached;
      each.latency_ms = json["latencies_ms"].get<std::vector<double>>();
      rows.push_back(std::move(each));
    }
  }
  ASSERT_EQ(rows.size(), 350U);
  const auto comparisons = analyze(rows).comparisons;
  ASSERT_EQ(comparisons.size(), 20U);
  for (const ObservedComparison& each : comparisons) {
    EXPECT_EQ(each.blocked.n, 5U);
    if (each.a != "onnxruntime-gpu" || each.b != "transformers-gpu") continue;
    const bool generate = each.window == Window::generate_uncached;
    EXPECT_EQ(*each.blocked.p < 1e-3, generate) << *each.blocked.p;
    EXPECT_EQ(each.verdict.outcome == Outcome::winner_a, generate);
  }
}

TEST(Observed, TheTailOfThePublishedCompileRunIsOneScenario) {
  std::vector<Observation> rows;
  for (const PublishedRow& cells : published_table("tr120/controlled/20251221_173112/prefill/metrics.csv"))
    rows.push_back(row(cells.at("backend"), cells.at("scenario"), number_in(cells, "latency_ms")));
  const ObservedAnalysis analysis = analyze(rows);
  ASSERT_EQ(analysis.tails.size(), 2U);
  EXPECT_EQ(analysis.tails[0].arm, "transformers-gpu");
  EXPECT_FALSE(analysis.tails[0].mixture.one_shape);
  EXPECT_EQ(analysis.tails[1].mixture.dominant, "stress_single");
}

TEST(Observed, RequestsGetTheirFirstTokenAndGaps) {
  std::vector<Observation> rows;
  for (int i = 0; i < 20; ++i) {
    Observation each = row("vllm", "", 100 + i);
    each.window = Window::request;
    each.batch.reset();
    each.prompt_tokens = 10;
    each.generated_tokens = 5;
    each.ttft_ms = {20.0 + i};
    each.itl_ms = {5, 5, 5, 65.0 + i};
    rows.push_back(each);
  }
  const ObservedCell cell = analyze(rows).cells.at(0);
  EXPECT_EQ(cell.key.text(), "vllm/m/-/-/request/-");
  EXPECT_EQ(cell.ttft_ms->n, 20U);
  EXPECT_TRUE(cell.ttft_ms->p95.value);
  EXPECT_EQ(cell.itl_ms->n, 80U);
  EXPECT_EQ(cell.tok_s_from, "generated");
  EXPECT_TRUE(near(cell.tok_s.value, 5000 / 109.5, 1e-3));
  EXPECT_FALSE(cell.published_tok_s.value);
}

TEST(Observed, ARateThatFitsNoCountOfItsRowIsCounted) {
  std::vector<Observation> rows;
  for (const double rate : {50.0, 60.0, 100.0}) {
    Observation each = row("a", "s", 100);  // 0.1 s: 5, 6 and 10 tokens
    each.prompt_tokens = 5;
    each.generated_tokens = 1;
    each.tok_s = {rate};
    rows.push_back(each);
  }
  EXPECT_EQ(analyze(rows).cells[0].tok_s_contradicted, 1);
  for (Observation& each : rows) {  // a rate over prompt and generated tokens, of which only the target is known
    each.window = Window::e2e_sum;
    each.prompt_tokens.reset();
    each.generated_tokens.reset();
    each.target_tokens = 4;
  }
  EXPECT_EQ(analyze(rows).cells[0].tok_s_contradicted, 0);
}

TEST(Observed, OneModelInTwoPrecisionsIsFittedForEach) {
  std::vector<Observation> rows;
  for (const char* precision : {"f16", "q8"}) {
    for (int size = 1; size <= 3; ++size) {
      for (int i = 0; i < 3; ++i) {
        Observation each = row("a", "s", size * 10 + i);
        each.model = "m" + std::to_string(size);
        each.precision = precision;
        each.parameters = size * 1e6;
        rows.push_back(each);
      }
    }
  }
  const auto fits = analyze(rows).fits;
  ASSERT_EQ(fits.size(), 4U);
  EXPECT_EQ(fits[0].arm, "a f16");
  EXPECT_EQ(fits[0].precisions, std::vector<std::string>{"f16"});
  rows.resize(6);  // two sizes of one precision
  const auto few = analyze(rows).fits;
  EXPECT_EQ(few.at(0).reason, "n_below_3");
}

TEST(Observed, LabelsCannotForgeAnotherCellsKey) {
  EXPECT_EQ((ObservedKey{"a/b", "m", "", "", Window::prefill, 1}.text()), "a%2Fb/m/-/-/prefill/b1");
  EXPECT_NE((ObservedKey{"a/b", "c", "", "", Window::prefill, 1}.text()),
            (ObservedKey{"a", "b/c", "", "", Window::prefill, 1}.text()));
  EXPECT_NE(label_key("-"), label_key(""));
  EXPECT_NE(label_key("a%2Fb"), label_key("a/b"));
}

TEST(Observed, TheSameRowsGiveTheSameBytes) {
  const auto bytes = [] { return core::canonical_json(to_json(analyze(published_rows()))).value(); };
  EXPECT_EQ(bytes(), bytes());
}

}  // namespace
}  // namespace phasegate::analysis
