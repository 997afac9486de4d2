#include "control/plan30.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "control/fixture.h"
#include "core/files.h"
#include "core/sha256.h"

namespace phasegate::control {
namespace {

namespace fs = std::filesystem;

const std::string kId(64, 'a');

PlanFacts facts() {
  PlanFacts made;
  made.now = "2026-01-20T12:00:00.000Z";
  return made;
}

RunFact run(const std::string& id, const std::string& mode) {
  return {id, "2026-01-10T10:00:00.000Z", mode, "complete", true, true};
}

PolicyFact policy() { return {kId, "2026-02-09T00:00:00.000Z", false, "p-1", false, 0, 0, 5, 1}; }

const PlanItem& item(const Plan& plan, const std::string& id) {
  for (const PlanItem& one : plan.items) {
    if (one.id == id) return one;
  }
  ADD_FAILURE() << "no item " << id;
  return plan.items.front();
}

ItemState state(const PlanFacts& facts, const std::string& id) { return item(*plan30(facts, ""), id).state; }

TEST(Plan30, AnEmptyStoreHasEverythingOpenAndSaysWhatIsFirst) {
  const auto plan = plan30(facts(), "2026-01-20");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->day, 1);
  ASSERT_EQ(plan->items.size(), 7U);
  for (const PlanItem& one : plan->items) {
    EXPECT_EQ(one.state, ItemState::open) << one.id;
    EXPECT_TRUE(one.by.empty());
    EXPECT_FALSE(one.next.empty());
  }
  EXPECT_EQ(to_json(*plan).at("next"), "matrix");
}

TEST(Plan30, TheMatrixIsDoneByAFullRunOfThisMachineAlone) {
  auto f = facts();
  f.runs = {run("q", "quick")};
  EXPECT_EQ(state(f, "matrix"), ItemState::partial);
  f.runs.push_back(run("f", "full"));
  EXPECT_EQ(state(f, "matrix"), ItemState::done);
  EXPECT_EQ(item(*plan30(f, ""), "matrix").by, "f");
  f.runs = {run("f", "full")};
  f.runs[0].here = false;
  EXPECT_EQ(state(f, "matrix"), ItemState::open);
  f.runs[0].here = true;
  f.runs[0].state = "interrupted";
  EXPECT_EQ(state(f, "matrix"), ItemState::open);
}

TEST(Plan30, ValidationNeedsACanonicalRun) {
  auto f = facts();
  f.runs = {run("a", "quick")};
  EXPECT_EQ(state(f, "validation"), ItemState::done);
  f.runs[0].canonical = false;
  EXPECT_EQ(item(*plan30(f, ""), "validation").next, "phasegate validate a");
  EXPECT_EQ(state(f, "validation"), ItemState::open);
  f.runs[0].canonical.reset();
  EXPECT_EQ(state(f, "validation"), ItemState::open);
  EXPECT_EQ(item(*plan30(f, ""), "validation").next, "phasegate validate a");
}

TEST(Plan30, CostAndCompileAreReadFromThePolicy) {
  auto f = facts();
  f.policies = {policy()};
  EXPECT_EQ(state(f, "cost"), ItemState::done);
  EXPECT_EQ(state(f, "compile"), ItemState::not_applicable);
  f.policies[0].shadow_price = true;
  f.policies[0].compiled = 2;
  EXPECT_EQ(state(f, "cost"), ItemState::partial);
  EXPECT_EQ(state(f, "compile"), ItemState::open);
  f.policies[0].pricing.clear();
  f.policies[0].witnessed = 1;
  EXPECT_EQ(state(f, "cost"), ItemState::open);
  EXPECT_EQ(state(f, "compile"), ItemState::partial);
  f.policies[0].witnessed = 2;
  EXPECT_EQ(state(f, "compile"), ItemState::done);
  f.policies[0].provisional = true;  // counts for nothing
  EXPECT_EQ(state(f, "compile"), ItemState::open);
}

TEST(Plan30, RoutingIsDoneByAnApprovalThatHolds) {
  auto f = facts();
  f.policies = {policy()};
  EXPECT_EQ(item(*plan30(f, ""), "routing").next, "phasegate approve aaaaaaaaaaaa --by NAME --why TEXT");
  f.standing.approved = kId;
  f.standing.approved_at = 3;
  EXPECT_EQ(state(f, "routing"), ItemState::done);
  EXPECT_EQ(item(*plan30(f, ""), "routing").by, "aaaaaaaaaaaa (step 3)");
  f.standing.stale_since = f.now;
  EXPECT_EQ(state(f, "routing"), ItemState::partial);
  f.standing.stale_since.reset();
  f.now = "2026-03-01T00:00:00.000Z";
  EXPECT_EQ(state(f, "routing"), ItemState::partial);
  EXPECT_EQ(state(f, "warmup"), ItemState::partial);  // never done by a store alone
}

TEST(Plan30, TriggersAreDoneByARecentWatchOfThePolicyInForce) {
  auto f = facts();
  f.policies = {policy()};
  f.standing.approved = kId;
  f.standing.approved_at = 0;
  EXPECT_EQ(state(f, "triggers"), ItemState::open);
  f.watched_policy = kId;
  f.watched_at = "2026-01-19T00:00:00.000Z";
  EXPECT_EQ(state(f, "triggers"), ItemState::done);
  f.watched_at = "2026-01-12T00:00:00.000Z";
  EXPECT_EQ(state(f, "triggers"), ItemState::partial);
  f.watched_policy = std::string(64, 'b');
  EXPECT_EQ(state(f, "triggers"), ItemState::open);
}

TEST(Plan30, DatesFollowFromTheStartAndLateItemsSaySo) {
  auto f = facts();
  f.runs = {run("q", "quick")};
  const auto plan = plan30(f, "");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->start, "2026-01-10");
  EXPECT_EQ(plan->day, 11);
  const auto json = to_json(*plan);
  EXPECT_EQ(json.at("items")[0].at("until"), "2026-01-16");
  EXPECT_TRUE(json.at("items")[0].at("overdue"));   // partial on day 11 of 7
  EXPECT_FALSE(json.at("items")[1].at("overdue"));  // done
  EXPECT_FALSE(json.at("items")[2].at("overdue"));  // until day 14
  EXPECT_EQ(json.at("items")[4].at("until"), "2026-02-08");
  EXPECT_NE(to_text(*plan).find("OVERDUE"), std::string::npos);
  for (const char* wrong : {"soon", "2026-02-30", "2026-1-1", "2026-01-10T00:00:00Z"}) EXPECT_FALSE(plan30(f, wrong));
}

