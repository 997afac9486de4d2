#include "control/approve.h"

#include <gtest/gtest.h>

#include "control/fixture.h"

namespace phasegate::control {
namespace {

using core::ErrorKind;
using evidence::Step;
using evidence::StepKind;

const std::string kA(64, 'a');
const std::string kB(64, 'b');
const std::string kC(64, 'c');
const Author kAuthor{"platform team", "measured", "2026-01-20T12:00:00.000Z"};

evidence::History history_of(std::vector<Step> steps) {
  evidence::History history;
  for (Step& step : steps) {
    step.seq = static_cast<std::int64_t>(history.steps.size());
    history.steps.push_back(std::move(step));
    history.hashes.emplace_back(64, '0');
  }
  return history;
}

Step step(StepKind kind, const std::optional<std::string>& policy,
          const std::string& time = "2026-01-15T00:00:00.000Z") {
  Step made;
  made.kind = kind;
  made.policy = policy;
  made.time = time;
  made.who = "somebody";
  made.why = "because";
  if (kind == StepKind::freeze) made.window = {"2026-01-18T00:00:00.000Z", "2026-01-25T00:00:00.000Z"};
  if (kind == StepKind::stale) made.drifts = {{"driver", "environment.driver", "1", "2"}};
  return made;
}

TEST(Approve, AFittingPolicyOfThisMachineIsPutInForce) {
  const auto policy = fixture::demo();
  const auto made = approve(policy, compare_boundary(policy, fixture::here(policy)), {}, {kA, {}, {}, {}}, kAuthor);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->kind, StepKind::approve);
  EXPECT_EQ(made->policy, kA);
  EXPECT_FALSE(made->previous_policy);
  EXPECT_EQ(made->who, "platform team");
  EXPECT_TRUE(made->overrides.empty());
}

TEST(Approve, RefusesWhatMayNotServe) {
  auto policy = fixture::demo();
  const Comparison fits;
  policy.provisional = true;
  policy.provisional_reason = "a session drifted";
  auto refused = approve(policy, fits, {}, {kA, {}, {}, {}}, kAuthor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::evidence);
  EXPECT_NE(refused.error().what.find("a session drifted"), std::string::npos);
  policy.provisional = false;
  Author late = kAuthor;
  late.now = policy.expires;
  refused = approve(policy, fits, {}, {kA, {}, {}, {}}, late);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("expired"), std::string::npos);
  EXPECT_FALSE(approve(policy, fits, {}, {kA, {}, {}, {}}, {" ", "why", kAuthor.now}));
  EXPECT_FALSE(approve(policy, fits, {}, {kA, {}, {}, {}}, {"who", "", kAuthor.now}));
}

TEST(Approve, AnotherMachineNeedsAReasonThatIsWrittenDown) {
  const auto policy = fixture::demo();
  auto here = fixture::here(policy);
  here.environment["cpu_model"].value = "Other CPU";
  const auto boundary = compare_boundary(policy, here);
  const auto refused = approve(policy, boundary, {}, {kA, {}, {}, {}}, kAuthor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::evidence);
  EXPECT_NE(refused.error().what.find("Other CPU"), std::string::npos);
  const auto made = approve(policy, boundary, {}, {kA, {}, "the fleet's twin", {}}, kAuthor);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->overrides.size(), 1U);
  EXPECT_EQ(made->overrides[0].rule, "other_machine");
  EXPECT_EQ(made->overrides[0].reason, "the fleet's twin");
  EXPECT_NE(made->overrides[0].detail.find("environment.cpu_model"), std::string::npos);
  // A price that moved is no other machine.
  auto priced = fixture::here(policy);
  priced.pricing->price.usd_per_hour = 9;
  EXPECT_TRUE(approve(policy, compare_boundary(policy, priced), {}, {kA, {}, {}, {}}, kAuthor));
}

