// A table of mutations of a small good imported run: each trips exactly one rule (requirement 49). Good means that the
// source left out nothing that can be said; that its labels prove nothing stays an issue of every import.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <set>

#include "core/files.h"
#include "core/sha256.h"
#include "evidence/import.h"
#include "evidence/observation_samples.h"
#include "evidence/schema.h"
#include "evidence/sealed.h"
#include "evidence/store.h"
#include "evidence/validation.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kRows = 24;

// The files of an imported run in memory. write() makes hashes and seal true again unless a mutation forbids it.
struct ImportFiles {
  core::Json manifest, plan, source;
  std::vector<Observation> rows;
  std::function<void(std::string&)> edit_text = [](std::string&) {};  // of observations.jsonl, hashed after it
  std::string changed_after;                                          // name of a file that is changed unhashed

  void write(const fs::path& run) {
    std::string text;
    std::string line;
    for (const auto& row : rows) {
      EXPECT_TRUE(write_observation(row, line));
      text += line + "\n";
    }
    edit_text(text);
    std::map<std::string, std::string> files = {{"plan.json", core::canonical_json(plan).value() + "\n"},
                                                {"source.json", core::canonical_json(source).value() + "\n"},
                                                {"observations.jsonl", text}};
    manifest["plan_sha256"] = core::json_hash(plan).value();
    for (auto& [name, content] : files) {
      if (!manifest["files"].empty()) manifest["files"][name] = core::sha256_hex(content);
      if (name == changed_after) content.insert(content.find(",\"") + 1, " ");
      std::ofstream(run / name) << content;
    }
    std::ofstream(run / "manifest.json") << seal(manifest).value();
  }
};

class ValidateImport : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("validate-import-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  [[nodiscard]] ImportFiles good_run() const {
    ImportFiles files;
    auto store = Store::open(root_ / "store", Store::Access::write).value();
    auto writer = store.create_import({"phasegate", "import"}, {{"format", "tr121"}}).value();
    for (std::int64_t i = 0; i < kRows; ++i) {
      files.rows.push_back(samples::observation(i));
      EXPECT_TRUE(writer.append(files.rows.back()));
    }
    auto imported = samples::imported_source(kRows);
    imported.environment["cpu_model"] = {"Test CPU", ""};
    const auto run = root_ / "store" / "runs" / writer.finish(imported).value().run_id;
    files.manifest = unseal(core::read_file(run / "manifest.json", 1 << 20).value(), "m").value();
    files.plan = imported.plan;
    files.source = imported.source;
    fs::remove_all(root_ / "store");
    return files;
  }
  [[nodiscard]] Validation validate(ImportFiles files) const {
    fs::remove_all(root_ / "run");
    fs::create_directories(root_ / "run");
    files.write(root_ / "run");
    return validate_run(root_ / "run").value();
  }

  fs::path root_;
};

using Rules = std::multiset<std::string>;
Rules rules(const std::vector<Issue>& issues) {
  Rules names;
  for (const auto& issue : issues) names.insert(issue.rule);
  return names;
}

struct Mutation {
  const char* rule;
  const char* what;
  std::function<void(ImportFiles&)> apply;
};

Mutation on_row(const char* rule, const char* what, std::function<void(Observation&)> change) {
  return {rule, what, [change](ImportFiles& run) { change(run.rows.back()); }};
}
Mutation on_fact(const char* rule, const char* key, core::Json value) {
  return {rule, key, [key, value](ImportFiles& run) { run.source["facts"][key] = value; }};
}

