#include "analysis/energy_use.h"

#include <limits>

#include "analysis/near.h"
#include "core/random.h"

namespace phasegate::analysis {
namespace {

TEST(Aggregate, TheCountGivesThePublishedVerdictAndOursIsThatNobodyKnows) {
  const std::vector<std::pair<std::int64_t, EnergyStatus>> rows = {{-1, EnergyStatus::no_data},
                                                                   {0, EnergyStatus::no_data},
                                                                   {1, EnergyStatus::no_data},
                                                                   {2, EnergyStatus::estimate},
                                                                   {3, EnergyStatus::good}};
  for (const auto& [samples, published] : rows) {
    const AggregateVerdict verdict = judge_aggregate(samples, 30.0, 20.71);
    EXPECT_EQ(verdict.published_rule, published) << samples;
    EXPECT_EQ(verdict.ours, EnergyStatus::no_data);
    EXPECT_EQ(verdict.reason, EnergyReason::updates_unknown);
    EXPECT_FALSE(verdict.below_idle);
  }
  EXPECT_TRUE(judge_aggregate(5, 20.70, 20.71).below_idle);
  EXPECT_FALSE(judge_aggregate(5, std::nullopt, 20.71).below_idle);
  EXPECT_FALSE(judge_aggregate(5, 1.0, std::nullopt).below_idle);
}

EventEnergy measured(EnergyStatus status, double joules) {
  EventEnergy event;
  event.status = status;
  if (has_energy(status)) event.energy_j = joules;
  return event;
}

const Electricity kElectricity{0.20, 500, "US average", "2025-12-20"};

TEST(EnergyCost, FollowsTheFormulas) {
  const EnergyCost cost = energy_cost(measured(EnergyStatus::good, 360), 1000, kElectricity);
  EXPECT_DOUBLE_EQ(*cost.j_per_token, 0.36);
  EXPECT_DOUBLE_EQ(*cost.kwh_per_1m, 0.1);
  EXPECT_DOUBLE_EQ(*cost.usd_per_1m, 0.02);
  EXPECT_DOUBLE_EQ(*cost.carbon_g_per_1m, 50);
}

TEST(EnergyCost, NoEnergyIsNoCostAndNoCarbon) {
  for (const auto status : {EnergyStatus::invalid, EnergyStatus::no_data, EnergyStatus::gappy}) {
    EventEnergy event = measured(status, 0);
    event.energy_j = 12;  // even when somebody left a number in it
    const EnergyCost cost = energy_cost(event, 1000, kElectricity);
    EXPECT_FALSE(cost.kwh_per_1m || cost.usd_per_1m || cost.carbon_g_per_1m || cost.j_per_token);
    EXPECT_EQ(cost.reason, to_string(status));
    EXPECT_EQ(cost.carbon_reason, to_string(status));
  }
  EXPECT_EQ(energy_cost(measured(EnergyStatus::good, 1), 0, kElectricity).reason, "token_count_missing");
}

TEST(EnergyCost, CarbonNeedsItsRegionAndDate) {
  for (const Electricity& partial : {Electricity{0.2, std::nullopt, "EU", "2025-01-01"},
                                     Electricity{0.2, 300, "", "2025-01-01"}, Electricity{0.2, 300, "EU", ""}}) {
    const EnergyCost cost = energy_cost(measured(EnergyStatus::good, 360), 1000, partial);
    EXPECT_FALSE(cost.carbon_g_per_1m);
    EXPECT_EQ(cost.carbon_reason, "no_carbon_intensity");
    EXPECT_TRUE(cost.usd_per_1m);
  }
  EXPECT_EQ(energy_cost(measured(EnergyStatus::good, 360), 1000, {}).usd_reason, "no_energy_price");
}

EnergyCandidate candidate(const char* id, double j, EnergyStatus status = EnergyStatus::good,
                          EnergyScope scope = EnergyScope::gpu) {
  return {id, status, scope, j, false};
}

TEST(Ranking, OrdersWhatIsAllGood) {
  const std::vector<EnergyCandidate> all{candidate("a", 3), candidate("b", 1, EnergyStatus::billable),
                                         candidate("c", 2)};
  EXPECT_EQ(rank_by_energy(all).value(), (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_DOUBLE_EQ(energy_ratio(all[0], all[2]).value(), 1.5);
}

TEST(Ranking, IsRefusedForOneThatIsNotEvidence) {
  const auto refusal = [](EnergyCandidate bad) {
    const std::vector<EnergyCandidate> all{candidate("a", 3), std::move(bad)};
    const auto ranking = rank_by_energy(all);
    EXPECT_FALSE(energy_ratio(all[0], all[1]));
    return ranking ? "ranked" : ranking.error().message();
  };
  EXPECT_NE(refusal(candidate("b", 1, EnergyStatus::estimate)).find("status_below_good"), std::string::npos);
  EXPECT_NE(refusal(candidate("b", 1, EnergyStatus::no_data)).find("b:"), std::string::npos);
  EXPECT_NE(refusal(candidate("b", 1, EnergyStatus::good, EnergyScope::cpu_package)).find("mixed_scope"),
            std::string::npos);
  EXPECT_NE(refusal(candidate("b", -0.5)).find("below_idle"), std::string::npos);
  EnergyCandidate below = candidate("b", 1);
  below.below_idle = true;
  EXPECT_NE(refusal(below).find("below_idle"), std::string::npos);
  EnergyCandidate null = candidate("b", 1);
  null.j_per_token.reset();
  EXPECT_NE(refusal(null).find("status_below_good"), std::string::npos);
  EXPECT_FALSE(rank_by_energy(std::vector<EnergyCandidate>{candidate("a", 1)}));
}

TEST(Coverage, IsTheShareThatHasANumber) {
  const std::vector<EnergyStatus> statuses{EnergyStatus::no_data, EnergyStatus::gappy, EnergyStatus::estimate,
                                           EnergyStatus::billable};
  EXPECT_DOUBLE_EQ(energy_coverage(statuses), 0.5);
  EXPECT_EQ(energy_coverage({}), 0);
}

// The property behind everything: a number needs two distinct updates inside the window, counted here in another way.
// bench/energy_fuzz runs the same over a million windows.
TEST(EnergyProperty, NoNumberFromFewerThanTwoUpdates) {
  core::Random random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<PowerSample> samples(random.below(14));
    std::int64_t t = 0;
    for (auto& s : samples) {
      t += static_cast<std::int64_t>(random.below(400'000'000));
      s = {t, static_cast<double>(random.below(4)) * 10, random.below(8) != 0, {}, {}, {}};
    }
    const auto start = static_cast<std::int64_t>(random.below(2'000'000'000));
    const EnergyWindow window{start, start + static_cast<std::int64_t>(random.below(2'000'000'000))};
    std::vector<double> inside;
    for (const auto& s : samples) {
      if (s.read_ok && s.t_ns >= window.start_ns && s.t_ns <= window.end_ns) inside.push_back(s.watts);
    }
    std::int64_t changes = inside.empty() ? 0 : 1;
    for (std::size_t k = 1; k < inside.size(); ++k) changes += inside[k] != inside[k - 1] ? 1 : 0;
    const EventEnergy event = event_energy(PowerTrain(samples), window);
    EXPECT_LE(event.updates, changes);
    if (event.energy_j) {
      EXPECT_GE(changes, 2);
      EXPECT_GE(*event.energy_j, 0);
      EXPECT_LE(*event.energy_j, 30 * event.seconds + 1e-9);
    }
    EXPECT_EQ(event.energy_j.has_value(), has_energy(event.status));
  }
}

}  // namespace
}  // namespace phasegate::analysis
