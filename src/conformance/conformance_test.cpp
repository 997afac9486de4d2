// The whole way over the reports' own data: everything published is derived again, and one changed value is noticed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "conformance/check.h"

namespace phasegate::conformance {
namespace {

namespace fs = std::filesystem;

const fs::path kReports = fs::path(PHASEGATE_SOURCE_DIR) / "tests/conformance/reports";

const Outcome& whole() {
  static const Outcome outcome = [] {
    auto result = check_folder(kReports);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
    return result ? std::move(*result) : Outcome{};
  }();
  return outcome;
}

std::size_t count(const Outcome& outcome, readers::Format format, Verdict verdict) {
  return static_cast<std::size_t>(std::count_if(outcome.values.begin(), outcome.values.end(), [&](const Value& value) {
    return value.format == format && value.verdict == verdict;
  }));
}

double derived(const Outcome& outcome, const std::string& run, const std::string& name) {
  for (const auto& value : outcome.values)
    if (value.run == run && value.name == name && value.derived && value.derived->index() == 0)
      return std::get<double>(*value.derived);
  ADD_FAILURE() << "no number " << name << " of " << run;
  return 0;
}

std::string derived_text(const Outcome& outcome, const std::string& run, const std::string& name) {
  for (const auto& value : outcome.values)
    if (value.run == run && value.name == name && value.derived) return to_text(*value.derived);
  return "(nothing)";
}

// A folder of its own, removed at the end.
class Copy {
 public:
  Copy(const fs::path& from, const std::string& to) {
    static int number = 0;
    root_ =
        fs::path(testing::TempDir()) / ("conformance_" + std::to_string(::getpid()) + "_" + std::to_string(number++));
    fs::create_directories(root_ / to);
    fs::copy(from, root_ / to, fs::copy_options::recursive);
  }
  ~Copy() { fs::remove_all(root_); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  [[nodiscard]] const fs::path& root() const { return root_; }

  // Replaces the first `was` in a file, and fails the test when it is not there.
  void change(const std::string& file, const std::string& was, const std::string& is) const {
    std::ifstream in(root_ / file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    auto content = text.str();
    const auto at = content.find(was);
    ASSERT_NE(at, std::string::npos) << file << " has no " << was;
    content.replace(at, was.size(), is);
    std::ofstream(root_ / file, std::ios::binary | std::ios::trunc) << content;
  }

 private:
  fs::path root_;
};

Outcome check(const Copy& copy) {
  auto result = check_folder(copy.root());
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
  return result ? std::move(*result) : Outcome{};
}

bool fails(const Outcome& outcome, const std::string& part) {
  return std::any_of(outcome.values.begin(), outcome.values.end(), [&](const Value& value) {
    return value.verdict == Verdict::fail && value.name.find(part) != std::string::npos;
  });
}

TEST(Conformance, NothingFailsOnTheReportsData) {
  const auto& outcome = whole();
  for (const auto& value : outcome.values) {
    if (value.verdict != Verdict::fail) continue;
    ADD_FAILURE() << value.run << " " << value.name << ": published " << to_text(*value.published) << ", derived "
                  << (value.derived ? to_text(*value.derived) : "-") << " [" << value.source << "]";
  }
  EXPECT_TRUE(outcome.unread.empty());
  EXPECT_TRUE(outcome.unplaced.empty()) << outcome.unplaced.front();
  EXPECT_TRUE(outcome.holds());
}

// A derivation that loses its names would turn passes into absent inputs; these numbers can only grow.
TEST(Conformance, EveryReportIsDerivedInFull) {
  EXPECT_GE(count(whole(), readers::Format::tr117, Verdict::pass), 9U);
  EXPECT_GE(count(whole(), readers::Format::tr118, Verdict::pass), 1991U);
  EXPECT_GE(count(whole(), readers::Format::tr119, Verdict::pass), 3534U);
  EXPECT_GE(count(whole(), readers::Format::tr120, Verdict::pass), 2300U);
  EXPECT_GE(count(whole(), readers::Format::tr121, Verdict::pass), 18810U);
  EXPECT_GE(whole().count(Verdict::known_discrepancy), 53U);
}

TEST(Conformance, Tr118) {
  const auto& outcome = whole();
  const std::string run = "1765652089";
  EXPECT_EQ(derived(outcome, run, "counts/prefill/degraded_runs"), 10);
  EXPECT_EQ(derived(outcome, run, "counts/prefill/total_runs"), 180);
  EXPECT_EQ(derived(outcome, run, "counts/generate/degraded_runs"), 90);
  EXPECT_EQ(derived(outcome, run, "counts/generate/total_runs"), 180);
  EXPECT_EQ(derived(outcome, "tr118 study", "counts/degraded_runs"), 200);
  EXPECT_EQ(derived(outcome, "tr118 study", "counts/total_runs"), 720);
  EXPECT_EQ(derived(outcome, run, "failures/generate/dtype_or_size_mismatch"), 80);
  EXPECT_EQ(derived(outcome, run, "failures/generate/shape_out_of_range"), 10);
  EXPECT_NEAR(derived(outcome, "tr118 study", "crossover/fit/crossover_params"), 76412445.2, 0.1);
  EXPECT_NEAR(derived(outcome, "tr118 study", "crossover/fit/crossover_ci_95/0"), 56194690.07, 0.01);
  EXPECT_NEAR(derived(outcome, "tr118 study", "amortisation/exact_tokens_needed"), 768355.13, 0.005);
  EXPECT_NEAR(derived(outcome, "tr118 study", "amortisation_measured_build/exact_tokens_needed"), 489942, 1);
  EXPECT_EQ(derived_text(outcome, run, "engine/int8/has_int8_tensors"), "false");
}

TEST(Conformance, Tr119) {
  const auto& outcome = whole();
  EXPECT_EQ(derived(outcome, "tr119 matrix", "energy/rows"), 350);
  EXPECT_EQ(derived(outcome, "tr119 matrix", "energy/no_data_rows"), 174);
  EXPECT_EQ(derived(outcome, "tr119 matrix", "energy/gpu/prefill/no_data_rows"), 99);
  EXPECT_EQ(derived(outcome, "tr119 matrix", "energy/gpu/generate/no_data_rows"), 40);
  EXPECT_EQ(derived(outcome, "tr119 matrix", "energy/cpu/prefill/no_data_rows"), 35);
  EXPECT_EQ(derived(outcome, "tr119 matrix", "energy/cpu/generate/no_data_rows"), 0);
  EXPECT_EQ(derived_text(outcome, "tr119 matrix", "energy/gpu/prefill/ranking"), "refused");
  EXPECT_EQ(derived_text(outcome, "tr119 matrix", "winner/prefill/batch_short"), "transformers-gpu");
  const auto cells = std::count_if(outcome.values.begin(), outcome.values.end(), [](const Value& value) {
    return value.name.rfind("cost/", 0) == 0 && value.source.rfind("processed/cost_energy_summary.json", 0) == 0 &&
           value.verdict == Verdict::pass;
  });
  // 50 rows of 42 fields: three name the row, cpu_power_estimated_watts is null in every one.
  EXPECT_EQ(cells, 50 * (42 - 4));
}

TEST(Conformance, Tr120) {
  const auto& outcome = whole();
  EXPECT_NEAR(derived(outcome, "tr117 label audit", "label/comparisons/overall/mann_whitney/p_value"), 0.7493, 5e-5);
  EXPECT_EQ(derived_text(outcome, "20251221_191009", "prefill/compile/grade"), "counter_consistent");
  EXPECT_EQ(derived_text(outcome, "20251221_173112", "prefill/compile/shape/stress_single"), "refuted");
  EXPECT_EQ(derived_text(outcome, "20251221_173112", "prefill/compile/shape/single_short"), "counter_consistent");
  EXPECT_EQ(derived_text(outcome, "20251221_173112", "prefill/tail/transformers-gpu-compile/shape"), "stress_single");
  EXPECT_EQ(derived(outcome, "20251221_173112", "prefill/tail/transformers-gpu-compile/slow/stress_single"), 30);
  EXPECT_EQ(derived_text(outcome, "20251221_173112", "kv_decode/compile/grade"), "refuted");
  EXPECT_EQ(derived_text(outcome, "20251221_113136", "prefill/compile/grade"), "refuted");
}

TEST(Conformance, Tr121) {
  const auto& outcome = whole();
  const std::string run = "20251224_002149";
  EXPECT_EQ(derived(outcome, run, "warmup_ratio/all/cells"), 171);
  EXPECT_EQ(derived(outcome, run, "warmup_ratio/all/over_10x"), 11);
  EXPECT_EQ(derived(outcome, run, "warmup_ratio/hf_cpu_fp32/prefill/over_10x"), 5);
  EXPECT_EQ(derived(outcome, run, "warmup_ratio/hf_gpu_fp16/prefill/over_10x"), 2);
  EXPECT_EQ(derived(outcome, run, "warmup_ratio/ollama/prefill/over_10x"), 4);
  const double slopes[3][3] = {{0.28075, 0.29109, 0.29109}, {0.03378, 0.04261, 0.04271}, {0.62289, 0.64862, 0.64817}};
  const char* backends[] = {"hf_cpu_fp32", "hf_gpu_fp16", "ollama"};
  const char* modes[] = {"prefill", "kv_decode", "e2e_kv"};
  for (int b = 0; b < 3; ++b) {
    for (int m = 0; m < 3; ++m) {
      const auto name = name_of("scaling", backends[b], "1", modes[m], "__all__/slope");
      EXPECT_NEAR(derived(outcome, run, name), slopes[b][m], 5e-6) << name;
    }
  }
  EXPECT_EQ(derived_text(outcome, run, "scaling/ollama/1/e2e_kv/__all__/planning"), "actionable");
  EXPECT_EQ(derived_text(outcome, run, "scaling/hf_gpu_fp16/1/e2e_kv/__all__/planning"), "r2_below_0.2");
}

TEST(Conformance, AChangedLatencyIsNoticed) {
  const Copy copy(kReports / "tr120/controlled/20251221_191009", "run");
  EXPECT_TRUE(check(copy).holds());
  copy.change("run/prefill/metrics.csv", "fp32,1.5018649992271094,", "fp32,1.6018649992271094,");
  const auto outcome = check(copy);
  EXPECT_FALSE(outcome.holds());
  EXPECT_TRUE(fails(outcome, "prefill/overall/transformers-gpu/mean_ms"));
}

TEST(Conformance, AChangedPowerIsNoticed) {
  const Copy copy(kReports / "tr119", "anything");
  copy.change("anything/raw/bench_tr119_1766283446.jsonl", "\"gpu_power_mean_watts\": 30.166",
              "\"gpu_power_mean_watts\": 31.166");
  const auto outcome = check(copy);
  EXPECT_TRUE(fails(outcome, "energy_kwh_per_1m_tokens"));
  EXPECT_TRUE(fails(outcome, "analysis/energy_efficiency_ranking/transformers-gpu-compile"));
}

TEST(Conformance, AChangedStatusIsNoticed) {
  const Copy copy(kReports / "tr118/gpt2", "gpt2");
  copy.change("gpt2/raw/bench_prefill_1765652089.jsonl", "\"status\": \"ok\"", "\"status\": \"error\"");
  EXPECT_TRUE(fails(check(copy), "n_degraded"));
}

TEST(Conformance, AChangedPublishedCellIsNoticed) {
  const Copy copy(kReports / "tr121/20251224_002149", "run");
  copy.change("run/analysis/scaling_fits.csv", "0.2910907137638405", "0.2910907147638405");
  EXPECT_TRUE(fails(check(copy), "scaling/hf_cpu_fp32/1/e2e_kv/__all__/slope"));
}

// A contradicted value that turns out to be right is an error of the catalogue, not a discrepancy.
TEST(Conformance, AContradictionThatVanishesIsNoticed) {
  const Copy copy(kReports / "tr118/gpt2", "gpt2");
  copy.change("gpt2/processed/trt_build_metadata_1765652089.json", "153.0360956000004", "240.0");
  EXPECT_TRUE(fails(check(copy), "engine/int8/build_time_s"));
}

TEST(Conformance, FoldersMayHaveAnyName) {
  const Copy copy(kReports / "tr120/controlled/20251221_191009", "deep/er/x y");
  const auto outcome = check(copy);
  EXPECT_TRUE(outcome.holds());
  EXPECT_EQ(derived(outcome, "20251221_191009", "prefill/compile/unique_graphs"), 8);
}

TEST(Conformance, PartsMayHaveAnyName) {
  const Copy copy(kReports / "tr120/controlled/20251221_191009", "run");
  const auto before = check(copy).count(Verdict::pass);
  fs::rename(copy.root() / "run/prefill", copy.root() / "run/p1");
  EXPECT_EQ(check(copy).count(Verdict::pass), before);
}

TEST(Conformance, AnotherRunGetsItsValuesUnpublished) {
  const Copy copy(kReports / "tr121/20251224_002149", "other");
  fs::remove_all(copy.root() / "other/analysis");
  copy.change("other/manifest.json", "\"run_id\": \"20251224_002149\"", "\"run_id\": \"20260101_000000\"");
  const auto outcome = check(copy);
  EXPECT_TRUE(outcome.holds());
  EXPECT_EQ(derived(outcome, "20260101_000000", "warmup_ratio/all/over_10x"), 11);
  const auto stray = std::count_if(outcome.values.begin(), outcome.values.end(), [](const Value& value) {
    return value.run == "20260101_000000" && value.verdict != Verdict::not_published;
  });
  EXPECT_EQ(stray, 0);
}

TEST(Conformance, NoDataIsNoPass) {
  const Copy copy(kReports.parent_path() / "foreign/vllm", "vllm");
  const auto outcome = check(copy);
  EXPECT_EQ(count(outcome, readers::Format::tr121, Verdict::pass), 0U);
  EXPECT_GT(count(outcome, readers::Format::tr121, Verdict::inputs_absent), 0U);
  EXPECT_FALSE(outcome.unplaced.empty());  // no report: said, not passed over
}

TEST(Conformance, TheDocumentHasExactlyItsKeys) {
  const auto json = to_json(whole());
  ASSERT_EQ(json.size(), 3U);
  ASSERT_TRUE(json.contains("values") && json.contains("unplaced") && json.contains("summary"));
  for (const auto& value : json["values"]) {
    ASSERT_EQ(value.size(), 7U) << value.dump();
    for (const char* key : {"run", "source", "name", "published", "derived", "tolerance", "verdict"})
      ASSERT_TRUE(value.contains(key)) << key;
  }
  EXPECT_EQ(json["summary"]["verdicts"]["fail"], 0);
  const auto foreign = to_json(check(Copy(kReports.parent_path() / "foreign/vllm", "vllm")));
  ASSERT_FALSE(foreign["unplaced"].empty());
  const auto path = foreign["unplaced"][0].get<std::string>();
  EXPECT_EQ(path.find(": "), std::string::npos) << path;
  EXPECT_FALSE(foreign["summary"]["unplaced_because"][path].get<std::string>().empty());
  EXPECT_EQ(json["summary"]["reports"]["tr119"]["pass"], count(whole(), readers::Format::tr119, Verdict::pass));
}

}  // namespace
}  // namespace phasegate::conformance
