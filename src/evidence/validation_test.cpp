// A table of mutations of a small good run: each trips exactly one rule (requirement 49).
#include "evidence/validation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>

#include "core/files.h"
#include "core/sha256.h"
#include "evidence/samples.h"
#include "evidence/schema.h"
#include "evidence/sealed.h"
#include "evidence/store.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

// The files of a run in memory. write() makes hashes and seal true again unless a mutation forbids it, so that a
// mutation trips its own rule and not hash_mismatch.
struct RunFiles {
  core::Json manifest;
  std::string plan;
  std::vector<std::string> lines;
  std::string tail;  // behind the last newline
  std::map<std::string, std::string> analysis;
  bool rehash = true;
  bool reseal = true;

  void edit(std::size_t line, const std::function<void(core::Json&)>& change) {
    auto json = core::parse_json(lines.at(line), "line").value();
    change(json);
    lines[line] = core::canonical_json(json).value();
  }
  void replace(std::size_t line, const std::string& from, const std::string& to) {
    const auto at = lines.at(line).find(from);
    ASSERT_NE(at, std::string::npos) << from;
    lines[line].replace(at, from.size(), to);
  }
  void set_plan(const core::Json& json) {
    plan = core::canonical_json(json).value() + "\n";
    manifest["plan_sha256"] = core::json_hash(json).value();
  }
  [[nodiscard]] std::string records() const {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text + tail;
  }
  void write(const fs::path& run) {
    if (rehash && !manifest["files"].empty()) {
      manifest["files"]["plan.json"] = core::sha256_hex(plan);
      manifest["files"]["records.jsonl"] = core::sha256_hex(records());
    }
    fs::create_directories(run / "analysis");
    std::ofstream(run / "plan.json") << plan;
    std::ofstream(run / "records.jsonl") << records();
    for (const auto& [name, text] : analysis) std::ofstream(run / "analysis" / name) << text;
    auto text = seal(manifest).value();
    if (!reseal) text.replace(text.find("Test OS 1"), 9, "Test OS 2");
    std::ofstream(run / "manifest.json") << text;
  }
};

class Validate : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("validate-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  // Two sessions, each with a warm-up call and two steady ones.
  [[nodiscard]] RunFiles good_run() const {
    auto store = Store::open(root_ / "store", Store::Access::write).value();
    auto manifest = samples::manifest();
    manifest.run_id.clear();
    auto writer = store.create_run(manifest, {{"records_expected", 12}}).value();
    for (int round = 0; round < 2; ++round) {
      for (int call = 0; call < 3; ++call) {
        const auto regime = call == 0 ? Regime::warmup : Regime::steady;
        for (auto& record : samples::call_records(samples::candidate(), round, call, regime)) {
          EXPECT_TRUE(writer.append(std::move(record)));
        }
      }
    }
    manifest.state = "complete";
    manifest.counts.expected = 12;
    EXPECT_TRUE(writer.finish(manifest));
    RunFiles files;
    files.manifest = unseal(core::read_file(writer.folder() / "manifest.json", 1 << 20).value(), "m").value();
    files.plan = core::read_file(writer.folder() / "plan.json", 1 << 20).value();
    std::string line;
    std::ifstream records(writer.folder() / "records.jsonl");
    while (std::getline(records, line)) files.lines.push_back(line);
    fs::remove_all(root_ / "store");
    return files;
  }
  [[nodiscard]] Validation validate(RunFiles files) const {
    fs::remove_all(root_ / "run");
    fs::create_directories(root_ / "run");
    files.write(root_ / "run");
    return validate_run(root_ / "run").value();
  }
  [[nodiscard]] static std::set<std::string> rules(const std::vector<Issue>& issues) {
    std::set<std::string> names;
    for (const auto& issue : issues) names.insert(issue.rule);
    return names;
  }

  fs::path root_;
};

