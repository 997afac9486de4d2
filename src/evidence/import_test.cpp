// Imported runs in the store: written, read back, recognised again, and never left half done.
#include "evidence/import.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/files.h"
#include "core/sha256.h"
#include "evidence/observation_samples.h"
#include "evidence/store.h"
#include "evidence/validation.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

class Import : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("import-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  [[nodiscard]] Store store() const { return Store::open(root_ / "store", Store::Access::write).value(); }
  [[nodiscard]] fs::path folder(const std::string& id) const { return root_ / "store" / "runs" / id; }

  static ImportWriter begin(Store& store) {
    return store.create_import({"phasegate", "import"}, {{"format", "tr121"}}).value();
  }
  static void append_rows(ImportWriter& writer, std::int64_t rows) {
    for (std::int64_t i = 0; i < rows; ++i) {
      auto row = samples::observation(i);
      ASSERT_TRUE(writer.append(row));
      EXPECT_EQ(row.seq, i);
    }
  }

  fs::path root_;
};

TEST_F(Import, ARunIsWrittenAndReadBack) {
  auto store = this->store();
  auto writer = begin(store);
  append_rows(writer, 3000);  // several buffers
  const auto done = writer.finish(samples::imported_source(3000));
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_FALSE(done->already_there);
  EXPECT_EQ(store.runs(), std::vector<std::string>{done->run_id});
  const auto run = folder(done->run_id);
  const auto manifest = read_manifest(run).value();
  EXPECT_TRUE(is_imported(manifest));
  EXPECT_EQ(manifest.state, "complete");
  EXPECT_EQ(manifest.counts.expected, 3000);
  EXPECT_EQ(manifest.counts.by_status.at("ok"), 3000);
  EXPECT_EQ(manifest.seed, 42U);
  EXPECT_EQ(manifest.matrix["gen_tokens"], 16);
  EXPECT_TRUE(manifest.candidates.empty());
  EXPECT_EQ(manifest.files.size(), 3U);
  for (const auto& [name, hash] : manifest.files) EXPECT_EQ(core::sha256_file(run / name).value(), hash) << name;
  std::int64_t rows = 0;
  ASSERT_TRUE(for_each_observation(run, [&](Observation& row) -> core::Status {
    std::string line;
    std::string expected;
    EXPECT_TRUE(write_observation(row, line));
    auto again = samples::observation(rows++);
    EXPECT_TRUE(write_observation(again, expected));
    EXPECT_EQ(line, expected);
    return {};
  }));
  EXPECT_EQ(rows, 3000);
  EXPECT_EQ(read_import_source(run).value()["tool"], "TR121 runner");
}

TEST_F(Import, TheSourcesPerplexitiesPassOurGate) {
  auto store = this->store();
  auto writer = begin(store);
  append_rows(writer, 1);
  auto imported = samples::imported_source(1);
  auto& results = imported.source["documents"]["perplexity_results.json"]["results"];
  results.push_back({{"backend", "trt-fp32"}, {"perplexity", 58.42}, {"delta_frac", 0.0001}, {"pass", true}});
  results.push_back({{"backend", "trt-fp16"}, {"perplexity", nullptr}, {"error", "set_input_shape_failed"}});
  results.push_back({{"backend", "trt-int8"}, {"perplexity", 56}});
  results.push_back({{"backend", "nan"}, {"perplexity", "NaN"}});
  const auto accuracy = read_manifest(folder(writer.finish(imported).value().run_id)).value().accuracy;
  ASSERT_EQ(accuracy.size(), 6U);
  const auto status = [&](std::size_t i) { return accuracy[i].status; };
  EXPECT_EQ(status(0), "pass");
  EXPECT_EQ(status(1), "pass");
  EXPECT_NEAR(*accuracy[1].delta_fraction, 58.35 / 58.34 - 1, 1e-15);
  EXPECT_EQ(status(2), "fail");  // +0.137 %: the source's own "pass" and delta are not believed
  EXPECT_EQ(status(3), "missing");
  EXPECT_EQ(accuracy[3].reason, "set_input_shape_failed");
  EXPECT_EQ(status(4), "pass");
  EXPECT_EQ(accuracy[4].reason, "perplexity fell by 4.011 %, 2 % are allowed");
  EXPECT_EQ(status(5), "missing");
}

