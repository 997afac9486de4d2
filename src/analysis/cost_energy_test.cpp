// The cost report's own rows, from its raw data: 350 rows of two files, 50 cells of 42 fields, its analysis document.
#include "analysis/cost_energy.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <tuple>

#include "analysis/energy_use.h"
#include "analysis/moments.h"
#include "analysis/near.h"

namespace phasegate::analysis {
namespace {

using core::Json;

const std::string kFolder = std::string(PHASEGATE_SOURCE_DIR) + "/tests/conformance/reports/tr119";

std::optional<double> number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::vector<CostRun> raw_runs() {
  std::vector<CostRun> runs;
  for (const char* file : {"/raw/bench_tr119_1766283446.jsonl", "/raw/bench_tr119_1766283570.jsonl"}) {
    std::ifstream in(kFolder + file);
    std::string line;
    while (std::getline(in, line)) {
      const Json row = Json::parse(line);
      const Json& spec = row.at("spec");
      const Json& resources = row.at("resource_metrics");
      CostRun run;
      run.backend = spec.at("backend");
      run.scenario = spec.at("scenario");
      run.mode = spec.at("mode");
      run.tok_s = mean(row.at("throughput_tok_s").get<std::vector<double>>());
      run.latency_ms = mean(row.at("latencies_ms").get<std::vector<double>>());
      run.gpu_power_w = number(resources, "gpu_power_mean_watts");
      run.cpu_power_w = number(resources, "cpu_power_mean_watts");
      run.gpu_memory_mb = number(resources, "gpu_memory_mean_mb");
      run.power_samples = resources.at("samples");
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

CostAssumptions assumptions() {
  CostAssumptions a;
  a.usd_per_hour[Tier::on_demand] = 1.006;
  a.usd_per_hour[Tier::spot] = 0.302;
  a.usd_per_hour[Tier::reserved] = 0.704;
  a.usd_per_hour[Tier::reserved_1yr] = 0.704;
  a.usd_per_hour[Tier::reserved_3yr] = 0.503;
  a.usd_per_hour[Tier::on_prem] = 0;
  a.usd_per_kwh = 0.20;
  a.carbon_g_per_kwh = 500;
  return a;
}

Json published(const char* name) {
  std::ifstream in(kFolder + "/processed/" + name);
  return Json::parse(in);
}

// Same shape, numbers within 1e-9 of each other; counts the numbers.
void expect_same(const Json& derived, const Json& expected, const std::string& where, int& numbers) {
  if (expected.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      ASSERT_TRUE(derived.contains(key)) << where << "." << key;
      expect_same(derived.at(key), value, where + "." + key, numbers);
    }
    EXPECT_EQ(derived.size(), expected.size()) << where;
  } else if (expected.is_number()) {
    ++numbers;
    ASSERT_TRUE(derived.is_number()) << where;
    EXPECT_TRUE(near(derived.get<double>(), expected.get<double>(), kTight)) << where;
  } else {
    EXPECT_EQ(derived, expected) << where;
  }
}

TEST(CostEnergy, FiftyRowsOfFortyTwoFieldsAreThePublishedOnes) {
  const auto runs = raw_runs();
  ASSERT_EQ(runs.size(), 350U);
  const auto rows = cost_rows(runs, assumptions(), EnergyGate::published);
  const Json summary = published("cost_energy_summary.json").at("rows");
  ASSERT_EQ(rows.size(), 50U);
  ASSERT_EQ(summary.size(), 50U);
  std::map<std::tuple<std::string, std::string, std::string>, const CostRow*> by_key;
  for (const CostRow& row : rows) by_key[{row.backend, row.scenario, row.mode}] = &row;
  int numbers = 0;
  for (const Json& expected : summary) {
    ASSERT_EQ(expected.size(), 42U);
    const auto found = by_key.find({expected.at("backend"), expected.at("scenario"), expected.at("mode")});
    ASSERT_NE(found, by_key.end()) << expected.dump();
    expect_same(to_json(*found->second), expected, std::get<0>(found->first), numbers);
  }
  EXPECT_EQ(numbers, 50 * 37);  // 42 less three names, the source of the power and a null
}

TEST(CostEnergy, TheAnalysisDocumentIsThePublishedOne) {
  const auto rows = cost_rows(raw_runs(), assumptions(), EnergyGate::published);
  int numbers = 0;
  expect_same(cost_analysis_json(rows, assumptions()), published("cost_energy_analysis.json"), "", numbers);
  EXPECT_GT(numbers, 180);
}

TEST(CostEnergy, MeansOfAModeAreTheReportsTable) {
  const auto rows = cost_rows(raw_runs(), assumptions(), EnergyGate::published);
  struct Golden {
    const char* backend;
    const char* mode;
    double ms, tok_s, watts, total, energy, kwh, carbon;
  };
  const std::vector<Golden> goldens = {
      {"onnxruntime-gpu", "prefill", 16.54, 2245.913, 16.63, 0.1279, 0.0004174, 0.002087, 1.043},
      {"onnxruntime-gpu", "generate", 56.07, 311.570, 30.81, 1.2041, 0.007105, 0.03553, 17.763},
      {"transformers-gpu-compile", "prefill", 20.84, 1817.286, 20.39, 0.1995, 0.0007668, 0.003834, 1.917},
      {"transformers-cpu", "generate", 815.4, 20.112, 74.87, 18.4726, 0.2655, 1.3275, 663.75},
      {"onnxruntime-cpu", "prefill", 26.21, 1224.061, 101.2, 0.2748, 0.005213, 0.02607, 13.034}};
  for (const Golden& golden : goldens) {
    const auto costs = backend_costs(rows, golden.mode);
    const auto found =
        std::find_if(costs.begin(), costs.end(), [&](const BackendCost& c) { return c.backend == golden.backend; });
    ASSERT_NE(found, costs.end());
    constexpr double kPrinted = 1e-3;
    EXPECT_TRUE(near(found->latency_ms, golden.ms, kPrinted));
    EXPECT_TRUE(near(found->tok_s, golden.tok_s, kPrinted));
    EXPECT_TRUE(near(found->power_w, golden.watts, kPrinted));
    EXPECT_TRUE(near(found->total_usd_per_1m[Tier::on_demand], golden.total, kPrinted));
    EXPECT_TRUE(near(found->energy_usd_per_1m, golden.energy, kPrinted));
    EXPECT_TRUE(near(found->kwh_per_1m, golden.kwh, kPrinted));
    EXPECT_TRUE(near(found->carbon_g_per_1m, golden.carbon, kPrinted));
  }
}

TEST(CostEnergy, AnotherProvidersHoursGiveItsTable) {
  CostAssumptions azure = assumptions();
  azure.usd_per_hour[Tier::on_demand] = 0.90;
  const auto costs = backend_costs(cost_rows(raw_runs(), azure, EnergyGate::published), "prefill");
  EXPECT_NEAR(*costs[1].total_usd_per_1m[Tier::on_demand], 0.1144, 5e-5);
  EXPECT_EQ(costs[1].backend, "onnxruntime-gpu");
}

TEST(EnergyReplay, OneHundredAndSeventyFourOfThreeHundredAndFiftyRowsAreNoData) {
  std::map<std::pair<bool, std::string>, int> no_data;
  int below_idle = 0;
  int ours = 0;
  for (const CostRun& run : raw_runs()) {
    const bool cpu = is_cpu_backend(run.backend);
    const AggregateVerdict verdict = judge_aggregate(run.power_samples, run.gpu_power_w, 20.71);
    no_data[{cpu, run.mode}] += verdict.published_rule == EnergyStatus::no_data ? 1 : 0;
    below_idle += !cpu && verdict.below_idle ? 1 : 0;
    ours += verdict.ours == EnergyStatus::no_data ? 1 : 0;
  }
  EXPECT_EQ((no_data[{false, "prefill"}]), 99);
  EXPECT_EQ((no_data[{false, "generate"}]), 40);
  EXPECT_EQ((no_data[{true, "prefill"}]), 35);
  EXPECT_EQ((no_data[{true, "generate"}]), 0);
  EXPECT_EQ(below_idle, 113);
  EXPECT_EQ(ours, 350);
}

TEST(EnergyReplay, ARankingOfGpuPrefillIsRefused) {
  const auto rows = cost_rows(raw_runs(), assumptions(), EnergyGate::published);
  std::vector<EnergyCandidate> candidates;
  for (const CostRow& row : rows) {
    if (is_cpu_backend(row.backend) || row.mode != "prefill") continue;
    candidates.push_back(
        {row.backend + "/" + row.scenario, row.published_rule, row.scope, row.energy_j_per_token, false});
  }
  ASSERT_EQ(candidates.size(), 15U);
  const auto ranking = rank_by_energy(candidates);
  ASSERT_FALSE(ranking);
  EXPECT_EQ(ranking.error().kind, core::ErrorKind::evidence);
  EXPECT_NE(ranking.error().message().find("status_below_good"), std::string::npos);
}

TEST(EnergyGate, NullsEnergyCarbonAndTotalsAndKeepsTheHours) {
  const auto runs = raw_runs();
  const auto gated = cost_rows(runs, assumptions(), EnergyGate::published_rule);
  const auto published_rows = cost_rows(runs, assumptions(), EnergyGate::published);
  int kept = 0;
  for (std::size_t i = 0; i < gated.size(); ++i) {
    EXPECT_EQ(gated[i].energy_j_per_token.has_value(), gated[i].runs_no_data == 0);
    EXPECT_EQ(gated[i].carbon_g_per_1m.has_value(), gated[i].runs_no_data == 0);
    EXPECT_EQ(gated[i].tiers[Tier::spot].total_usd_per_1m.has_value(), gated[i].runs_no_data == 0);
    EXPECT_EQ(gated[i].tiers[Tier::spot].infra_usd_per_1m, published_rows[i].tiers[Tier::spot].infra_usd_per_1m);
    kept += gated[i].runs_no_data == 0 ? 1 : 0;
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 50);
  for (const CostRow& row : cost_rows(runs, assumptions(), EnergyGate::ours)) {
    EXPECT_FALSE(row.energy_kwh_per_1m);
    EXPECT_TRUE(row.energy_reason == "no_data" || row.energy_reason == "updates_unknown") << row.energy_reason;
  }
  const Json analysis = cost_analysis_json(gated, assumptions());
  EXPECT_TRUE(analysis.at("carbon_comparison").at("lowest_carbon_backend").is_null());
  EXPECT_TRUE(analysis.at("energy_efficiency_ranking").at("onnxruntime-gpu").is_null());
  EXPECT_TRUE(analysis.at("request_costs").at("onnxruntime-gpu").at("total_cost_usd_per_request").is_null());
}

CostRun one_run() {
  CostRun run;
  run.backend = "onnxruntime-gpu";
  run.scenario = "s";
  run.mode = "prefill";
  run.tok_s = 100;
  run.latency_ms = 10;
  run.gpu_power_w = 100;
  run.power_samples = 5;
  return run;
}

CostValidation validated(const CostRun& run, const CostAssumptions& a = assumptions()) {
  const std::vector<CostRun> runs{run};
  return validate_costs(cost_rows(runs, a, EnergyGate::published), a);
}

TEST(CostEnergy, MissingPowerIsNullAndAnIssueAndNeverADefault) {
  CostRun run = one_run();
  run.gpu_power_w.reset();
  const std::vector<CostRun> runs{run};
  const auto rows = cost_rows(runs, assumptions(), EnergyGate::published);
  EXPECT_EQ(rows[0].energy_reason, "no_power");
  EXPECT_EQ(rows[0].power_source, "unknown");
  EXPECT_FALSE(rows[0].energy_usd_per_1m);
  EXPECT_FALSE(rows[0].tiers[Tier::on_demand].total_usd_per_1m);
  EXPECT_FALSE(validated(run).valid());
}

TEST(CostEnergy, AGpuBackendWithoutGpuPowerIsOfPackageScope) {
  CostRun run = one_run();
  run.gpu_power_w = 0;
  run.cpu_power_w = 45;
  const std::vector<CostRun> runs{run};
  const CostRow row = cost_rows(runs, assumptions(), EnergyGate::published)[0];
  EXPECT_EQ(row.power_source, "cpu");
  EXPECT_EQ(row.scope, EnergyScope::cpu_package);
}

TEST(CostValidation, EachRuleCanFail) {
  EXPECT_TRUE(validated(one_run()).valid());
  EXPECT_EQ(validated(one_run()).warnings.size(), 1U);  // on_prem = 0
  EXPECT_FALSE(validate_costs({}, assumptions()).valid());
  const auto warns = [](const CostRun& run, const CostAssumptions& a, const std::string& text) {
    const auto warnings = validated(run, a).warnings;
    return std::any_of(warnings.begin(), warnings.end(),
                       [&](const std::string& w) { return w.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(warns(one_run(), assumptions(), "capex"));
  CostRun run = one_run();
  run.gpu_power_w = 501;
  EXPECT_TRUE(warns(run, assumptions(), "above 500 W"));
  EXPECT_TRUE(warns(run, assumptions(), "1 J a token"));
  run.gpu_power_w = 4.9;
  EXPECT_TRUE(warns(run, assumptions(), "below 5 W"));
  run = one_run();
  run.tok_s = 0.1;
  EXPECT_TRUE(warns(run, assumptions(), "1000 USD"));
  EXPECT_TRUE(warns(run, assumptions(), "2000 USD"));
  CostAssumptions dear = assumptions();
  dear.usd_per_kwh = 100;
  EXPECT_TRUE(warns(one_run(), dear, "twice"));
  CostAssumptions negative = assumptions();
  negative.usd_per_hour[Tier::spot] = -1;
  negative.usd_per_kwh = -1;
  const auto issues = validated(one_run(), negative).issues;
  EXPECT_GE(issues.size(), 3U);  // infrastructure, energy, totals
  CostRun cpu = one_run();
  cpu.backend = "onnxruntime-cpu";
  cpu.cpu_estimated_w = 40;
  EXPECT_FALSE(validated(cpu).valid());
  cpu.cpu_power_w = 40;
  EXPECT_TRUE(validated(cpu).valid());
  cpu.cpu_power_w = -1;
  EXPECT_FALSE(validated(cpu).valid());
}

}  // namespace
}  // namespace phasegate::analysis
