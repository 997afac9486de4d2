#include "policy/decide.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <locale>
#include <thread>

#include "evidence/observation_samples.h"
#include "evidence/store.h"
#include "policy/contest.h"
#include "policy/fixture.h"
#include "policy/settle.h"
#include "policy/stamp.h"

namespace phasegate::policy {
namespace {

std::string bytes_of(const DecideInputs& inputs) {
  const auto policy = decide(inputs);
  if (!policy) return policy.error().message();
  return *core::canonical_json(evidence::to_json(*policy));
}

DecideInputs demo() {
  DecideInputs inputs;
  inputs.runs.push_back(fixture::build(fixture::demo_run()));
  return inputs;
}

TEST(Decide, SameInputsSameBytes) {
  const std::string first = bytes_of(demo());
  EXPECT_EQ(bytes_of(demo()), first);
  ::setenv("TZ", "Pacific/Chatham", 1);
  for (const char* name : {"de_DE.UTF-8", "C.UTF-8"}) {
    std::setlocale(LC_ALL, name);
    EXPECT_EQ(bytes_of(demo()), first) << name;
  }
  // A locale with a comma as the decimal point, whatever is installed here.
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  EXPECT_EQ(bytes_of(demo()), first);
  std::locale::global(before);
  std::setlocale(LC_ALL, "C");
  ::unsetenv("TZ");
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results) threads.emplace_back([&result] { result = bytes_of(demo()); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, first);
}

TEST(Decide, OrderOfRunsDoesNotMatter) {
  fixture::RunSpec later = fixture::demo_run();
  later.id = "20260111T100000Z-000001";
  later.started = "2026-01-11T10:00:00.000Z";
  later.finished = "2026-01-11T10:20:00.000Z";
  later.seed = 9;
  DecideInputs forward;
  forward.runs = {fixture::build(fixture::demo_run()), fixture::build(later)};
  DecideInputs backward;
  backward.runs = {fixture::build(later), fixture::build(fixture::demo_run())};
  EXPECT_EQ(bytes_of(forward), bytes_of(backward));
}

TEST(Decide, StampIsTheNewestRunsFinishAndThePolicyExpires) {
  const auto policy = decide(demo());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->created, "2026-01-10T10:20:00.000Z");
  EXPECT_EQ(policy->expires, "2026-02-09T10:20:00.000Z");
}

TEST(Decide, EveryRuleNamesEvidenceThatExists) {
  const DecideInputs inputs = demo();
  const auto policy = decide(inputs);
  ASSERT_TRUE(policy);
  ASSERT_FALSE(policy->rules.empty());
  const core::Json cells = analysis::to_json(inputs.runs.front().analysis);
  for (const evidence::Rule& rule : policy->rules) {
    EXPECT_FALSE(rule.evidence.empty());
    for (const evidence::EvidenceRef& ref : rule.evidence) {
      EXPECT_EQ(ref.run, inputs.runs.front().manifest.run_id);
      EXPECT_EQ(ref.file, analysis::kCellsFile);
      const std::size_t mark = ref.key.find('#');
      ASSERT_NE(mark, std::string::npos);
      EXPECT_TRUE(cells.at("cells").at(ref.key.substr(0, mark)).at(ref.key.substr(mark + 1)).at("value").is_number());
    }
  }
}

TEST(Decide, RefusesWithoutRunsAndUnfinishedOnes) {
  EXPECT_FALSE(decide({}));
  fixture::RunSpec spec = fixture::demo_run();
  spec.state = "interrupted";
  DecideInputs inputs;
  inputs.runs.push_back(fixture::build(spec));
  const auto policy = decide(inputs);
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().kind, core::ErrorKind::evidence);
  EXPECT_NE(policy.error().next.find("--resume"), std::string::npos);
}

TEST(Decide, ThresholdsOfTheCallerAreEchoedAndUsed) {
  DecideInputs inputs = demo();
  inputs.thresholds = evidence::default_thresholds();
  inputs.thresholds->practical_effect = 0.9;
  const auto policy = decide(inputs);
  ASSERT_TRUE(policy);
  EXPECT_NE(policy->thresholds_sha256, evidence::thresholds_hash(evidence::default_thresholds()));
  for (const evidence::Rule& rule : policy->rules) EXPECT_FALSE(rule.winner) << "no effect here is above 90 %";
}

TEST(Decide, AnOldCandidateIsNotComparedWithANewRun) {
  fixture::RunSpec old = fixture::demo_run();
  old.id = "20251201T100000Z-000001";
  old.started = "2025-12-01T10:00:00.000Z";
  old.finished = "2025-12-01T10:20:00.000Z";
  fixture::RunSpec fresh = fixture::demo_run();
  std::erase_if(fresh.candidates, [](const auto& candidate) { return candidate.name.starts_with("llamacpp"); });
  std::erase_if(fresh.cells, [](const auto& cell) { return cell.candidate.starts_with("llamacpp"); });
  DecideInputs inputs;
  inputs.runs = {fixture::build(old), fixture::build(fresh)};
  const auto policy = decide(inputs);
  ASSERT_TRUE(policy) << policy.error().message();
  for (const evidence::Rule& rule : policy->rules) {
    EXPECT_FALSE(rule.winner);
    ASSERT_FALSE(rule.rejected.empty());
    EXPECT_EQ(rule.rejected.front().gate + rule.rejected.front().reason, "freshnessexpired");
  }
}

