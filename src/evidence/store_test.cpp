#include "evidence/store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "core/files.h"
#include "core/sha256.h"
#include "evidence/samples.h"
#include "evidence/sealed.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            ("store-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
             std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  [[nodiscard]] Store open() const { return Store::open(root_, Store::Access::write).value(); }
  [[nodiscard]] static Manifest new_manifest() {
    auto manifest = samples::manifest();
    manifest.run_id.clear();
    return manifest;
  }
  static void append_call(RunWriter& writer, int call) {
    for (auto& record : samples::call_records(samples::candidate(), 0, call, Regime::steady)) {
      ASSERT_TRUE(writer.append(std::move(record)));
    }
  }
  [[nodiscard]] static std::vector<Record> read_all(const fs::path& run) {
    std::vector<Record> records;
    const auto status = for_each_record(run, [&](const Record& record) {
      records.push_back(record);
      return core::Status();
    });
    EXPECT_TRUE(status) << status.error().message();
    return records;
  }

  fs::path root_;
};

TEST_F(StoreTest, ARunIsWrittenInTwoPhasesAndReadBack) {
  auto store = open();
  auto writer = store.create_run(new_manifest(), {{"records_expected", 3}}).value();
  const auto first = read_manifest(writer.folder());
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->state, "running");
  EXPECT_FALSE(first->finished);
  EXPECT_EQ(first->run_id, writer.run_id());
  EXPECT_EQ(first->plan_sha256, core::json_hash({{"records_expected", 3}}).value());
  append_call(writer, 0);
  auto manifest = new_manifest();
  manifest.state = "complete";
  ASSERT_TRUE(writer.finish(manifest));
  const auto last = read_manifest(writer.folder());
  ASSERT_TRUE(last) << last.error().message();
  EXPECT_TRUE(last->finished);
  EXPECT_EQ(last->counts.written, 3);
  EXPECT_EQ(last->counts.by_status.at("ok"), 3);
  EXPECT_EQ(last->files.at("records.jsonl"), core::sha256_file(writer.folder() / "records.jsonl").value());
  const auto records = read_all(writer.folder());
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[2].seq, 2);
  EXPECT_FALSE(writer.append(records[0]));
  EXPECT_FALSE(writer.finish(manifest));
}

TEST_F(StoreTest, EachRecordIsInTheFileWhenAppendReturns) {
  auto store = open();
  auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  append_call(writer, 0);
  EXPECT_EQ(read_all(writer.folder()).size(), 3U);  // the writer is still alive and did not flush anything later
}

TEST_F(StoreTest, WhatItsReadersWouldRefuseIsNotWritten) {
  auto store = open();
  auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  auto record = samples::call_records(samples::candidate(), 0, 0, Regime::steady)[0];
  record.timing_source.clear();
  const auto status = writer.append(record);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().where, "record timing.source");
  EXPECT_EQ(writer.written(), 0);
  auto manifest = new_manifest();
  manifest.environment["gpu"].reason.clear();
  EXPECT_FALSE(writer.update(manifest));
  auto policy = samples::policy();
  policy.scope = "planet";
  EXPECT_FALSE(store.put_policy(policy));
}

TEST_F(StoreTest, ASecondWriterIsToldWhoHoldsTheStore) {
  const auto store = open();
  const auto second = Store::open(root_, Store::Access::write);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, core::ErrorKind::conflict);
  EXPECT_NE(second.error().what.find(std::to_string(::getpid())), std::string::npos) << second.error().what;
  EXPECT_TRUE(Store::open(root_, Store::Access::read));
}

TEST_F(StoreTest, ANewerFormatIsRefused) {
  {
    const auto store = open();
  }
  ASSERT_TRUE(core::write_file_atomic(root_ / "version", "phasegate-store 2\n"));
  for (const auto access : {Store::Access::read, Store::Access::write}) {
    const auto newer = Store::open(root_, access);
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().kind, core::ErrorKind::conflict);
    EXPECT_NE(newer.error().what.find("version 2"), std::string::npos);
  }
}

TEST_F(StoreTest, AFolderOfOtherThingsDoesNotBecomeAStore) {
  fs::create_directories(root_ / "photos");
  EXPECT_EQ(Store::open(root_, Store::Access::write).error().kind, core::ErrorKind::not_found);
  EXPECT_EQ(Store::open(root_ / "photos", Store::Access::read).error().kind, core::ErrorKind::not_found);
}