TEST_F(Import, TheSameContentIsTheRunThatIsThere) {
  auto store = this->store();
  const auto import = [&](std::int64_t rows) {
    auto writer = begin(store);
    append_rows(writer, rows);
    return writer.finish(samples::imported_source(rows)).value();
  };
  const auto first = import(3);
  const auto again = import(3);
  EXPECT_TRUE(again.already_there);
  EXPECT_EQ(again.run_id, first.run_id);
  EXPECT_EQ(store.runs().size(), 1U);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "store" / "runs"), {}), 1);
  const auto other = import(4);
  EXPECT_FALSE(other.already_there);
  EXPECT_EQ(store.runs().size(), 2U);
}

TEST_F(Import, AnImportThatFailedLeavesNothing) {
  auto store = this->store();
  {
    auto writer = begin(store);
    append_rows(writer, 2);
    auto row = samples::observation(2);
    row.latency_ms = {HUGE_VAL};
    const auto status = writer.append(row);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().where, "raw/runs.jsonl:3 latency_ms");
    EXPECT_FALSE(writer.finish(samples::imported_source(3)));  // 2 rows were appended
  }
  EXPECT_TRUE(fs::is_empty(root_ / "store" / "runs"));
}

TEST_F(Import, WhatACrashLeavesIsUnfinished) {
  auto store = this->store();
  auto writer = begin(store);
  append_rows(writer, 2000);
  fs::copy(folder(writer.run_id()), root_ / "crashed");  // as a process that dies now leaves it
  const auto validation = validate_run(root_ / "crashed").value();
  EXPECT_FALSE(validation.canonical);
  const auto unfinished = [](const Issue& issue) { return issue.rule == "manifest_incomplete"; };
  EXPECT_EQ(std::count_if(validation.issues.begin(), validation.issues.end(), unfinished), 1);
  EXPECT_EQ(store.resume_run(writer.run_id()).error().kind, core::ErrorKind::conflict);
}

TEST_F(Import, ASecondWriterIsRefusedAndInterleavesNothing) {
  auto store = this->store();
  auto writer = begin(store);
  append_rows(writer, 2);
  const auto second = Store::open(root_ / "store", Store::Access::write);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, core::ErrorKind::conflict);
  EXPECT_NE(second.error().message().find("being written by process"), std::string::npos);
  auto reader = Store::open(root_ / "store", Store::Access::read).value();
  EXPECT_FALSE(reader.create_import({}, {}));
  EXPECT_TRUE(writer.finish(samples::imported_source(2)));
}

TEST_F(Import, AppendAfterTheEndAndFaultyDocumentsAreRefused) {
  auto store = this->store();
  auto writer = begin(store);
  append_rows(writer, 1);
  auto faulty = samples::imported_source(1);
  faulty.source["facts"]["sessions"] = "five";
  const auto refused = writer.finish(faulty);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "source.json facts.sessions");
  ASSERT_TRUE(writer.finish(samples::imported_source(1)));
  auto row = samples::observation(1);
  EXPECT_EQ(writer.append(row).error().kind, core::ErrorKind::conflict);
}

TEST_F(Import, ReadingStopsAtTheFirstBadLineAndNamesIt) {
  auto store = this->store();
  auto writer = begin(store);
  append_rows(writer, 3);
  const auto run = folder(writer.finish(samples::imported_source(3)).value().run_id);
  const auto count = [&](core::Status& status) {
    int rows = 0;
    status = for_each_observation(run, [&](Observation&) -> core::Status {
      ++rows;
      return {};
    });
    return rows;
  };
  core::Status status;
  std::ofstream(run / "observations.jsonl", std::ios::app) << "{\"version\":1}\n";
  EXPECT_EQ(count(status), 3);
  EXPECT_NE(status.error().message().find("observations.jsonl:4: backend"), std::string::npos);
  std::ofstream(run / "observations.jsonl", std::ios::app) << "{";
  fs::resize_file(run / "observations.jsonl", 100);
  EXPECT_EQ(count(status), 0);
  EXPECT_EQ(status.error().kind, core::ErrorKind::evidence);
}

}  // namespace
}  // namespace phasegate::evidence
