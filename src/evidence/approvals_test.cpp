#include "evidence/approvals.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/files.h"
#include "core/limits.h"
#include "evidence/samples.h"
#include "evidence/store.h"

namespace phasegate::evidence {
namespace {

namespace fs = std::filesystem;

class ApprovalsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/phasegate-approvals-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = fs::path(name) / "store";
  }
  void TearDown() override { fs::remove_all(root_.parent_path()); }

  static Step step(StepKind kind, const std::string& policy, const std::string& why = "measured") {
    Step made;
    made.kind = kind;
    made.time = "2026-01-31T12:00:00.000Z";
    made.who = "somebody";
    made.why = why;
    made.policy = samples::hash_of(policy);
    return made;
  }

  // approve a, approve b, rollback a
  void write_three() {
    auto store = Store::open(root_, Store::Access::write);
    ASSERT_TRUE(store) << store.error().message();
    const auto key = store->signing_key({}, false);
    ASSERT_TRUE(key) << key.error().message();
    for (const Step& one :
         {step(StepKind::approve, "a"), step(StepKind::approve, "b"), step(StepKind::rollback, "a", "incident")}) {
      const auto written = store->append_step(one, *key);
      ASSERT_TRUE(written) << written.error().message();
    }
  }

  [[nodiscard]] fs::path file() const { return root_ / "approvals.jsonl"; }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::string text = core::read_file(file(), core::kMaxMatrixBytes).value();
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      found.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return found;
  }
  void write(const std::vector<std::string>& content, const std::string& tail = {}) const {
    std::string text;
    for (const std::string& line : content) text += line + "\n";
    ASSERT_TRUE(core::write_file_atomic(file(), text + tail));
  }
  void expect_damage(const std::string& line, const std::string& words) const {
    const auto history = read_history(root_);
    ASSERT_FALSE(history);
    EXPECT_EQ(history.error().kind, core::ErrorKind::evidence);
    EXPECT_NE(history.error().where.find("approvals.jsonl:" + line), std::string::npos) << history.error().message();
    EXPECT_NE(history.error().what.find(words), std::string::npos) << history.error().message();
    const auto approved = Store::open(root_, Store::Access::read)->get_policy("approved");
    ASSERT_FALSE(approved);
    EXPECT_EQ(approved.error().kind, core::ErrorKind::evidence);
  }

  fs::path root_;
};

TEST_F(ApprovalsTest, AnEmptyStoreHasNoHistoryAndNoApprovedPolicy) {
  const auto store = Store::open(root_, Store::Access::write);
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->history()->steps.empty());
  EXPECT_EQ(store->get_policy("approved").error().kind, core::ErrorKind::not_found);
}

TEST_F(ApprovalsTest, StepsFollowEachOtherAndTheNewestPolicyIsInForce) {
  write_three();
  const auto history = read_history(root_);
  ASSERT_TRUE(history) << history.error().message();
  ASSERT_EQ(history->steps.size(), 3U);
  EXPECT_EQ(history->steps[2].why, "incident");
  EXPECT_FALSE(history->steps[0].previous);
  EXPECT_EQ(history->steps[2].previous, core::sha256_hex(lines()[1]));
  EXPECT_EQ(approved_policy(*history), samples::hash_of("a"));
  EXPECT_FALSE(history->torn);
}

TEST_F(ApprovalsTest, TheApprovedPolicyIsReadByThatName) {
  auto store = Store::open(root_, Store::Access::write);
  ASSERT_TRUE(store);
  Policy policy;
  policy.created = policy.expires = "2026-01-31T12:00:00.000Z";
  policy.thresholds_sha256 = samples::hash_of("t");
  const auto id = store->put_policy(policy);
  ASSERT_TRUE(id) << id.error().message();
  Step approve = step(StepKind::approve, "");
  approve.policy = *id;
  ASSERT_TRUE(store->append_step(approve, *store->signing_key({}, false)));
  const auto found = store->get_policy("approved");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(policy_id(*found)->value, *id);
}

TEST_F(ApprovalsTest, AChangedLineIsFoundWhereverItStands) {
  write_three();
  const auto original = lines();
  for (std::size_t i = 0; i < original.size(); ++i) {
    auto changed = original;
    const auto at = changed[i].find("somebody");
    ASSERT_NE(at, std::string::npos);
    changed[i].replace(at, 8, "nobody!!");
    write(changed);
    expect_damage(std::to_string(i + 1), "wrong signature");
  }
}

TEST_F(ApprovalsTest, AReplayedAMovedAndAMissingLineAreFound) {
  write_three();
  const auto original = lines();
  write({original[0], original[1], original[2], original[1]});
  expect_damage("4", "changed, moved or repeated");
  write({original[0], original[2], original[1]});
  expect_damage("2", "changed, moved or repeated");
  write({original[0], original[2]});
  expect_damage("2", "changed, moved or repeated");
  write({original[0], original[1]});
  expect_damage("2", "the last ones are missing");
  ASSERT_TRUE(fs::remove(file()));
  expect_damage("0", "the last ones are missing");
}