TEST_F(StoreTest, ResumeCutsATornLineAndGoesOn) {
  auto store = open();
  std::string id;
  fs::path records;
  {
    auto writer = store.create_run(new_manifest(), {{"a", 1}}).value();
    append_call(writer, 0);
    id = writer.run_id();
    records = writer.folder() / "records.jsonl";
  }
  const auto whole = fs::file_size(records);
  std::ofstream(records, std::ios::app) << R"({"version":1,"seq":3,"cel)";
  auto resumed = store.resume_run(id);
  ASSERT_TRUE(resumed) << resumed.error().message();
  EXPECT_TRUE(resumed->cut_torn_line);
  EXPECT_EQ(fs::file_size(records), whole);
  EXPECT_EQ(resumed->records.size(), 3U);
  EXPECT_EQ(resumed->plan["a"], 1);
  append_call(resumed->writer, 1);
  auto manifest = resumed->manifest;
  manifest.state = "complete";
  ASSERT_TRUE(resumed->writer.finish(manifest));
  EXPECT_EQ(read_all(records.parent_path()).back().seq, 5);
  EXPECT_EQ(read_manifest(records.parent_path())->counts.by_status.at("ok"), 6);
  EXPECT_EQ(store.resume_run(id).error().kind, core::ErrorKind::conflict);
}

TEST_F(StoreTest, AnInterruptedRunCanGoOn) {
  auto store = open();
  auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  append_call(writer, 0);
  auto manifest = new_manifest();
  manifest.state = "interrupted";
  manifest.state_reason = "Ctrl-C";
  ASSERT_TRUE(writer.finish(manifest));
  const auto resumed = store.resume_run("last");
  ASSERT_TRUE(resumed) << resumed.error().message();
  EXPECT_FALSE(resumed->cut_torn_line);
  EXPECT_EQ(read_manifest(resumed->writer.folder())->state, "running");
}

TEST_F(StoreTest, ResumeRefusesAChangedWholeLine) {
  auto store = open();
  auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  append_call(writer, 0);
  const auto path = writer.folder() / "records.jsonl";
  auto text = core::read_file(path, 1 << 20).value();
  text.replace(text.find("\"seq\":1"), 7, "\"seq\":7");
  ASSERT_TRUE(core::write_file_atomic(path, text));
  const auto resumed = store.resume_run(writer.run_id());
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().kind, core::ErrorKind::evidence);
  EXPECT_TRUE(resumed.error().where.ends_with("records.jsonl:2")) << resumed.error().where;
}

// A full disk, seen by the same calls: the file may not grow past a limit in the middle of a line.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_action_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit old_{};
  void (*old_action_)(int) = nullptr;
};

TEST_F(StoreTest, AFullDiskLeavesWholeLinesAndAnErrorThatSaysWhatToDo) {
  auto store = open();
  auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  append_call(writer, 0);
  const auto path = writer.folder() / "records.jsonl";
  const auto whole = fs::file_size(path);
  const auto more = samples::call_records(samples::candidate(), 0, 1, Regime::steady);
  {
    const FileSizeLimit limit(whole + 100);
    const auto status = writer.append(more[0]);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, core::ErrorKind::io);
    EXPECT_NE(status.error().next.find("--resume"), std::string::npos);
  }
  EXPECT_EQ(fs::file_size(path), whole);
  EXPECT_EQ(read_all(writer.folder()).size(), 3U);
  ASSERT_TRUE(writer.append(more[0]));  // space was made
  EXPECT_EQ(read_all(writer.folder()).back().seq, 3);
}