std::vector<Mutation> row_mutations() {
  using O = Observation;
  return {
      on_row("ok_with_reason", "reason", [](O& r) { r.reason = Reason::other; }),
      on_row("ok_with_reason", "degraded code", [](O& r) { r.degraded_reasons = {"fail_accuracy"}; }),
      on_row("status_without_reason", "error", [](O& r) { r.status = Status::error; }),
      on_row("ok_without_latency", "nothing timed",
             [](O& r) {
               r.latency_ms.clear();
               r.tok_s.clear();
               r.device_ms.reset();
             }),
      on_row("negative_value", "latency", [](O& r) { r.latency_ms = {-320.5}; }),
      on_row("negative_value", "warm-up", [](O& r) { r.warmup_ms = {-1}; }),
      on_row("negative_value", "tokens", [](O& r) { r.prompt_tokens = -9; }),
      on_row("zero_latency", "0 ms", [](O& r) { r.latency_ms = {0}; }),
      on_row("implausible_latency", "three days",
             [](O& r) {
               r.latency_ms = {2.6e8};
               r.generated_tokens = r.target_tokens = 260'000;
               r.tok_s = {1};
             }),
      on_row("implausible_start", "milliseconds", [](O& r) { r.started_unix_s = *r.started_unix_s * 1000; }),
      on_row("implausible_throughput", "ns as ms",
             [](O& r) {
               r.latency_ms = {3.2e-6};
               r.tok_s.clear();
             }),
      on_row("throughput_mismatch", "tokens per ms", [](O& r) { r.tok_s = {16 / 320.5}; }),
      on_row("throughput_mismatch", "3 % more", [](O& r) { r.tok_s = {1.03 * 16 / 0.3205}; }),
      on_row("no_tokens", "zero",
             [](O& r) {
               r.generated_tokens = 0;
               r.tok_s.clear();
             }),
      on_row("tokens_contradict", "more than asked for",
             [](O& r) {
               r.generated_tokens = 17;
               r.tok_s.clear();
             }),
      on_row("tokens_contradict", "more than positions", [](O& r) { r.padded_tokens = 8; }),
      on_row("sample_count", "two rates of one call", [](O& r) { r.tok_s.push_back(50); }),
      on_row("sample_count", "a first token too many", [](O& r) { r.ttft_ms = {1, 2}; }),
      on_row("sample_count", "as many gaps as tokens", [](O& r) { r.itl_ms.assign(16, 1); }),
      on_row("ttft_exceeds_latency", "later", [](O& r) { r.ttft_ms = {321}; }),
      on_row("ttft_copies_latency", "a copy", [](O& r) { r.ttft_ms = r.latency_ms; }),
      on_row("itl_exceeds_latency", "gaps", [](O& r) { r.itl_ms = {200, 200}; }),
      on_row("power_contradicts", "peak", [](O& r) { r.power->gpu_peak_w = 1; }),
      on_row("power_contradicts", "no samples", [](O& r) { r.power->samples = 0; }),
      on_row("unknown_file", "another", [](O& r) { r.file = "raw/other.jsonl"; }),
      on_row("seq_gap", "a hole", [](O& r) { r.seq = 40; }),
      on_row("seq_repeat", "again", [](O& r) { r.seq = 3; }),
      on_row("duplicate_row", "repetition", [](O& r) { r.repetition = 3; }),
      on_row("clock_backwards", "a second earlier", [](O& r) { *r.started_unix_s -= 2; }),
      on_row("tokens_missing", "no count",
             [](O& r) {
               r.generated_tokens.reset();
               r.tok_s.clear();
             }),
      on_row("regime_unknown", "cold or warm", [](O& r) { r.regime.reset(); }),
      {"duplicate_row", "text",
       [](ImportFiles& run) {
         for (auto& row : run.rows) row.repetition.reset();
         run.rows.back().source = run.rows.front().source;
       }},
      {"label_missing", "backend",
       [](ImportFiles& run) {
         for (auto& row : run.rows) row.backend.clear();
       }},
      {"cell_without_result", "degraded alone",
       [](ImportFiles& run) {
         auto& row = run.rows.back();
         row.backend = "trt";
         row.status = Status::degraded;
         row.reason = Reason::shape_out_of_range;
       }},
  };
}

std::vector<Mutation> run_mutations() {
  return {
      {"hash_mismatch", "source", [](ImportFiles& run) { run.changed_after = "source.json"; }},
      {"hash_mismatch", "plan", [](ImportFiles& run) { run.changed_after = "plan.json"; }},
      {"hash_mismatch", "rows", [](ImportFiles& run) { run.changed_after = "observations.jsonl"; }},
      {"manifest_incomplete", "first phase alone",
       [](ImportFiles& run) {
         run.manifest["files"] = core::Json::object();
         run.manifest["finished"] = nullptr;
         run.manifest["state"] = "running";
       }},
      {"source_mismatch", "another format", [](ImportFiles& run) { run.source["format"] = "tr119"; }},
      {"source_mismatch", "another file",
       [](ImportFiles& run) { run.plan["files"][0]["sha256"] = samples::hash_of("z"); }},
      {"plan_schema", "format", [](ImportFiles& run) { run.plan["format"] = "tr999"; }},
      {"bad_row", "one of 25",
       [](ImportFiles& run) {
         run.source["bad_rows"] = 1;
         run.source["facts"]["rows_expected"] = kRows + 1;
         run.source["bad"] = {{{"file", "raw/runs.jsonl"},
                               {"line", 25},
                               {"key", "latency_ms"},
                               {"expected", "a number"},
                               {"found", "\"fast\""},
                               {"raw", "{}"}}};
       }},
      {"not_json", "a cut line",
       [](ImportFiles& run) { run.edit_text = [](std::string& text) { text.erase(text.size() - 9, 8); }; }},
      {"observation_schema", "another key",
       [](ImportFiles& run) {
         run.edit_text = [](std::string& text) { text.replace(text.rfind("\"window\""), 8, "\"windaw\""); };
       }},
      {"newer_version", "2",
       [](ImportFiles& run) {
         run.edit_text = [](std::string& text) { text.replace(text.rfind("\"version\":1"), 11, "\"version\":2"); };
       }},
      {"accuracy_missing", "none", [](ImportFiles& run) { run.manifest["accuracy"] = core::Json::array(); }},
      {"accuracy_missing", "one", [](ImportFiles& run) { run.manifest["accuracy"][1]["status"] = "missing"; }},
      {"accuracy_failed", "one", [](ImportFiles& run) { run.manifest["accuracy"][1]["status"] = "fail"; }},
      {"no_environment", "no os",
       [](ImportFiles& run) {
         run.manifest["environment"]["os"] = {{"value", nullptr}, {"reason", "not stated by the source"}};
       }},
      {"no_schedule", "requests",
       [](ImportFiles& run) {
         for (auto& row : run.rows) row.window = Window::request;
         run.source["facts"]["arrival"] = "poisson";
       }},
      on_fact("rows_missing", "rows_expected", kRows + 1),
      on_fact("rows_extra", "rows_expected", kRows - 1),
      on_fact("failed_mismatch", "failed", 1),
      on_fact("no_sessions", "sessions", nullptr),
      on_fact("few_sessions", "sessions", 1),
      on_fact("no_schedule", "order_randomised", false),
      on_fact("no_schedule", "order_randomised", nullptr),
      on_fact("model_unidentified", "model_identity", nullptr),
  };
}

