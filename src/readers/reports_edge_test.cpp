// The reports' runs as they come in practice: without optional files, several in one folder, renamed, with rows that
// are broken or that two files tell differently.
#include <algorithm>

#include "readers/reports_fixture.h"

namespace phasegate::readers {
namespace {

namespace fs = std::filesystem;
using evidence::Observation;
using evidence::Window;

TEST(Edge, Tr118WithoutAManifestIsStillOneRun) {
  Folder folder;
  copy_into(report("tr118/gpt2"), folder.path() / "run");
  fs::remove(folder.path() / "run/processed/experiment_manifest_1765652089.json");
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.source.run, "1765652089");
  EXPECT_EQ(run.rows.size(), 360U);
  EXPECT_EQ(run.source.tables.size(), 3U);
  EXPECT_EQ(run.source.facts.rows_expected, 360);  // the configuration still says it
  EXPECT_FALSE(run.source.facts.hardware);
  EXPECT_TRUE(run.source.environment.at("gpu").value.is_null());
}

TEST(Edge, Tr118WithRawRowsAlone) {
  Folder folder;
  copy_into(report("tr118/gpt2/raw"), folder.path() / "raw");
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 360U);
  EXPECT_FALSE(run.source.facts.rows_expected);
  // What no file of its own has is kept from the first row that has it.
  const auto& builds = run.source.documents.at("bench_prefill_1765652089.jsonl#trt_build_metadata");
  ASSERT_EQ(builds.size(), 3U);
  EXPECT_EQ(builds[2].at("engine_inspect").at("has_int8_tensors"), false);
  EXPECT_EQ(run.source.documents.at("bench_generate_1765652089.jsonl#export_metadata").at("opset_version"), 17);
}

// A second run of the same matrix a day later, in the same folders.
void add_second_run(const fs::path& run) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    if (entry.path().filename().string().find("1765652089") != std::string::npos) files.push_back(entry.path());
  }
  for (const auto& file : files) {
    const auto name = replace_all(file.filename().string(), "1765652089", "1765738489");
    std::ofstream(file.parent_path() / name, std::ios::binary) << replace_all(slurp(file), "176565", "176573");
  }
}

TEST(Edge, Tr118TwoRunsInOneFolder) {
  Folder folder;
  copy_into(report("tr118/gpt2"), folder.path() / "run");
  add_second_run(folder.path() / "run");
  change(folder.path() / "run/processed/experiment_manifest_1765738489.json", [](std::string text) {
    return replace_all(replace_all(std::move(text), "1765732089", "1765738489"), "1765732570", "1765739570");
  });
  const auto runs = take_all(folder.path());
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].source.run, "1765652089");
  EXPECT_EQ(runs[1].source.run, "1765738489");
  for (const auto& run : runs) {
    EXPECT_EQ(run.rows.size(), 360U);
    EXPECT_EQ(run.source.facts.rows_expected, 360);
  }
  // The summary has no id in its name: the later run wrote over it.
  EXPECT_EQ(runs[0].source.tables.count("processed/latency_summary_prefill.csv"), 0U);
  EXPECT_EQ(runs[1].source.tables.count("processed/latency_summary_prefill.csv"), 1U);
}

TEST(Edge, Tr118RenamedFilesAreFoundByTheirInstants) {
  Folder folder;
  copy_into(report("tr118/gpt2"), folder.path() / "run");
  fs::rename(folder.path() / "run/raw/bench_prefill_1765652089.jsonl", folder.path() / "run/raw/a.jsonl");
  fs::rename(folder.path() / "run/raw/bench_generate_1765652089.jsonl", folder.path() / "run/raw/b.txt");
  fs::rename(folder.path() / "run/processed/export_metadata_1765652089.json", folder.path() / "run/export.json");
  fs::rename(folder.path() / "run/processed/experiment_manifest_1765652089.json",
             folder.path() / "run/processed/m.json");
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.source.run, "1765652089");
  EXPECT_EQ(run.rows.size(), 360U);
  EXPECT_EQ(run.source.documents.count("export.json"), 1U);
}