TEST(Plan30, StateIsReadFromAStore) {
  char name[] = "/tmp/phasegate-plan30-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const fs::path root = fs::path(name) / "store";
  {
    auto store = evidence::Store::open(root, evidence::Store::Access::write);
    ASSERT_TRUE(store);
    auto made = policy::fixture::build(policy::fixture::demo_run());
    made.manifest.environment = fixture::environment();
    made.manifest.generator = "test";
    made.manifest.matrix_sha256 = core::sha256_hex("matrix");
    for (const auto key : evidence::kEnvironmentKeys) {
      made.manifest.environment.emplace(std::string(key), evidence::EnvironmentValue{nullptr, "not read"});
    }
    auto imported = made.manifest;  // a whole run of somebody else
    imported.run_id = "20260101T000000Z-imported";
    imported.mode = "imported";
    ASSERT_TRUE(store->create_run(imported, core::Json{{"plan", 1}})->finish(imported));
    auto writer = store->create_run(made.manifest, core::Json{{"plan", 1}});
    ASSERT_TRUE(writer) << writer.error().message();
    ASSERT_TRUE(writer->finish(made.manifest));
    const std::string run = writer->run_id();
    const auto manifest = core::sha256_file(writer->folder() / "manifest.json");
    ASSERT_TRUE(core::write_file_atomic(writer->folder() / "validation.json",
                                        fmt::format("{{\"manifest_sha256\":\"{}\",\"valid\":true}}", *manifest)));
    const auto id = store->put_policy(fixture::demo());
    ASSERT_TRUE(id);
    evidence::Step step;
    step.policy = *id;
    step.time = "2026-01-15T00:00:00.000Z";
    step.who = "platform team";
    step.why = "first";
    ASSERT_TRUE(store->append_step(step, *store->signing_key({}, false)));
    ASSERT_TRUE(store->note_watch({{"policy", *id}, {"time", "2026-01-20T00:00:00.000Z"}}));
    ASSERT_TRUE(core::write_file_atomic(root / "policies" / (std::string(64, '0') + ".json"), "{}"));
    const auto read = read_plan_facts(*store, fixture::environment(), "2026-01-20T12:00:00.000Z");
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->runs.size(), 1U);
    const auto plan = plan30(*read, "");
    ASSERT_TRUE(plan);
    EXPECT_EQ(item(*plan, "matrix").state, ItemState::partial);  // quick
    EXPECT_EQ(item(*plan, "matrix").by, run);
    EXPECT_EQ(item(*plan, "validation").state, ItemState::done);
    EXPECT_EQ(item(*plan, "cost").state, ItemState::partial);  // a shadow price
    EXPECT_EQ(item(*plan, "compile").state, ItemState::not_applicable);
    EXPECT_EQ(item(*plan, "routing").state, ItemState::done);
    EXPECT_EQ(item(*plan, "triggers").state, ItemState::done);
    ASSERT_EQ(plan->unreadable.size(), 1U);  // the policy that is none
    // On another machine the same run is no reproduction, and a changed manifest is not validated.
    auto other = fixture::environment();
    other["cpu_model"].value = "Other CPU";
    const auto elsewhere = read_plan_facts(*store, other, "2026-01-20T12:00:00.000Z");
    EXPECT_EQ(item(*plan30(*elsewhere, ""), "matrix").state, ItemState::open);
    EXPECT_EQ(item(*plan30(*elsewhere, ""), "validation").state, ItemState::open);
    // A history that does not verify stops everything.
    std::string text = core::read_file(root / "approvals.jsonl", 1 << 20).value();
    text.replace(text.find("first"), 5, "other");
    ASSERT_TRUE(core::write_file_atomic(root / "approvals.jsonl", text));
    const auto broken = read_plan_facts(*store, fixture::environment(), "2026-01-20T12:00:00.000Z");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().kind, core::ErrorKind::evidence);
  }
  fs::remove_all(name);
}

}  // namespace
}  // namespace phasegate::control