TEST_F(ApprovalsTest, WhiteSpaceAndWhatIsNoStepAreRefused) {
  write_three();
  auto changed = lines();
  changed[1].insert(1, " ");
  write(changed);
  expect_damage("2", "not canonical");
  changed[1] = "{\"schema\":\"phasegate.approval\"}";
  write(changed);
  expect_damage("2", "is not a step");
  changed[1] = "nonsense";
  write(changed);
  expect_damage("2", "is not a step");
}

TEST_F(ApprovalsTest, ASignatureOfAnUnknownKeyCountsForNothing) {
  write_three();
  const auto stranger = core::SigningKey::create(root_.parent_path() / "stranger");
  ASSERT_TRUE(stranger);
  ASSERT_TRUE(append_to_history(root_, step(StepKind::approve, "evil"), *stranger));
  expect_damage("4", "not among the 1 trusted");
}

TEST_F(ApprovalsTest, AHistoryCanBeCheckedWithAKeyKeptElsewhere) {
  write_three();
  const auto published = published_keys(root_);
  ASSERT_TRUE(published);
  EXPECT_TRUE(read_history(root_, *published));
  EXPECT_FALSE(read_history(root_, {samples::hash_of("another key")}));
}

TEST_F(ApprovalsTest, ATornLineIsNoStepAndIsCutByTheNext) {
  write_three();
  const auto original = lines();
  write(original, original[1].substr(0, 40));
  const auto history = read_history(root_);
  ASSERT_TRUE(history) << history.error().message();
  EXPECT_TRUE(history->torn);
  EXPECT_EQ(history->steps.size(), 3U);
  auto store = Store::open(root_, Store::Access::write);
  ASSERT_TRUE(store->append_step(step(StepKind::approve, "c"), *store->signing_key({}, false)));
  const auto after = store->history();
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_FALSE(after->torn);
  EXPECT_EQ(lines().size(), 4U);
  EXPECT_EQ(lines()[2], original[2]);
}

TEST_F(ApprovalsTest, AKeyThatIsGoneIsNotReplacedInSilence) {
  write_three();
  ASSERT_TRUE(fs::remove(default_key(root_)));
  auto store = Store::open(root_, Store::Access::write);
  ASSERT_TRUE(store);
  const auto key = store->signing_key({}, false);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, core::ErrorKind::not_found);
  EXPECT_NE(key.error().next.find("--new-key"), std::string::npos);
  // A new key of another name is published, and old lines stay valid.
  const auto fresh = store->signing_key(root_.parent_path() / "second", true);
  ASSERT_TRUE(fresh) << fresh.error().message();
  ASSERT_TRUE(store->append_step(step(StepKind::approve, "d"), *fresh));
  EXPECT_EQ(store->history()->steps.size(), 4U);
}

TEST_F(ApprovalsTest, OneWriterAtATimeAndNoneThatOnlyReads) {
  write_three();
  const auto first = Store::open(root_, Store::Access::write);
  ASSERT_TRUE(first);
  const auto second = Store::open(root_, Store::Access::write);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, core::ErrorKind::conflict);
  auto reader = Store::open(root_, Store::Access::read);
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->signing_key({}, false));
  const auto key = core::SigningKey::load(default_key(root_));
  ASSERT_TRUE(key);
  const auto refused = reader->append_step(step(StepKind::approve, "x"), *key);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, core::ErrorKind::conflict);
  EXPECT_EQ(lines().size(), 3U);
}

TEST_F(ApprovalsTest, AStepMustFitItsKind) {
  write_three();
  auto store = Store::open(root_, Store::Access::write);
  const auto key = store->signing_key({}, false);
  Step no_policy = step(StepKind::approve, "a");
  no_policy.policy.reset();
  EXPECT_FALSE(store->append_step(no_policy, *key));
  Step no_window = step(StepKind::freeze, "a");
  no_window.policy.reset();
  EXPECT_FALSE(store->append_step(no_window, *key));
  Step no_why = step(StepKind::approve, "a", "");
  EXPECT_FALSE(store->append_step(no_why, *key));
  EXPECT_EQ(lines().size(), 3U);
}

TEST_F(ApprovalsTest, WhatTheLastWatchSawIsKept) {
  auto store = Store::open(root_, Store::Access::write);
  EXPECT_TRUE(store->last_watch()->is_null());
  ASSERT_TRUE(store->note_watch({{"policy", "p"}, {"time", "t"}}));
  EXPECT_EQ(store->last_watch()->at("policy"), "p");
}

}  // namespace
}  // namespace phasegate::evidence