TEST(Edge, Tr118BrokenRowsAreCountedAndTheOthersTaken) {
  Folder folder;
  copy_into(report("tr118/gpt2/raw/bench_prefill_1765652089.jsonl"), folder.path() / "bench_prefill_1765652089.jsonl");
  change(folder.path() / "bench_prefill_1765652089.jsonl", [](std::string text) {
    const auto edit = [&](int line, const std::string& from, const std::string& to) {
      text = with_line(text, line, [&](std::string row) {
        const auto at = row.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return row.replace(at, from.size(), to);
      });
    };
    edit(2, "\"latencies_ms\": [", "\"latencies_ms\": [-");
    edit(3, "\"mode\": \"prefill\"", "\"mode\": \"speculative\"");
    edit(4, "\"throughput_tok_s\": [", "\"throughput_tok_s\": [1.0, ");
    edit(5, "\"batch_size\": 1", "\"batch_size\": \"one\"");
    edit(6, "\"status\": \"ok\"", "\"status\": \"fine\"");
    return with_line(text, 7, [](const std::string& row) { return row.substr(0, row.size() / 2); });
  });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 174U);
  ASSERT_EQ(run.source.bad_rows, 6);
  const std::vector<std::string> keys = {"latencies_ms/0",  "spec/mode", "throughput_tok_s",
                                         "spec/batch_size", "status",    ""};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(run.source.bad[i].key, keys[i]);
    EXPECT_EQ(run.source.bad[i].line, static_cast<std::int64_t>(i) + 2);
    EXPECT_FALSE(run.source.bad[i].raw.empty());
    EXPECT_FALSE(run.source.bad[i].expected.empty());
  }
}

TEST(Edge, ABrokenDocumentDoesNotCostTheRows) {
  Folder folder;
  copy_into(report("tr119"), folder.path() / "run");
  change(folder.path() / "run/processed/cost_energy_analysis.json",
         [](const std::string& text) { return text.substr(0, text.size() / 2); });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 350U);
  ASSERT_EQ(run.source.bad_rows, 1);
  EXPECT_EQ(run.source.bad[0].file, "processed/cost_energy_analysis.json");
  EXPECT_EQ(run.source.documents.count("processed/cost_energy_analysis.json"), 0U);
}

TEST(Edge, TwoRunsWhoseFilesAreAllRenamedArePartedByTheirInstants) {
  Folder folder;
  const fs::path run = folder.path() / "run";
  copy_into(report("tr118/gpt2"), run);
  add_second_run(run);
  change(run / "processed/experiment_manifest_1765738489.json", [](std::string text) {
    return replace_all(replace_all(std::move(text), "1765732089", "1765738489"), "1765732570", "1765739570");
  });
  for (const auto* id : {"1765652089", "1765738489"}) {
    // The second run's rows began at 17657323…; its manifest must enclose them.
    const std::string first = std::string(id) == "1765652089" ? "a" : "c";
    fs::rename(run / "raw" / fmt::format("bench_prefill_{}.jsonl", id), run / "raw" / (first + ".jsonl"));
    fs::rename(run / "raw" / fmt::format("bench_generate_{}.jsonl", id), run / "raw" / (first + "g.jsonl"));
  }
  change(run / "processed/experiment_manifest_1765738489.json", [](std::string text) {
    return replace_all(std::move(text), "\"started_at\": 1765738489", "\"started_at\": 1765732089");
  });
  const auto runs = take_all(folder.path());
  ASSERT_EQ(runs.size(), 2U);
  for (const auto& each : runs) {
    EXPECT_EQ(each.rows.size(), 360U);
    const bool first = each.source.run == "1765652089";
    for (const auto& row : each.rows) EXPECT_EQ(*row.started_unix_s < 1765700000, first);
  }
}

TEST(Edge, ARunWithoutItsRowsDoesNotTakeItsNeighbours) {
  Folder folder;
  copy_into(report("tr121/decode_sweep_20251224_002955"), folder.path() / "sweep");
  for (const auto* other : {"gen_64", "gen_128"}) fs::remove_all(folder.path() / "sweep" / other);
  fs::remove(folder.path() / "sweep/gen_8/metrics.csv");
  fs::remove(folder.path() / "sweep/gen_8/runs.jsonl");
  fs::remove(folder.path() / "sweep/gen_32/manifest.json");
  for (const auto& run : take_all(folder.path())) {
    if (run.source.run == "20251224_002955") {
      EXPECT_TRUE(run.rows.empty());
    }
  }
}

TEST(Edge, ATableOfAnotherReportIsNotTaken) {
  Folder folder;
  copy_into(report("tr119"), folder.path() / "run");
  copy_into(report("tr118/sweeps/baseline/latency_summary_prefill.csv"), folder.path() / "run/processed/other.csv");
  auto runs = take_all(folder.path());
  ASSERT_EQ(runs.size(), 2U);
  for (const auto& run : runs) EXPECT_EQ(run.source.format == Format::tr118, run.rows.empty());
  // Not even when its rows were made while the other ran.
  copy_into(report("tr118/gpt2/raw/bench_prefill_1765652089.jsonl"), folder.path() / "run/raw/rows.jsonl");
  change(folder.path() / "run/processed/experiment_manifest_1766283446.json", [](std::string text) {
    return replace_all(std::move(text), "\"started_at\": 1766283446", "\"started_at\": 1765000000");
  });
  runs = take_all(folder.path());
  for (const auto& run : runs) EXPECT_EQ(run.rows.size(), run.source.format == Format::tr119 ? 350U : 180U);
}