TEST_F(StoreTest, RunsAreFoundByPrefixLastAndPath) {
  auto store = open();
  auto early = new_manifest();
  early.started = "2026-01-31T12:00:00.000Z";
  auto late = new_manifest();
  late.started = "2026-02-01T12:00:00.000Z";
  const auto second = store.create_run(late, core::Json::object()).value().run_id();
  const auto first = store.create_run(early, core::Json::object()).value().run_id();
  EXPECT_EQ(store.runs(), (std::vector<std::string>{first, second}));
  EXPECT_EQ(store.find_run("last").value().filename(), second);
  EXPECT_EQ(store.find_run("20260131").value().filename(), first);
  EXPECT_EQ(store.find_run((root_ / "runs" / first).string()).value().filename(), first);
  EXPECT_EQ(store.find_run("2026").error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(store.find_run("1999").error().kind, core::ErrorKind::not_found);
}

TEST_F(StoreTest, AChangedByteOfTheManifestIsFoundWithoutAnyOtherFile) {
  auto store = open();
  const auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  const auto path = writer.folder() / "manifest.json";
  const auto good = core::read_file(path, 1 << 20).value();
  for (std::size_t at = 0; at < good.size(); at += 37) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FALSE(unseal(bad, "m")) << at;
  }
  EXPECT_TRUE(unseal(good, "m"));
  auto changed = good;
  changed.replace(changed.find("Test OS 1"), 9, "Test OS 2");
  ASSERT_TRUE(core::write_file_atomic(path, changed));
  EXPECT_EQ(read_manifest(writer.folder()).error().kind, core::ErrorKind::evidence);
}

TEST_F(StoreTest, DerivedFilesNameTheHashesOfTheirInputs) {
  auto store = open();
  const auto writer = store.create_run(new_manifest(), core::Json::object()).value();
  const auto hash = store.write_derived(writer.folder(), "analysis/a.json", {{"x", 1}}, {"plan.json"});
  ASSERT_TRUE(hash) << hash.error().message();
  const auto path = writer.folder() / "analysis/a.json";
  EXPECT_EQ(*hash, core::sha256_file(path).value());
  const auto json = core::parse_json(core::read_file(path, 1 << 20).value(), "a").value();
  EXPECT_EQ(json["inputs"]["plan.json"], core::sha256_file(writer.folder() / "plan.json").value());
  EXPECT_EQ(json["tool"]["name"], "phasegate");
  EXPECT_FALSE(store.write_derived(writer.folder(), "records.jsonl", {{"x", 1}}, {}));
  EXPECT_FALSE(store.write_derived(writer.folder(), "../a.json", {{"x", 1}}, {}));
}

TEST_F(StoreTest, PoliciesAreAddressedByTheirContentAndCheckedOnReading) {
  auto store = open();
  const auto id = store.put_policy(samples::policy()).value();
  EXPECT_EQ(id, policy_id(samples::policy()).value().value);
  const auto path = root_ / "policies" / (id + ".json");
  EXPECT_EQ(core::sha256_file(path).value(), id);  // so that `sha256sum` proves it
  for (const auto& name : {id, id.substr(0, 8), std::string("last"), path.string()}) {
    const auto policy = store.get_policy(name);
    ASSERT_TRUE(policy) << policy.error().message();
    EXPECT_EQ(policy_id(*policy).value().value, id);
  }
  auto text = core::read_file(path, 1 << 20).value();
  text.replace(text.find("\"winner\":\"sim-b\""), 16, "\"winner\":\"sim-a\"");
  ASSERT_TRUE(core::write_file_atomic(path, text));
  const auto tampered = store.get_policy(id);
  ASSERT_FALSE(tampered);
  EXPECT_EQ(tampered.error().kind, core::ErrorKind::evidence);
}

TEST_F(StoreTest, ClaimsOfOneSubjectTakeThePlaceOfItsOldOnes) {
  auto store = open();
  const auto claim = [](const char* id) { return core::Json::object({{"id", id}}); };
  ASSERT_TRUE(store.put_claims("a", std::vector<core::Json>{claim("1"), claim("2")}));
  ASSERT_TRUE(store.put_claims("b", std::vector<core::Json>{claim("3")}));
  ASSERT_TRUE(store.put_claims("a", std::vector<core::Json>{claim("4")}));
  const auto text = core::read_file(root_ / "claims.jsonl", 1 << 20).value();
  EXPECT_EQ(text, "{\"id\":\"3\",\"subject\":\"b\"}\n{\"id\":\"4\",\"subject\":\"a\"}\n");
  std::ofstream(root_ / "claims.jsonl") << "not json\n";
  const auto status = store.put_claims("a", {});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message().find("claims.jsonl:1"), std::string::npos) << status.error().message();
}

}  // namespace
}  // namespace phasegate::evidence
