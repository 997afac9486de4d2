// Real runs of the reports (tests/conformance/reports): counts that were published, and the same run in other clothes.
#include <algorithm>

#include "readers/reports_fixture.h"

namespace phasegate::readers {
namespace {

using evidence::Observation;
using evidence::Reason;
using evidence::Regime;
using evidence::Status;
using evidence::Window;

TEST(Tr118, HasEveryRowAndTheDegradedOnesWithTheirClass) {
  const Taken run = take_only(report("tr118/gpt2"));
  EXPECT_EQ(run.source.run, "1765652089");
  EXPECT_EQ(run.rows.size(), 360U);
  EXPECT_EQ(run.source.bad_rows, 0);
  EXPECT_EQ(run.source.facts.rows_expected, 360);
  const auto lost = [&](Window window) {
    return run.count([&](const Observation& row) { return row.window == window && !row.usable(); });
  };
  EXPECT_EQ(lost(Window::prefill), 10);
  EXPECT_EQ(lost(Window::generate_uncached), 90);
  // The published audit calls all 100 a profile mismatch; 80 are a copy of the wrong type or size.
  EXPECT_EQ(run.count([](const Observation& row) { return row.reason == Reason::dtype_or_size_mismatch; }), 80);
  EXPECT_EQ(run.count([](const Observation& row) { return row.reason == Reason::shape_out_of_range; }), 20);
  for (const auto& row : run.rows) {
    if (row.usable()) continue;
    EXPECT_FALSE(row.error.empty());
    EXPECT_FALSE(row.degraded_reasons.empty());
  }
}

TEST(Tr118, TimeToFirstTokenIsOfTheGenerateLoopAlone) {
  const Taken run = take_only(report("tr118/gpt2"));
  for (const auto& row : run.rows) {
    const bool timed = row.window == Window::generate_uncached && row.usable();
    EXPECT_EQ(row.ttft_ms.size(), timed ? row.latency_ms.size() : 0U) << row.file << ":" << row.line;
    if (timed) {
      EXPECT_LT(row.ttft_ms[0], row.latency_ms[0]);
    }
  }
  EXPECT_EQ(run.source.facts.ttft_measured, true);
}

TEST(Tr118, TellsWhatTheFilesSayAndNothingElse) {
  const Source source = take_only(report("tr118/gpt2")).source;
  EXPECT_EQ(source.facts.seed, 42);
  EXPECT_EQ(source.facts.sessions, 1);
  EXPECT_EQ(source.facts.order_randomised, false);
  EXPECT_EQ(source.facts.warmup_labelled, true);
  EXPECT_EQ(source.facts.hardware, "NVIDIA GeForce RTX 4080 Laptop GPU");
  EXPECT_FALSE(source.facts.model_identity);  // onnx_sha256 is null
  EXPECT_EQ(source.started, "2025-12-13T18:54:49Z");
  EXPECT_EQ(source.finished, "2025-12-13T19:02:50Z");
  EXPECT_EQ(source.environment.at("os").value, "Windows-11-10.0.26200-SP0");
  EXPECT_TRUE(source.environment.at("driver").value.is_null());
  EXPECT_EQ(source.environment.at("driver").reason, "not stated by the source");
  EXPECT_EQ(source.environment.size(), evidence::kEnvironmentKeys.size());
  for (const auto& file : source.files) EXPECT_EQ(file.sha256.size(), 64U) << file.path;
}

TEST(Tr118, StudyFilesAndSweepsAreRunsWithoutRows) {
  const auto found = discover(report("tr118"));
  ASSERT_TRUE(found);
  std::vector<std::string> names;
  for (const auto& run : found->runs) names.push_back(run.name);
  EXPECT_EQ(names, (std::vector<std::string>{"audit", "1765652089", "baseline", "builder_opt_1", "static_shapes"}));
  const Taken audit = take_run(found->runs.front());
  EXPECT_EQ(audit.source.documents.size(), 5U);
  EXPECT_TRUE(audit.rows.empty());
  EXPECT_EQ(take_run(found->runs.back()).source.tables.size(), 2U);
}

TEST(Tr119, TwoRunsOfOneResultsFolderAreOneRun) {
  const Taken run = take_only(report("tr119"));
  EXPECT_EQ(run.source.run, "1766283446+1766283570");
  EXPECT_EQ(run.source.format, Format::tr119);
  EXPECT_EQ(run.rows.size(), 350U);
  EXPECT_EQ(run.source.facts.rows_expected, 350);
  EXPECT_EQ(run.source.facts.sessions, 2);
  EXPECT_EQ(run.source.facts.ttft_measured, false);
  EXPECT_EQ(run.count([](const Observation& row) { return row.window == Window::prefill; }), 175);
  EXPECT_EQ(run.count([](const Observation& row) { return row.model == "gpt2"; }), 350);  // only the config names it
  EXPECT_EQ(run.count([](const Observation& row) { return row.power && row.power->samples < 2; }), 174);
  EXPECT_EQ(run.source.tables.count("processed/latency_summary_cost.csv"), 1U);
  EXPECT_EQ(run.source.documents.at("processed/cost_energy_summary.json").at("rows").size(), 50U);
}

TEST(Tr120, HasEveryCallOfEachModeAndBackend) {
  const Taken run = take_only(report("tr120/controlled/20251221_173112"));
  std::map<std::string, int> calls;
  for (const auto& row : run.rows) ++calls[std::string(to_string(row.window)) + " " + row.backend];
  EXPECT_EQ(calls.size(), 6U);
  for (const auto& [cell, count] : calls) EXPECT_EQ(count, 270) << cell;
  EXPECT_EQ(run.source.bad_rows, 0);
  for (const auto& row : run.rows) {
    EXPECT_TRUE(row.ttft_ms.empty());  // a copy of the latency
    EXPECT_EQ(row.regime, Regime::steady);
  }
  const auto& counters = run.source.documents.at("prefill/dynamo_counters.json");
  EXPECT_EQ(counters.at("dynamo_counters").at("unimplemented").at("recompile_limit reached"), 1);
  EXPECT_EQ(run.source.environment.at("cuda").value, "12.9");
}

TEST(Tr120, KeepsTheDeviceTimeWhereItWasMeasured) {
  const Taken run = take_only(report("tr120/controlled/20251221_191009"));
  EXPECT_EQ(run.rows.size(), 540U);
  for (const auto& row : run.rows) {
    ASSERT_TRUE(row.device_ms);
    EXPECT_LT(*row.device_ms, row.latency_ms.front() + 0.5);
  }
  EXPECT_TRUE(run.source.documents.count("compiler_evidence.json"));
}

TEST(Tr120, CompileParadoxIsARunOfPublishedTables) {
  const auto found = discover(report("tr120"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->runs.size(), 4U);
  const Taken tables = take_only(report("tr120/compile_paradox"));
  EXPECT_TRUE(tables.rows.empty());
  EXPECT_EQ(tables.source.tables.size(), 6U);
  EXPECT_EQ(tables.source.tables.at("cold_start_by_file.csv").rows.size(), 42U);
}

TEST(Tr121, HasEveryRowWithItsRegime) {
  const Taken run = take_only(report("tr121/20251224_002149"));
  EXPECT_EQ(run.source.run, "20251224_002149");
  EXPECT_EQ(run.rows.size(), 684U);
  EXPECT_EQ(run.source.facts.rows_expected, 684);
  EXPECT_EQ(run.source.bad_rows, 0);
  EXPECT_EQ(run.count([](const Observation& row) { return row.regime == Regime::warmup; }), 171);
  EXPECT_EQ(run.count([](const Observation& row) { return row.backend == "ollama"; }), 180);
  EXPECT_EQ(run.source.facts.order_randomised, true);
  EXPECT_EQ(run.source.tables.size(), 16U);
  const auto row = std::find_if(run.rows.begin(), run.rows.end(), [](const Observation& each) {
    return each.model == "gpt-oss-20b:latest" && each.window == Window::decode;
  });
  ASSERT_NE(row, run.rows.end());
  EXPECT_EQ(row->precision, "Q4_K_M");
  EXPECT_EQ(row->parameters, 20900e6);
  EXPECT_TRUE(row->numbers.count("ollama_load_ms"));
}

TEST(Tr121, ASweepIsItsRunsAndARunOfTables) {
  const auto found = discover(report("tr121/decode_sweep_20251224_002955"));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->runs.size(), 5U);
  EXPECT_EQ(found->runs[0].name, "tr121_decode_length_sweep_v1_20251224_002955");
  EXPECT_EQ(take_run(found->runs[0]).source.tables.size(), 3U);
  std::int64_t rows = 0;
  for (const auto& run : found->runs) rows += static_cast<std::int64_t>(take_run(run).rows.size());
  EXPECT_EQ(rows, 4 * 360);
}

// Every run of the data, renamed folder by folder, is the same run.
TEST(Reports, FolderNamesDecideNothing) {
  const std::vector<std::string> runs = {"tr118/gpt2", "tr119", "tr120/controlled/20251221_173112",
                                         "tr120/controlled_windows/20251221_113136", "tr121/20251224_002149"};
  for (const auto& name : runs) {
    Folder folder;
    copy_into(report(name), folder.path() / "x");
    std::vector<std::filesystem::path> inside;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "x")) {
      if (entry.is_directory()) inside.push_back(entry.path());
    }
    std::sort(inside.begin(), inside.end(), std::greater<>());
    int number = 0;
    for (const auto& path : inside) std::filesystem::rename(path, path.parent_path() / fmt::format("d{}", ++number));
    const Taken before = take_only(report(name));
    const Taken after = take_only(folder.path());
    auto expected = essence(before);
    auto found = essence(after);
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << name;
    EXPECT_EQ(after.source.run, before.source.run);
    EXPECT_EQ(after.source.tables.size(), before.source.tables.size()) << name;
    EXPECT_EQ(after.source.documents.size(), before.source.documents.size()) << name;
  }
}

