// The reports' runs as they come in practice: without optional files, several in one folder, renamed, with rows that
// are broken or that two files tell differently.
#include <algorithm>

#include "readers/reports_fixture.h"

namespace phasegate::readers {
namespace {

namespace fs = std::filesystem;
using evidence::Observation;
using evidence::Window;

// Replaces line `number` (from 1) of a text.
std::string with_line(const std::string& text, int number, const std::function<std::string(std::string)>& how) {
  std::istringstream lines(text);
  std::string out;
  int at = 0;
  for (std::string line; std::getline(lines, line);) out += (++at == number ? how(line) : line) + "\n";
  return out;
}

std::string without_column(const std::string& text, const std::string& column) {
  std::istringstream lines(text);
  std::string out;
  std::ptrdiff_t drop = -1;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    if (drop < 0) drop = std::find(cells.begin(), cells.end(), column) - cells.begin();
    cells.erase(cells.begin() + drop);
    for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : ",") + cells[i];
    out += "\n";
  }
  return out;
}

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

TEST(Edge, Tr120TellsTheModeByCountersThenByTheFolder) {
  Folder folder;
  copy_into(report("tr120/controlled/20251221_173112"), folder.path() / "run");
  fs::remove_all(folder.path() / "run/prefill/runs");
  for (const auto* mode : {"prefill", "kv_decode", "e2e_kv"}) {
    change(folder.path() / "run" / mode / "metrics.csv",
           [](const std::string& text) { return without_column(text, "path"); });
  }
  fs::rename(folder.path() / "run/prefill", folder.path() / "run/a");  // its counters say prefill
  fs::remove(folder.path() / "run/kv_decode/dynamo_counters.json");    // nothing inside says it, the folder does
  fs::remove(folder.path() / "run/e2e_kv/dynamo_counters.json");
  fs::rename(folder.path() / "run/e2e_kv", folder.path() / "run/third");  // nothing says it
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.count([](const Observation& row) { return row.window == Window::prefill; }), 540);
  EXPECT_EQ(run.count([](const Observation& row) { return row.window == Window::decode; }), 540);
  EXPECT_EQ(run.rows.size(), 1080U);
  EXPECT_EQ(run.source.bad_rows, 540);
  EXPECT_EQ(run.source.bad[0].file, "third/metrics.csv");
}

TEST(Edge, Tr120ContentIsStrongerThanTheFolderItLiesIn) {
  Folder folder;
  copy_into(report("tr120/controlled/20251221_173112"), folder.path() / "run");
  fs::rename(folder.path() / "run/prefill", folder.path() / "run/x");
  fs::rename(folder.path() / "run/kv_decode", folder.path() / "run/prefill");
  fs::rename(folder.path() / "run/x", folder.path() / "run/kv_decode");
  const Taken run = take_only(folder.path());
  for (const auto& row : run.rows) {
    if (row.file != "prefill/metrics.csv") continue;
    EXPECT_EQ(row.window, Window::decode);
  }
  EXPECT_EQ(run.source.bad_rows, 0);
}

TEST(Edge, Tr120ListsAreComparedAndStandInForATable) {
  Folder folder;
  copy_into(report("tr120/controlled/20251221_173112"), folder.path() / "run");
  // The 4th call of one cell differs; a row that is lost before it must not make the others differ.
  change(folder.path() / "run/prefill/metrics.csv", [](std::string text) {
    text = with_line(text, 5, [](const std::string& row) { return row.substr(0, 40); });
    return with_line(text, 7, [](std::string row) { return replace_all(std::move(row), "fp32,", "fp32,9"); });
  });
  Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 1618U);
  ASSERT_EQ(run.source.bad_rows, 2);
  EXPECT_EQ(run.source.bad[1].key, "latency_ms");
  EXPECT_EQ(run.source.bad[1].line, 7);
  fs::remove(folder.path() / "run/prefill/metrics.csv");
  run = take_only(folder.path());
  EXPECT_EQ(run.count([](const Observation& row) { return row.window == Window::prefill; }), 540);
  EXPECT_EQ(run.source.bad_rows, 0);
  const auto& row = *std::find_if(run.rows.begin(), run.rows.end(), [](const Observation& each) {
    return each.scenario == "stress_single" && each.window == Window::prefill;
  });
  EXPECT_EQ(row.prompt_tokens, 51);
  EXPECT_EQ(row.line, 1);
  EXPECT_NE(row.source.find("latency_ms"), std::string::npos);
}

TEST(Edge, Tr121RowsThatTwoFilesTellDifferentlyAreBad) {
  Folder folder;
  copy_into(report("tr121/20251224_002149"), folder.path() / "run");
  change(folder.path() / "run/metrics.csv", [](std::string text) {
    text = with_line(text, 2, [](std::string row) { return replace_all(std::move(row), "19.9786", "19.9787"); });
    return with_line(text, 4, [](const std::string&) { return std::string(); });
  });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 683U);
  ASSERT_EQ(run.source.bad_rows, 2);
  EXPECT_EQ(run.source.bad[0].key, "prefill_ms");
  EXPECT_EQ(run.source.bad[0].file, "runs.jsonl");
  EXPECT_EQ(run.source.bad[1].file, "metrics.csv");  // the row that it lacks was taken
}

TEST(Edge, Tr121SpellingsOfNothingAreOneNothing) {
  Folder folder;
  copy_into(report("tr121/20251224_002149"), folder.path() / "run");
  change(folder.path() / "run/runs.jsonl",
         [](std::string text) { return replace_all(std::move(text), "null", "NaN"); });
  change(folder.path() / "run/metrics.csv",
         [](std::string text) { return replace_all(replace_all(std::move(text), ",,", ",NaN,"), ",,", ",None,"); });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.source.bad_rows, 0);
  EXPECT_EQ(essence(run), essence(take_only(report("tr121/20251224_002149"))));
}

TEST(Edge, Tr121RowsInAnotherOrderAreStillTheSameRows) {
  Folder folder;
  copy_into(report("tr121/20251224_002149"), folder.path() / "run");
  change(folder.path() / "run/metrics.csv", [](const std::string& text) {
    std::istringstream lines(text);
    std::vector<std::string> rows;
    std::string header;
    std::getline(lines, header);
    for (std::string line; std::getline(lines, line);) rows.push_back(line + "\n");
    std::sort(rows.rbegin(), rows.rend());
    std::string out = header + "\n";
    for (const auto& row : rows) out += row;
    return out;
  });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 684U);
  EXPECT_EQ(run.source.bad_rows, 0);
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

TEST(Edge, PrecisionIsTheWordInTheLabel) {
  Folder folder;
  copy_into(report("tr121/20251224_002149/runs.jsonl"), folder.path() / "runs.jsonl");
  change(folder.path() / "runs.jsonl",
         [](std::string text) { return replace_all(std::move(text), "hf_gpu_fp16", "hf_gpu_fp16_bs8"); });
  for (const auto& row : take_only(folder.path()).rows) {
    ASSERT_EQ(row.precision, row.backend == "hf_gpu_fp16_bs8" ? "fp16" : row.backend == "hf_cpu_fp32" ? "fp32" : "");
  }
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