TEST(Contests, TheFamilyIsAdjustedByHolm) {
  fixture::RunSpec run;
  run.candidates = {{.name = "alpha", .attention = "a"}, {.name = "beta", .attention = "b"}};
  Contests::Division division{{"alpha", "beta"}, {}};
  for (int i = 0; i < 10; ++i) {
    const evidence::Scenario scenario{64 << i, 64, 1, 0};
    division.shapes.push_back({scenario, evidence::Phase::decode});
    for (const char* name : {"alpha", "beta"}) {
      run.cells.push_back(
          {.candidate = name, .scenario = scenario, .prefill_tok_s = 900, .decode_tok_s = 40, .session_sd = 0.05});
    }
  }
  DecideInputs inputs;
  inputs.runs.push_back(fixture::build(run));
  const auto pool = pool_runs(inputs);
  ASSERT_TRUE(pool);
  const auto contests = Contests::hold(*pool, {division});
  ASSERT_TRUE(contests);
  EXPECT_EQ(contests->family(), 10U);
  double smallest = 1;
  double adjusted = 1;
  for (const auto& [key, contest] : contests->all()) {
    EXPECT_GE(*contest.p_adjusted, *contest.comparison.p);
    if (*contest.comparison.p >= smallest) continue;
    smallest = *contest.comparison.p;
    adjusted = *contest.p_adjusted;
  }
  EXPECT_NEAR(adjusted, std::min(1.0, 10 * smallest), 1e-12);
}

TEST(Contests, SeenFromTheOtherSideIsTheMirror) {
  const DecideInputs inputs = demo();
  const auto pool = pool_runs(inputs);
  const Contests::ShapeKey shape{{32, 64, 1, 0}, evidence::Phase::decode};
  const auto contests = Contests::hold(*pool, {{{"llamacpp-q8_0-cpu-t2", "onnx-q8_0-cpu-t2"}, {shape}}});
  ASSERT_TRUE(contests);
  const auto there = contests->between("llamacpp-q8_0-cpu-t2", "onnx-q8_0-cpu-t2", shape);
  const auto back = contests->between("onnx-q8_0-cpu-t2", "llamacpp-q8_0-cpu-t2", shape);
  ASSERT_TRUE(there && back);
  EXPECT_TRUE(there->won());
  EXPECT_TRUE(back->lost());
  EXPECT_DOUBLE_EQ(*there->comparison.ratio * *back->comparison.ratio, 1);
  EXPECT_DOUBLE_EQ(there->comparison.ci95->low * back->comparison.ci95->high, 1);
  EXPECT_FALSE(contests->between("llamacpp-q8_0-cpu-t2", "nobody", shape));
}

TEST(Decide, AnImportedRunIsRefusedWithWhatItLacks) {
  const auto root = std::filesystem::path(testing::TempDir()) / fmt::format("decide-import-{}", ::getpid());
  std::filesystem::remove_all(root);
  {
    auto store = evidence::Store::open(root, evidence::Store::Access::write).value();
    auto writer = store.create_import({"phasegate", "import"}, {{"format", "tr121"}}).value();
    auto row = evidence::samples::observation();
    ASSERT_TRUE(writer.append(row));
    const auto done = writer.finish(evidence::samples::imported_source(1)).value();
    DecideInputs inputs;
    inputs.runs.push_back(read_run_evidence(root / "runs" / done.run_id).value());
    const auto policy = decide(inputs);
    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().kind, core::ErrorKind::evidence);
    EXPECT_NE(policy.error().what.find("an import of another tool's result"), std::string::npos);
    EXPECT_NE(policy.error().what.find("no_attribution"), std::string::npos);
  }
  std::filesystem::remove_all(root);
}

TEST(Stamp, AddsDaysAcrossMonthsAndReadsSeconds) {
  EXPECT_EQ(add_days("2026-01-31T12:00:00.123Z", 30), "2026-03-02T12:00:00.123Z");
  EXPECT_EQ(add_days("2024-02-28T00:00:00.000Z", 1), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(add_days("never", 1), "never");
  EXPECT_DOUBLE_EQ(*seconds_of_stamp("1970-01-02T00:00:01.500Z"), 86401.5);
  EXPECT_FALSE(seconds_of_stamp("2026-02-30T00:00:00.000Z"));
  EXPECT_FALSE(seconds_of_stamp(""));
}

TEST(Settle, DurationsRead) {
  EXPECT_EQ(duration_text(12), "12 s");
  EXPECT_EQ(duration_text(420), "7 min");
  EXPECT_EQ(duration_text(3.5 * 3600), "3.5 h");
  EXPECT_EQ(duration_text(10 * 86400.0), "10 days");
}

}  // namespace
}  // namespace phasegate::policy