TEST(Reports, LineEndsAndColumnOrderDecideNothing) {
  Folder folder;
  copy_into(report("tr121/20251224_002149"), folder.path() / "run");
  copy_into(report("tr120/controlled/20251221_173112"), folder.path() / "tr120");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    const bool rows = entry.path().filename() == "metrics.csv";
    change(entry.path(), [&](std::string text) { return with_crlf(rows ? with_reversed_columns(text) : text); });
  }
  EXPECT_EQ(essence(take_only(folder.path() / "run")), essence(take_only(report("tr121/20251224_002149"))));
  EXPECT_EQ(take_only(folder.path() / "run").source.bad_rows, 0);
  std::filesystem::remove(folder.path() / "run/runs.jsonl");  // the table alone has the same rows
  EXPECT_EQ(essence(take_only(folder.path() / "run")), essence(take_only(report("tr121/20251224_002149"))));
  EXPECT_EQ(essence(take_only(folder.path() / "tr120")),
            essence(take_only(report("tr120/controlled/20251221_173112"))));
}

// The last cell of each line, which is the path.
std::string with_windows_paths(std::string text) {
  for (std::size_t at = text.find("scripts/"); at != std::string::npos; at = text.find("scripts/", at)) {
    for (; at < text.size() && text[at] != '\n'; ++at) {
      if (text[at] == '/') text[at] = '\\';
    }
  }
  return text;
}

TEST(Reports, WindowsPathsInTheFilesAreRead) {
  Folder folder;
  copy_into(report("tr120/controlled/20251221_173112"), folder.path() / "run");
  for (const auto* mode : {"prefill", "kv_decode", "e2e_kv"}) {
    change(folder.path() / "run" / mode / "metrics.csv", [](std::string text) { return with_windows_paths(text); });
  }
  const Taken run = take_only(folder.path());
  EXPECT_EQ(essence(run), essence(take_only(report("tr120/controlled/20251221_173112"))));
  EXPECT_EQ(run.source.bad_rows, 0);
}

}  // namespace
}  // namespace phasegate::readers
