// TR120 and TR121: the same rows in two files, which must agree; which mode a table is of; spellings and order.
#include <algorithm>

#include "readers/reports_fixture.h"

namespace phasegate::readers {
namespace {

namespace fs = std::filesystem;
using evidence::Observation;
using evidence::Window;

TEST(Twice, Tr120TellsTheModeByCountersThenByTheFolder) {
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

TEST(Twice, Tr120ContentIsStrongerThanTheFolderItLiesIn) {
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

TEST(Twice, Tr120ListsAreComparedAndStandInForATable) {
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

TEST(Twice, Tr121RowsThatTwoFilesTellDifferentlyAreBad) {
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

TEST(Twice, Tr121SpellingsOfNothingAreOneNothing) {
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

TEST(Twice, Tr121RowsInAnotherOrderAreStillTheSameRows) {
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

TEST(Twice, Tr121RowsOfTheTableAloneAreCounted) {
  Folder folder;
  copy_into(report("tr121/20251224_002149"), folder.path() / "run");
  change(folder.path() / "run/runs.jsonl", [](const std::string& text) { return text.substr(text.find('\n') + 1); });
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 683U);
  ASSERT_EQ(run.source.bad_rows, 1);
  EXPECT_EQ(run.source.bad[0].file, "metrics.csv");
  EXPECT_EQ(run.source.bad[0].line, 2);
  for (const auto& row : run.rows) {
    if (row.model == "models/tiny-gpt2") {
      EXPECT_EQ(row.parameters, 102714);  // measured, not the configuration's 0.103 million
    }
  }
}

TEST(Twice, PrecisionIsTheWordInTheLabel) {
  Folder folder;
  copy_into(report("tr121/20251224_002149/runs.jsonl"), folder.path() / "runs.jsonl");
  change(folder.path() / "runs.jsonl",
         [](std::string text) { return replace_all(std::move(text), "hf_gpu_fp16", "hf_gpu_fp16_bs8"); });
  for (const auto& row : take_only(folder.path()).rows) {
    ASSERT_EQ(row.precision, row.backend == "hf_gpu_fp16_bs8" ? "fp16" : row.backend == "hf_cpu_fp32" ? "fp32" : "");
  }
}

}  // namespace
}  // namespace phasegate::readers