TEST(Approve, IsAnExchangeAgainstThePolicyInForce) {
  const auto policy = fixture::demo();
  const auto standing = standing_of(history_of({step(StepKind::approve, kB)}));
  const auto unseen = approve(policy, {}, standing, {kA, {}, {}, {}}, kAuthor);
  ASSERT_FALSE(unseen);
  EXPECT_EQ(unseen.error().kind, ErrorKind::conflict);
  EXPECT_NE(unseen.error().next.find("--against bbbbbbbbbbbb"), std::string::npos);
  const auto stale = approve(policy, {}, standing, {kA, kC, {}, {}}, kAuthor);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().kind, ErrorKind::conflict);
  const auto made = approve(policy, {}, standing, {kA, kB, {}, {}}, kAuthor);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->previous_policy, kB);
  EXPECT_FALSE(approve(policy, {}, {}, {kA, kB, {}, {}}, kAuthor));       // none is in force
  EXPECT_TRUE(approve(policy, {}, standing, {kB, {}, {}, {}}, kAuthor));  // the same again
}

TEST(Approve, AFreezeHoldsUnlessOverriddenAndOnlyInsideItsWindow) {
  const auto policy = fixture::demo();
  const auto standing = standing_of(history_of({step(StepKind::freeze, std::nullopt)}));
  const auto refused = approve(policy, {}, standing, {kA, {}, {}, {}}, kAuthor);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("frozen until 2026-01-25"), std::string::npos);
  const auto forced = approve(policy, {}, standing, {kA, {}, {}, "the old one crashes"}, kAuthor);
  ASSERT_TRUE(forced);
  ASSERT_EQ(forced->overrides.size(), 1U);
  EXPECT_EQ(forced->overrides[0].rule, "freeze");
  for (const char* outside : {"2026-01-17T23:59:59.999Z", "2026-01-25T00:00:00.000Z"}) {
    EXPECT_TRUE(approve(policy, {}, standing, {kA, {}, {}, {}}, {"w", "y", outside})) << outside;
  }
  EXPECT_FALSE(approve(policy, {}, standing, {kA, {}, {}, {}}, {"w", "y", "2026-01-18T00:00:00.000Z"}));
  const auto lifted =
      standing_of(history_of({step(StepKind::freeze, std::nullopt), step(StepKind::lift, std::nullopt)}));
  EXPECT_TRUE(approve(policy, {}, lifted, {kA, {}, {}, {}}, kAuthor));
}

TEST(Freeze, TakesDaysAndStampsThatLieAhead) {
  const auto made = freeze("2026-02-01", "2026-02-03T12:00:00.000Z", kAuthor);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->window->from, "2026-02-01T00:00:00.000Z");
  EXPECT_EQ(freeze({}, "2026-02-01", kAuthor)->window->from, kAuthor.now);
  for (const auto& [from, until] : std::vector<std::pair<std::string, std::string>>{{"", "2026-01-20"},
                                                                                    {"2026-02-03", "2026-02-01"},
                                                                                    {"", "soon"},
                                                                                    {"2026-13-01", "2027-01-01"},
                                                                                    {"", "2026-02-01T00:00:00+01:00"},
                                                                                    {"", ""}}) {
    const auto refused = freeze(from, until, kAuthor);
    ASSERT_FALSE(refused) << from << " " << until;
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  }
  EXPECT_FALSE(lift({}, kAuthor));
}

TEST(Rollback, GoesBackAlongTheLineOfApprovals) {
  EXPECT_FALSE(rollback_target({}, std::nullopt));
  auto standing = standing_of(history_of({step(StepKind::approve, kA)}));
  EXPECT_FALSE(rollback_target(standing, std::nullopt));
  standing =
      standing_of(history_of({step(StepKind::approve, kA), step(StepKind::approve, kB), step(StepKind::approve, kC)}));
  EXPECT_EQ(*rollback_target(standing, std::nullopt), kB);
  EXPECT_EQ(*rollback_target(standing, kA), kA);
  EXPECT_EQ(rollback_target(standing, kC).error().kind, ErrorKind::conflict);
  EXPECT_EQ(rollback_target(standing, std::string(64, 'd')).error().kind, ErrorKind::evidence);
  // From C back to B: the next one goes to A, not to C again.
  standing = standing_of(history_of({step(StepKind::approve, kA), step(StepKind::approve, kB),
                                     step(StepKind::approve, kC), step(StepKind::rollback, kB)}));
  EXPECT_EQ(standing.approved, kB);
  EXPECT_EQ(*rollback_target(standing, std::nullopt), kA);
  EXPECT_EQ(*rollback_target(standing, kC), kC);
}