TEST(Edge, Tr118WhatIsNoTimeToFirstTokenAndWhatIsDegraded) {
  Folder folder;
  copy_into(report("tr118/gpt2/raw/bench_prefill_1765652089.jsonl"), folder.path() / "a.jsonl");
  change(folder.path() / "a.jsonl", [](std::string text) {
    text = replace_all(std::move(text), "\"ttft_ms\": [], \"tokens_processed\": [8, 8]",
                       "\"ttft_ms\": [1.0, 1.0], \"tokens_processed\": [8, 8]");
    return with_line(text, 1, [](std::string row) {
      return replace_all(std::move(row), "\"degraded_count\": 0", "\"degraded_count\": 1");
    });
  });
  const Taken run = take_only(folder.path());
  ASSERT_EQ(run.rows.size(), 180U);
  for (const auto& row : run.rows) EXPECT_TRUE(row.ttft_ms.empty());
  EXPECT_EQ(run.rows[0].status, evidence::Status::degraded);
  EXPECT_EQ(run.rows[0].reason, evidence::Reason::other);
  EXPECT_EQ(run.rows[1].status, evidence::Status::ok);
}

TEST(Edge, CopiesSideBySideAreRunsOfTheirOwn) {
  Folder folder;
  for (const auto* copy : {"a", "b"}) {
    copy_into(report("tr118/gpt2"), folder.path() / copy / "tr118");
    copy_into(report("tr119"), folder.path() / copy / "tr119");
    copy_into(report("tr120/controlled/20251221_173112"), folder.path() / copy / "tr120");
    copy_into(report("tr121/20251224_002149"), folder.path() / copy / "tr121");
  }
  std::map<std::string, int> seen;
  for (const auto& run : take_all(folder.path())) {
    ++seen[run.source.run + " " + std::to_string(run.rows.size()) + " " + std::to_string(run.source.tables.size())];
    EXPECT_EQ(run.source.bad_rows, 0);
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"1765652089 360 3", 2},
                                              {"1766283446+1766283570 350 1", 2},
                                              {"20251221_173112 1620 9", 2},
                                              {"20251224_002149 684 16", 2}}));
}

TEST(Edge, NumbersBeyondReasonAreNoCounts) {
  Folder folder;
  copy_into(report("tr118/gpt2"), folder.path() / "run");
  change(folder.path() / "run/processed/config_used_1765652089.yaml", [](std::string text) {
    return replace_all(replace_all(std::move(text), "repetitions: 5", "repetitions: 9000000000000000000"),
                       "max_new_tokens: 8", "max_new_tokens: 9000000000000000000");
  });
  change(folder.path() / "run/raw/bench_generate_1765652089.jsonl", [](std::string text) {
    return replace_all(std::move(text), "\"tokens_processed\": [8, 8]", "\"tokens_processed\": [1e300, 1e300]");
  });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 360U);
  EXPECT_FALSE(run.source.facts.rows_expected);
  for (const auto& row : run.rows) {
    EXPECT_FALSE(row.target_tokens);
    if (row.generated_tokens) {
      EXPECT_EQ(row.generated_tokens, 32);  // rows of a batch of 4 were left alone
    }
  }
}

TEST(Edge, Tr119RowsThatDoNotNameTheirReport) {
  Folder folder;
  copy_into(report("tr119"), folder.path() / "run");
  for (const auto* id : {"1766283446", "1766283570"}) {
    change(folder.path() / "run/raw" / fmt::format("bench_tr119_{}.jsonl", id),
           [](std::string text) { return replace_all(std::move(text), "\"tr\": \"TR119\", ", ""); });
  }
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.source.format, Format::tr119);
  EXPECT_EQ(run.rows.size(), 350U);
}

TEST(Edge, TwoRunsOfTr121WithoutManifestsStayApart) {
  Folder folder;
  copy_into(report("tr121/decode_sweep_20251224_002955"), folder.path() / "sweep");
  for (const auto* gen : {"gen_8", "gen_32"}) fs::remove(folder.path() / "sweep" / gen / "manifest.json");
  std::size_t with_rows = 0;
  for (const auto& run : take_all(folder.path())) {
    if (run.rows.empty()) continue;
    ++with_rows;
    EXPECT_EQ(run.rows.size(), 360U) << run.source.run;
  }
  EXPECT_EQ(with_rows, 4U);
}

}  // namespace
}  // namespace phasegate::readers