void set_times(core::Json& json, std::int64_t start, std::int64_t stop) {
  json["timing"]["start_ns"] = start;
  json["timing"]["stop_ns"] = stop;
  json["timing"]["duration_ns"] = stop - start;
  const auto tokens = json["phase"] == "prefill" ? json["tokens"]["prompt_semantic"] : json["tokens"]["generated"];
  const auto rate = [&](std::int64_t count) {
    return stop > start && count > 0
               ? core::Json(static_cast<double>(count) / (static_cast<double>(stop - start) / 1e9))
               : core::Json();
  };
  json["throughput"]["tok_s"] = rate(tokens.get<std::int64_t>());
  if (json["phase"] == "e2e") {
    json["throughput"]["total_tok_s"] =
        rate(json["tokens"]["generated"].get<std::int64_t>() + json["tokens"]["prompt_semantic"].get<std::int64_t>());
  }
}
void same_times(core::Json& json) {
  set_times(json, json["timing"]["start_ns"].get<std::int64_t>(), json["timing"]["stop_ns"].get<std::int64_t>());
}

// Lines of the last call of the last session: nothing follows them.
constexpr std::size_t kPrefill = 15;
constexpr std::size_t kDecode = 16;
constexpr std::size_t kE2e = 17;

struct Mutation {
  const char* rule;
  const char* what;
  std::function<void(RunFiles&)> apply;
};

Mutation on_record(const char* rule, const char* what, std::size_t line, std::function<void(core::Json&)> change) {
  return {rule, what, [line, change](RunFiles& run) { run.edit(line, change); }};
}
Mutation on_manifest(const char* rule, const char* what, std::function<void(core::Json&)> change) {
  return {rule, what, [change](RunFiles& run) { change(run.manifest); }};
}

std::vector<Mutation> record_mutations() {
  using J = core::Json;
  return {
      on_record("ok_with_reason", "reason", kPrefill, [](J& r) { r["reason"] = "other"; }),
      on_record("ok_with_reason", "error text", kPrefill, [](J& r) { r["error"] = "boom"; }),
      on_record("status_without_reason", "degraded", kPrefill, [](J& r) { r["status"] = "degraded"; }),
      on_record(
          "ok_without_duration", "no start", kPrefill,
          [](J& r) { r["timing"]["start_ns"] = r["timing"]["duration_ns"] = r["throughput"]["tok_s"] = nullptr; }),
      on_record("failed_with_duration", "error", kPrefill,
                [](J& r) {
                  r["status"] = "error";
                  r["reason"] = "engine_error";
                }),
      on_record("zero_duration", "stop = start", kPrefill,
                [](J& r) { set_times(r, r["timing"]["start_ns"], r["timing"]["start_ns"]); }),
      on_record("no_tokens", "prefill of nothing", kPrefill,
                [](J& r) {
                  r["tokens"]["prompt_semantic"] = 0;
                  same_times(r);
                }),
      on_record("no_tokens", "decode of nothing", kDecode,
                [](J& r) {
                  r["tokens"]["generated"] = 0;
                  same_times(r);
                }),
      on_record("wrong_token_count", "one too few", kE2e,
                [](J& r) {
                  r["tokens"]["generated"] = 7;
                  same_times(r);
                }),
      on_record("wrong_token_count", "another target", kE2e, [](J& r) { r["tokens"]["target"] = 9; }),
      on_record("step_count", "one step less", kDecode, [](J& r) { r["timing"]["step_ns"].erase(0); }),
      on_record("step_count", "steps of a prefill", kPrefill, [](J& r) { r["timing"]["step_ns"] = {1}; }),
      on_record("steps_exceed_duration", "a long step", kDecode, [](J& r) { r["timing"]["step_ns"][3] = 9'000'000; }),
      on_record("ttft_of_another_phase", "decode", kDecode, [](J& r) { r["timing"]["ttft_ns"] = 5; }),
      on_record("ttft_exceeds_latency", "one ns", kE2e, [](J& r) { r["timing"]["ttft_ns"] = 32'001'001; }),
      on_record("ttft_copies_latency", "equal", kE2e, [](J& r) { r["timing"]["ttft_ns"] = 32'001'000; }),
      on_record("implausible_throughput", "too fast", kPrefill,
                [](J& r) {
                  const auto start = r["timing"]["start_ns"].get<std::int64_t>();
                  set_times(r, start, start + 100);
                }),
      on_record("unknown_candidate", "name", kPrefill,
                [](J& r) {
                  r["candidate"]["name"] = "sim-x";
                  r["cell"] = "sim-x/p16-g8-b1";
                }),
      on_record("unknown_candidate", "id", kPrefill, [](J& r) { r["candidate"]["id"] = samples::hash_of("x"); }),
      on_record("unknown_candidate", "no id on an ok record", kPrefill, [](J& r) { r["candidate"]["id"] = nullptr; }),
      on_record("cell_mismatch", "another shape", kPrefill, [](J& r) { r["cell"] = "sim-a/p16-g9-b1"; }),
      on_record("seq_gap", "a hole", kE2e, [](J& r) { r["seq"] = 20; }),
      on_record("seq_repeat", "again", kE2e, [](J& r) { r["seq"] = 16; }),
      on_record("duplicate_record", "call of before", kPrefill, [](J& r) { r["session"]["call"] = 1; }),
      on_record("cell_not_measured", "warm-up alone", 0,
                [](J& r) {
                  r["scenario"]["prompt_tokens"] = 17;
                  r["cell"] = "sim-a/p17-g8-b1";
                }),
      on_record("newer_version", "2", kE2e, [](J& r) { r["version"] = 2; }),
      on_record("negative_duration", "duration", kE2e, [](J& r) { r["timing"]["duration_ns"] = -1; }),
      on_record("negative_duration", "stop before start", kPrefill,
                [](J& r) { set_times(r, r["timing"]["stop_ns"], r["timing"]["start_ns"]); }),
      on_record("negative_duration", "step", kDecode, [](J& r) { r["timing"]["step_ns"][0] = -1; }),
      on_record("duration_mismatch", "not stop - start", kE2e, [](J& r) { r["timing"]["duration_ns"] = 1; }),
      on_record("throughput_mismatch", "tokens per ms", kDecode,
                [](J& r) { r["throughput"]["tok_s"] = r["throughput"]["tok_s"].get<double>() / 1000; }),
      on_record("record_schema", "unknown key", kE2e, [](J& r) { r["note"] = "x"; }),
      on_record("record_schema", "missing key", kE2e, [](J& r) { r["tokens"].erase("target"); }),
      on_record("record_schema", "wrong type", kE2e, [](J& r) { r["seq"] = "17"; }),
  };
}