TEST(Rollback, IsAllowedInAFreezeAndSaysSoButNotToWhatExpired) {
  const auto policy = fixture::demo();
  const auto standing = standing_of(
      history_of({step(StepKind::approve, kA), step(StepKind::approve, kB), step(StepKind::freeze, std::nullopt)}));
  const auto made = rollback(policy, kA, standing, {}, kAuthor);
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_EQ(made->overrides.size(), 1U);
  EXPECT_EQ(made->overrides[0].rule, "freeze");
  EXPECT_EQ(made->previous_policy, kB);
  Author late = kAuthor;
  late.now = "2027-01-01T00:00:00.000Z";
  EXPECT_EQ(rollback(policy, kA, standing, {}, late).error().kind, ErrorKind::evidence);
  const auto forced = rollback(policy, kA, standing, "nothing else is there", late);
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->overrides[0].rule, "expired");
}

TEST(Standing, StaleHoldsForThePolicyInForceUntilItIsApprovedAgain) {
  auto standing =
      standing_of(history_of({step(StepKind::approve, kA), step(StepKind::stale, kA, "2026-01-16T00:00:00.000Z")}));
  EXPECT_EQ(standing.stale_since, "2026-01-16T00:00:00.000Z");
  EXPECT_EQ(standing.stale.size(), 1U);
  standing =
      standing_of(history_of({step(StepKind::approve, kA), step(StepKind::stale, kA), step(StepKind::approve, kA)}));
  EXPECT_FALSE(standing.stale_since);
  standing = standing_of(history_of({step(StepKind::approve, kA), step(StepKind::stale, kB)}));
  EXPECT_FALSE(standing.stale_since);
  EXPECT_EQ(standing.line, std::vector<std::string>{kA});
  // A rollback is no fresh look: what was marked before is marked still.
  standing = standing_of(history_of({step(StepKind::approve, kA), step(StepKind::stale, kA),
                                     step(StepKind::approve, kB), step(StepKind::rollback, kA)}));
  EXPECT_TRUE(standing.stale_since);
  EXPECT_EQ(standing.stale.size(), 1U);
}

TEST(HistoryText, SaysWhoWhyWhenAndWhatIsInForce) {
  Step forced = step(StepKind::approve, kB);
  forced.previous_policy = kA;
  forced.overrides = {{"freeze", "urgent", "frozen until 2026-01-25"}};
  const auto history = history_of(
      {step(StepKind::approve, kA), step(StepKind::freeze, std::nullopt), forced, step(StepKind::stale, kB)});
  EXPECT_EQ(history_text(history),
            "   0 2026-01-15T00:00:00.000Z  approve aaaaaaaaaaaa\n"
            "     by somebody: because\n"
            "   1 2026-01-15T00:00:00.000Z  freeze from 2026-01-18T00:00:00.000Z until 2026-01-25T00:00:00.000Z\n"
            "     by somebody: because\n"
            "   2 2026-01-15T00:00:00.000Z  approve bbbbbbbbbbbb in place of aaaaaaaaaaaa\n"
            "     by somebody: because\n"
            "     override freeze: urgent (frozen until 2026-01-25)\n"
            "   3 2026-01-15T00:00:00.000Z  stale bbbbbbbbbbbb\n"
            "     by somebody: because\n"
            "     driver environment.driver: 1 -> 2\n"
            "in force: " +
                kB +
                ", STALE since 2026-01-15T00:00:00.000Z\n"
                "freeze: from 2026-01-18T00:00:00.000Z until 2026-01-25T00:00:00.000Z by somebody: because\n"
                "verified: 4 line(s), chain and signatures\n");
  const auto json = history_json(history);
  EXPECT_EQ(json.at("approved"), kB);
  EXPECT_EQ(json.at("steps").size(), 4U);
  EXPECT_EQ(json.at("steps")[2].at("overrides")[0].at("reason"), "urgent");
}

}  // namespace
}  // namespace phasegate::control