TEST_F(ValidateImport, ASourceThatSaysEverythingLacksAttributionAlone) {
  const auto validation = validate(good_run());
  EXPECT_EQ(rules(validation.issues), Rules{"no_attribution"});
  EXPECT_TRUE(validation.warnings.empty());
  EXPECT_FALSE(validation.canonical);
  EXPECT_EQ(validation.records, kRows);
  EXPECT_TRUE(check_schema(Schema::validation, to_json(validation)));
}

TEST_F(ValidateImport, EachMutationTripsExactlyItsRule) {
  const auto good = good_run();
  for (const auto& mutations : {row_mutations(), run_mutations()}) {
    for (const auto& mutation : mutations) {
      auto run = good;
      mutation.apply(run);
      const auto issues = rules(validate(run).issues);
      EXPECT_EQ(issues, (Rules{"no_attribution", mutation.rule})) << mutation.rule << ": " << mutation.what;
    }
  }
}

TEST_F(ValidateImport, IssuesNameOurLineAndTheSources) {
  auto run = good_run();
  run.rows[4].latency_ms = {-1};
  const auto validation = validate(run);
  ASSERT_EQ(validation.issues.size(), 2U);
  EXPECT_EQ(validation.issues[0].where, "observations.jsonl:5 (raw/runs.jsonl:5)");
  EXPECT_EQ(validation.issues[0].what, "latency_ms is negative");
}

TEST_F(ValidateImport, DegradedRowsAreCountedAndPlaceholdersNamed) {
  auto run = good_run();
  for (int i = 0; i < 3; ++i) {
    run.rows[static_cast<std::size_t>(i)].status = Status::degraded;
    run.rows[static_cast<std::size_t>(i)].reason = Reason::load_failed;
  }
  run.rows[0].latency_ms = {0.35};
  run.rows[0].tok_s.clear();
  const auto validation = validate(run);
  EXPECT_EQ(rules(validation.issues), Rules{"no_attribution"});
  EXPECT_EQ(rules(validation.warnings), (Rules{"degraded_rows", "placeholder_latency"}));
  EXPECT_EQ(validation.by_status.at("degraded"), 3);
  for (auto& row : run.rows) row.warmup_ms.clear();
  run.rows.resize(10);
  run.source["facts"]["rows_expected"] = run.source["rows"] = run.manifest["counts"]["written"] = 10;
  EXPECT_TRUE(rules(validate(run).warnings).contains("few_samples"));
}

TEST_F(ValidateImport, ADamagedManifestDoesNotHideWhatTheRunIs) {
  auto run = good_run();
  fs::create_directories(root_ / "run");
  run.write(root_ / "run");
  std::ofstream(root_ / "run" / "manifest.json") << "{}";
  EXPECT_EQ(rules(validate_run(root_ / "run").value().issues), Rules{"manifest_tampered"});
}

TEST_F(ValidateImport, EveryFlippedByteOfARawFileIsFound) {
  auto run = good_run();
  run.rows.resize(1);
  run.source["facts"]["rows_expected"] = run.source["rows"] = run.manifest["counts"]["written"] = 1;
  const auto folder = root_ / "run";
  fs::create_directories(folder);
  run.write(folder);
  const auto text = core::read_file(folder / "observations.jsonl", 1 << 20).value();
  for (std::size_t i = 0; i < text.size(); i += 7) {
    auto changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    std::ofstream(folder / "observations.jsonl", std::ios::binary) << changed;
    EXPECT_TRUE(rules(validate_run(folder).value().issues).contains("hash_mismatch")) << i;
  }
}

}  // namespace
}  // namespace phasegate::evidence