std::vector<Mutation> sequence_mutations() {
  return {
      {"clock_backwards", "last call a second earlier",
       [](RunFiles& run) {
         for (const auto line : {kPrefill, kDecode, kE2e}) {
           run.edit(line, [](core::Json& r) {
             set_times(r, r["timing"]["start_ns"].get<std::int64_t>() - 200'000'000,
                       r["timing"]["stop_ns"].get<std::int64_t>() - 200'000'000);
           });
         }
       }},
      {"warmup_after_steady", "a late warm-up",
       [](RunFiles& run) {
         run.edit(kE2e, [](core::Json& r) { r["regime"] = "warmup"; });
         run.manifest["counts"]["expected"] = 11;
         run.set_plan({{"records_expected", 11}});
       }},
      {"torn_line", "a crash in the middle of a line", [](RunFiles& run) { run.tail = "{\"version\":1,\"se"; }},
      {"duplicate_json_key", "seq twice",
       [](RunFiles& run) { run.replace(kE2e, "\"seq\":17", "\"seq\":17,\"seq\":17"); }},
      {"duplicate_json_key", "in a group",
       [](RunFiles& run) { run.replace(kE2e, "\"marked\":false", "\"marked\":false,\"marked\":false"); }},
      {"not_json", "NaN", [](RunFiles& run) { run.replace(kE2e, "\"run_queue\":0.0", "\"run_queue\":NaN"); }},
      {"not_json", "an empty line", [](RunFiles& run) { run.lines[kE2e] = ""; }},
      {"records_missing", "a lost line",
       [](RunFiles& run) {
         run.lines.pop_back();
         run.manifest["counts"]["expected"] = 11;
         run.set_plan({{"records_expected", 11}});
       }},
      {"records_missing", "fewer than the plan has", [](RunFiles& run) { run.manifest["counts"]["expected"] = 13; }},
      {"records_extra", "more than were written", [](RunFiles& run) { run.manifest["counts"]["written"] = 17; }},
      {"records_extra", "more than the plan has",
       [](RunFiles& run) {
         run.manifest["counts"]["expected"] = 11;
         run.set_plan({{"records_expected", 11}});
       }},
      {"build_not_measurable", "timed in a debug build",
       [](RunFiles& run) {
         run.manifest["environment"]["build_type"]["value"] = "Debug";
         run.edit(kE2e, [](core::Json& r) { r["timing"]["source"] = "steady_clock"; });
       }},
      {"build_not_measurable", "timed under a sanitizer",
       [](RunFiles& run) {
         run.manifest["environment"]["sanitizer"]["value"] = "thread";
         run.edit(kE2e, [](core::Json& r) { r["timing"]["source"] = "steady_clock"; });
       }},
      {"hash_mismatch", "one byte of a record",
       [](RunFiles& run) {
         run.rehash = false;
         run.edit(kE2e, [](core::Json& r) { r["output_sha256"] = samples::hash_of("another"); });
       }},
      {"hash_mismatch", "one byte of the plan",
       [](RunFiles& run) {
         run.rehash = false;
         run.plan.insert(0, " ");
       }},
  };
}

std::vector<Mutation> manifest_mutations() {
  using J = core::Json;
  return {
      on_manifest("environment_incomplete", "no driver", [](J& m) { m["environment"].erase("driver"); }),
      on_manifest("environment_incomplete", "null without a reason",
                  [](J& m) { m["environment"]["gpu"]["reason"] = nullptr; }),
      on_manifest("newer_version", "2", [](J& m) { m["version"] = 2; }),
      on_manifest("manifest_schema", "state", [](J& m) { m["state"] = "done"; }),
      on_manifest("manifest_schema", "unknown key", [](J& m) { m["note"] = 1; }),
      on_manifest("manifest_schema", "identity changed",
                  [](J& m) { m["candidates"][0]["identity"]["device"] = "GPU"; }),
      on_manifest("manifest_incomplete", "no second phase",
                  [](J& m) {
                    m["state"] = "running";
                    m["finished"] = nullptr;
                    m["files"] = J::object();
                  }),
      on_manifest("run_interrupted", "Ctrl-C", [](J& m) { m["state"] = "interrupted"; }),
      on_manifest("run_provisional", "drift", [](J& m) { m["state"] = "provisional"; }),
      on_manifest("thresholds_invalid", "value", [](J& m) { m["thresholds"]["statistics"]["alpha"] = 2; }),
      on_manifest("thresholds_invalid", "hash", [](J& m) { m["thresholds_sha256"] = samples::hash_of("x"); }),
      on_manifest("candidate_ambiguous", "twice", [](J& m) { m["candidates"].push_back(m["candidates"][0]); }),
      on_manifest("plan_mismatch", "another plan", [](J& m) { m["plan_sha256"] = samples::hash_of("x"); }),
      {"manifest_tampered", "one byte", [](RunFiles& run) { run.reseal = false; }},
      {"plan_unreadable", "cut", [](RunFiles& run) { run.plan = "{"; }},
      {"plan_schema", "no records_expected", [](RunFiles& run) { run.set_plan(J::object()); }},
      {"plan_count", "a plan that promises more", [](RunFiles& run) { run.set_plan({{"records_expected", 15}}); }},
      {"derived_unreadable", "no inputs", [](RunFiles& run) { run.analysis["a.json"] = "{}"; }},
      {"derived_stale", "another input",
       [](RunFiles& run) {
         run.analysis["a.json"] = J{{"inputs", {{"records.jsonl", samples::hash_of("x")}}}}.dump();
       }},
  };
}

TEST_F(Validate, AGoodRunIsCanonical) {
  const auto validation = validate(good_run());
  EXPECT_TRUE(validation.canonical) << to_json(validation).dump(1);
  EXPECT_TRUE(validation.warnings.empty());
  EXPECT_EQ(validation.records, 18);
  EXPECT_EQ(validation.by_status, (std::map<std::string, std::int64_t>{{"ok", 18}}));
  EXPECT_EQ(validation.manifest_sha256, core::sha256_file(root_ / "run" / "manifest.json").value());
  EXPECT_TRUE(check_schema(Schema::validation, to_json(validation)));
}

TEST_F(Validate, EachMutationTripsExactlyItsRule) {
  const auto good = good_run();
  std::set<std::string> tripped;
  for (const auto& table : {record_mutations(), sequence_mutations(), manifest_mutations()}) {
    for (const auto& mutation : table) {
      auto run = good;
      mutation.apply(run);
      const auto validation = validate(std::move(run));
      EXPECT_EQ(rules(validation.issues), std::set<std::string>{mutation.rule})
          << mutation.rule << ": " << mutation.what << "\n"
          << to_json(validation).dump(1);
      EXPECT_FALSE(validation.canonical);
      EXPECT_TRUE(check_schema(Schema::validation, to_json(validation)));
      tripped.insert(mutation.rule);
    }
  }
  EXPECT_EQ(tripped.size(), 47U);  // a new rule needs a mutation here, and its line in the documentation
  const auto docs = core::read_file(fs::path(PHASEGATE_SOURCE_DIR) / "docs/formats.md", 1 << 20).value();
  for (const auto& rule : tripped) EXPECT_NE(docs.find("`" + rule + "`"), std::string::npos) << rule;
}

TEST_F(Validate, EveryFlippedByteOfARawFileIsFound) {
  auto files = good_run();
  const auto run = root_ / "run";
  files.write(run);
  for (const char* name : {"manifest.json", "plan.json", "records.jsonl"}) {
    const auto good = core::read_file(run / name, 1 << 20).value();
    const std::size_t stride = good.size() / 23 + 1;
    for (std::size_t at = 0; at < good.size(); at += stride) {
      auto bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x04);
      std::ofstream(run / name) << bad;
      EXPECT_FALSE(validate_run(run).value().canonical) << name << " byte " << at;
    }
    std::ofstream(run / name) << good;
  }
  EXPECT_TRUE(validate_run(run).value().canonical);
}

TEST_F(Validate, WhatIsOddButPossibleIsAWarning) {
  auto run = good_run();
  run.edit(kE2e, [](core::Json& r) {
    const auto start = r["timing"]["start_ns"].get<std::int64_t>();
    set_times(r, start, start + 64'000'000);
  });
  auto validation = validate(run);
  EXPECT_TRUE(validation.canonical);
  EXPECT_EQ(rules(validation.warnings), std::set<std::string>{"e2e_discrepancy"});

  run = good_run();
  run.edit(kDecode, [](core::Json& r) {
    r["status"] = "degraded";
    r["reason"] = "invalid_output";
    r["timing"]["step_ns"] = core::Json::array();
    const auto start = r["timing"]["start_ns"].get<std::int64_t>();
    set_times(r, start, start + 320'000);
  });
  validation = validate(run);
  EXPECT_TRUE(rules(validation.warnings).contains("placeholder_latency"));
  EXPECT_TRUE(validation.canonical) << to_json(validation).dump(1);
}

TEST_F(Validate, AFailedCallIsEvidenceTooAndDoesNotBlock) {
  auto run = good_run();
  for (const auto line : {kPrefill, kDecode, kE2e}) {
    run.edit(line, [](core::Json& r) {
      r["status"] = "error";
      r["reason"] = "session_crashed";
      r["error"] = "signal 11";
      r["timing"]["step_ns"] = core::Json::array();
      for (const char* key : {"start_ns", "stop_ns", "duration_ns", "ttft_ns"}) r["timing"][key] = nullptr;
      r["tokens"]["generated"] = 0;
      r["throughput"] = {{"tok_s", nullptr}, {"total_tok_s", nullptr}};
      r["candidate"]["id"] = nullptr;
    });
  }
  const auto validation = validate(run);
  EXPECT_TRUE(validation.canonical) << to_json(validation).dump(1);
  EXPECT_EQ(validation.by_status.at("error"), 3);
}

TEST_F(Validate, ManyIssuesOfOneRuleAreCountedNotKept) {
  auto run = good_run();
  for (std::size_t line = 0; line < run.lines.size(); ++line) {
    run.edit(line, [](core::Json& r) { r["error"] = "x"; });
  }
  const auto validation = validate(run);
  ASSERT_EQ(validation.issues.size(), static_cast<std::size_t>(kMaxIssuesOfRule) + 1);
  EXPECT_EQ(validation.issues.back().what, "and 8 more");
}

TEST_F(Validate, AFolderWithoutAManifestIsNoRun) {
  const auto result = validate_run(root_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, core::ErrorKind::not_found);
}

}  // namespace
}  // namespace phasegate::evidence
