#include "analysis/energy.h"

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "analysis/energy_use.h"
#include "analysis/near.h"
#include "analysis/power_baseline.h"
#include "core/random.h"

namespace phasegate::analysis {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;

// One reading every `step_ms` over [from, to].
std::vector<PowerSample> train_of(std::int64_t from_ms, std::int64_t to_ms, std::int64_t step_ms,
                                  const std::function<double(double)>& watts_at_s) {
  std::vector<PowerSample> samples;
  for (std::int64_t t = from_ms; t <= to_ms; t += step_ms) {
    samples.push_back({t * kMs, watts_at_s(static_cast<double>(t) / 1000), true, {}, {}, {}});
  }
  return samples;
}

// Never twice the same value: every reading is an update.
double ramp(double t) { return 50 + 10 * t; }

EventEnergy energy(const std::vector<PowerSample>& samples, std::int64_t from_ms, std::int64_t to_ms,
                   const EnergyContext& context = {}) {
  return event_energy(PowerTrain(samples), {from_ms * kMs, to_ms * kMs}, context);
}

TEST(EventEnergy, ALinearPowerIsIntegratedExactlyWithEdgesBetweenReadings) {
  const EventEnergy event = energy(train_of(0, 5000, 100, ramp), 1033, 3071);
  const double a = 1.033;
  const double b = 3.071;
  EXPECT_TRUE(near(event.energy_j, 50 * (b - a) + 5 * (b * b - a * a), 1e-12));
  EXPECT_TRUE(event.bracketed);
  EXPECT_EQ(event.status, EnergyStatus::billable);
  EXPECT_EQ(event.samples, 20);
  EXPECT_EQ(event.gap_fraction, 0);
}

TEST(EventEnergy, ASineIsWithinTheErrorOfTheTrapezoid) {
  const auto sine = [](double t) { return 100 + 40 * std::sin(2 * std::numbers::pi * t); };
  const EventEnergy event = energy(train_of(0, 10'000, 10, sine), 1000, 8000);
  EXPECT_NEAR(*event.energy_j, 700, 1e-6);  // whole periods: the sine itself gives nothing
}

TEST(EventEnergy, AnIrregularTrainHasItsOwnSteps) {
  std::vector<PowerSample> samples;
  for (const std::int64_t t : {0, 40, 90, 200, 270, 300, 470, 500}) {
    samples.push_back({t * kMs, ramp(static_cast<double>(t) / 1000), true, {}, {}, {}});
  }
  EXPECT_TRUE(near(energy(samples, 0, 500).energy_j, 50 * 0.5 + 5 * 0.25, 1e-12));
}

TEST(EventEnergy, StatusByTheNumberOfDistinctUpdates) {
  struct Row {
    std::int64_t updates;
    double seconds;
    EnergyStatus status;
  };
  // n readings inside a window of n steps, one step before and after; 150 ms each, so nothing is a gap.
  for (const Row& row :
       {Row{1, 1, EnergyStatus::no_data}, Row{2, 1, EnergyStatus::estimate}, Row{3, 1, EnergyStatus::good},
        Row{8, 1.2, EnergyStatus::good}, Row{9, 1.35, EnergyStatus::billable}}) {
    const auto samples = train_of(0, 150 * (row.updates + 1), 150, ramp);
    const EventEnergy event = energy(samples, 75, 75 + 150 * row.updates);
    EXPECT_EQ(event.updates, row.updates);
    EXPECT_EQ(event.status, row.status) << row.updates;
    EXPECT_EQ(event.energy_j.has_value(), row.updates >= 2) << row.updates;
  }
}

TEST(EventEnergy, BillableNeedsMoreThanASecond) {
  EXPECT_EQ(energy(train_of(0, 3000, 50, ramp), 500, 1500).status, EnergyStatus::good);
  EXPECT_EQ(energy(train_of(0, 3000, 50, ramp), 500, 1501).status, EnergyStatus::billable);
}

TEST(EventEnergy, TenPollsOfASensorThatMovedOnceAreOneUpdate) {
  const EventEnergy slow = energy(train_of(0, 2000, 100, [](double t) { return t < 1 ? 20.0 : 80.0; }), 550, 1450);
  EXPECT_EQ(slow.samples, 9);
  EXPECT_EQ(slow.updates, 1);  // 20 W was there before the window began
  EXPECT_EQ(slow.status, EnergyStatus::no_data);
  EXPECT_FALSE(slow.energy_j);
  EXPECT_TRUE(slow.has(EnergyReason::fewer_than_2_fresh));
  const auto second = [](double t) { return 20 + std::floor(t); };  // updates once a second
  EXPECT_EQ(energy(train_of(0, 9000, 100, second), 1500, 4500).updates, 3);
}

TEST(EventEnergy, GapsAreGappyByFractionAndByLength) {
  auto samples = train_of(0, 10'000, 100, ramp);
  const auto without = [&](std::int64_t from_ms, std::int64_t to_ms) {
    auto copy = samples;
    for (auto& s : copy) s.read_ok = s.t_ns < from_ms * kMs || s.t_ns > to_ms * kMs;
    return copy;
  };
  // 300 ms of 2,900 ms = 10.3 %; of 3,100 ms = 9.7 %; of 6,100 ms = 4.9 %.
  const auto holed = without(2100, 2200);
  EXPECT_EQ(energy(holed, 1000, 3900).status, EnergyStatus::gappy);
  EXPECT_TRUE(near(energy(holed, 1000, 3900).gap_fraction, 0.3 / 2.9, 1e-12));
  EXPECT_EQ(energy(holed, 1000, 4100).status, EnergyStatus::good);
  EXPECT_EQ(energy(holed, 1000, 7100).status, EnergyStatus::billable);
  const EventEnergy gappy = energy(holed, 1000, 3900);
  EXPECT_FALSE(gappy.energy_j);
  EXPECT_TRUE(gappy.has(EnergyReason::gap_exceeded));
  // 500 ms is the limit of one interval, whatever its share.
  EXPECT_EQ(energy(without(2100, 2400), 0, 10'000).status, EnergyStatus::good);
  EXPECT_EQ(energy(without(2100, 2500), 0, 10'000).status, EnergyStatus::gappy);
}

TEST(EventEnergy, FailedAndImplausibleReadingsAreMissingNotZero) {
  auto samples = train_of(0, 3000, 100, ramp);
  const double whole = *energy(samples, 1000, 2000).energy_j;
  samples[15].read_ok = false;
  samples[15].watts = 0;
  samples[17].watts = std::numeric_limits<double>::quiet_NaN();
  samples[18].watts = -3;
  const EventEnergy event = energy(samples, 1000, 2000);
  EXPECT_EQ(event.samples, 8);
  EXPECT_EQ(PowerTrain(samples).failed_reads(), 1);
  EXPECT_EQ(PowerTrain(samples).implausible(), 2);
  EXPECT_FALSE(event.energy_j) << "300 ms of 1000 ms are not covered";
  samples[18].watts = ramp(1.8);
  EXPECT_TRUE(near(energy(samples, 1000, 2000).energy_j, whole, 1e-12));  // a line is a line
}

TEST(EventEnergy, AWindowWithoutAReadingBesideItIsNotBillable) {
  const EventEnergy event = energy(train_of(1000, 3000, 100, ramp), 950, 3000);
  EXPECT_FALSE(event.bracketed);
  EXPECT_EQ(event.status, EnergyStatus::good);
  EXPECT_TRUE(event.has(EnergyReason::window_not_bracketed));
}

TEST(EventEnergy, TimeThatGoesBackwardsAndAWindowWithoutLengthAreInvalid) {
  auto samples = train_of(0, 3000, 100, ramp);
  EXPECT_TRUE(energy(samples, 1000, 1000).has(EnergyReason::duration_mismatch));
  EXPECT_EQ(energy(samples, 2000, 1000).status, EnergyStatus::invalid);
  std::swap(samples[3], samples[4]);
  EXPECT_EQ(energy(samples, 1000, 2000).status, EnergyStatus::invalid);
  EXPECT_TRUE(energy(samples, 1000, 2000).has(EnergyReason::clock_shift));
}

TEST(EventEnergy, ShortEventsAreMeasuredAsABlock) {
  const auto samples = train_of(0, 4000, 100, ramp);
  EXPECT_EQ(energy(samples, 1010, 1015).status, EnergyStatus::no_data);  // one event of 5 ms
  const EventEnergy block = energy(samples, 1010, 1010 + 5 * 400);
  EXPECT_GE(block.status, EnergyStatus::good);
  const EventEnergy one = per_event(block, 400);
  EXPECT_TRUE(near(one.energy_j, *block.energy_j / 400, 1e-12));
  EXPECT_TRUE(near(one.sigma_j, *block.sigma_j / 400, 1e-12));
  EXPECT_NEAR(one.seconds, 0.005, 1e-12);
}

TEST(SigmaEnergy, IsThePublishedFigureForIndependentUpdatesAndWiderForCorrelatedOnes) {
  // TR122: sigma 9.97 W at 100 ms.
  EXPECT_NEAR(sigma_energy(9.97, 0.1, 1), 1.00, 0.005);
  EXPECT_NEAR(sigma_energy(9.97, 1, 10), 3.15, 0.005);
  EXPECT_NEAR(sigma_energy(9.97, 10, 100), 9.97, 0.005);
}

TEST(SigmaEnergy, CorrelatedUpdatesAreWorthFewer) {
  // A slow wave: neighbouring updates say nearly the same.
  const auto wave = [](double t) { return 50 + 10 * std::sin(t); };
  const EventEnergy event = energy(train_of(0, 40'000, 100, wave), 1000, 39'000);
  EXPECT_EQ(event.updates, 381);
  EXPECT_LT(*event.n_eff, 5);
}

// --- baseline

std::vector<PowerSample> bimodal_idle() {
  core::Random random(1);
  std::vector<PowerSample> samples;
  for (std::int64_t i = 0; i < 1300; ++i) {  // 130 s: a fifth of the time in deep idle, in stretches of 5 s
    const bool deep = (i / 50) % 5 == 0;
    samples.push_back({i * 100 * kMs, (deep ? 1.2 : 25.8) + (deep ? 0.02 : 0.3) * random.normal(), true, 0, {}, {}});
  }
  return samples;
}

TEST(Baseline, TwoIdleStatesAreTwoAndTheirMeanIsNone) {
  const Baseline baseline = calibrate_baseline(bimodal_idle());
  ASSERT_EQ(baseline.states.size(), 2U) << baseline.reason;
  EXPECT_NEAR(baseline.states[0].watts, 1.2, 0.01);
  EXPECT_NEAR(baseline.states[1].watts, 25.8, 0.1);
  EXPECT_NEAR(baseline.states[0].share, 0.2, 0.04);
  EXPECT_NEAR(baseline.mean_w, 20.7, 1);
  EXPECT_NEAR(baseline.std_w, 9.97, 0.5);
  EXPECT_LT(baseline.states[1].std_w, 0.5);
  EXPECT_FALSE(baseline.fake_idle);
}

TEST(Baseline, OneHumpIsOneState) {
  core::Random random(2);
  std::vector<PowerSample> samples;
  for (std::int64_t i = 0; i < 1300; ++i)
    samples.push_back({i * 100 * kMs, 20 + 5 * random.normal(), true, {}, {}, {}});
  EXPECT_EQ(calibrate_baseline(samples).states.size(), 1U);
  for (auto& s : samples) s.watts = 10 + 20 * random.uniform();
  EXPECT_EQ(calibrate_baseline(samples).states.size(), 1U);
}

TEST(Baseline, ThreeStatesAndPStatesOfTheDriver) {
  core::Random random(3);
  std::vector<PowerSample> samples;
  for (std::int64_t i = 0; i < 1500; ++i) {
    const auto state = static_cast<std::int32_t>((i / 100) % 3);
    samples.push_back({i * 100 * kMs, 2 + 12 * state + 0.2 * random.normal(), true, {}, {}, {}});
  }
  EXPECT_EQ(calibrate_baseline(samples).states.size(), 3U);
  // The driver's P-states decide where it gives them, even when the powers lie close together.
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].pstate = (i / 100) % 2 == 0 ? 8 : 5;
    samples[i].watts = (i / 100) % 2 == 0 ? 10 + 0.1 * random.normal() : 10.5 + 0.1 * random.normal();
  }
  const Baseline baseline = calibrate_baseline(samples);
  ASSERT_EQ(baseline.states.size(), 2U);
  EXPECT_EQ(baseline.states[0].pstate, 8);
  PowerSample working;
  working.pstate = 0;
  EXPECT_EQ(baseline.state_of(working), 1U);
}

TEST(Baseline, NeedsItsTime) {
  auto samples = bimodal_idle();
  samples.resize(1100);
  EXPECT_EQ(calibrate_baseline(samples).reason, "shorter_than_minimum");
  EXPECT_TRUE(calibrate_baseline(samples).states.empty());
  EXPECT_EQ(calibrate_baseline({}).reason, "too_few_readings");
  std::swap(samples[1], samples[2]);
  EXPECT_EQ(calibrate_baseline(samples).reason, "clock_shift");
}

TEST(Baseline, FakeIdleByUtilisationClockOrOutliersBlocksEnergy) {
  auto busy = bimodal_idle();
  for (std::size_t i = 0; i < busy.size(); i += 10) busy[i].util_pct = 40;  // 10 % of the readings
  busy[1].util_pct = 40;
  EXPECT_TRUE(calibrate_baseline(busy).fake_idle);
  auto clocked = bimodal_idle();
  for (std::size_t i = 0; i < clocked.size(); ++i) clocked[i].clock_mhz = i < 600 ? 210 : 1500;
  const Baseline by_clock = calibrate_baseline(clocked);
  ASSERT_EQ(by_clock.fake_idle_reasons.size(), 1U);
  EXPECT_EQ(by_clock.fake_idle_reasons[0], "clock_change");
  EnergyContext context;
  context.baseline = &by_clock;
  const EventEnergy event = energy(train_of(0, 5000, 100, ramp), 1000, 3000, context);
  EXPECT_EQ(event.status, EnergyStatus::invalid);
  EXPECT_TRUE(event.has(EnergyReason::fake_idle));
}

TEST(OperationalEnergy, SubtractsTheStateThatBracketsTheWindow) {
  const Baseline baseline = calibrate_baseline(bimodal_idle());
  EnergyContext context;
  context.baseline = &baseline;
  // Clocks up (about 26 W) before and after, 60 W of work in between.
  const auto work = [](double t) { return (t > 1 && t < 3 ? 60.0 : 26.0) + 0.001 * t; };
  const EventEnergy event = energy(train_of(0, 5000, 100, work), 950, 3050, context);
  EXPECT_EQ(event.state, 1U);
  EXPECT_TRUE(near(event.operational_j, *event.energy_j - baseline.states[1].watts * 2.1, 1e-12));
  EXPECT_TRUE(near(event.sigma_j, baseline.states[1].std_w * 2.1 / std::sqrt(*event.n_eff), 1e-12));
  // Deep idle before, clocks up after: which of the two would have been the idle? Neither is subtracted.
  const auto woken = [&](double t) { return t <= 1 ? 1.2 + 0.001 * t : work(t); };
  const EventEnergy shifted = energy(train_of(0, 5000, 100, woken), 950, 3050, context);
  EXPECT_TRUE(shifted.energy_j);
  EXPECT_FALSE(shifted.operational_j);
  EXPECT_TRUE(shifted.has(EnergyReason::baseline_state_shift));
}

TEST(OperationalEnergy, BelowIdleStaysNegativeAndSaysSo) {
  const Baseline baseline = calibrate_baseline(bimodal_idle());
  EnergyContext context;
  context.baseline = &baseline;
  const EventEnergy event = energy(train_of(0, 5000, 100, [](double t) { return 20 + 0.01 * t; }), 1000, 3000, context);
  ASSERT_TRUE(event.operational_j);
  EXPECT_LT(*event.operational_j, -10);
  EXPECT_TRUE(event.has(EnergyReason::below_idle));
  EXPECT_TRUE(energy(train_of(0, 5000, 100, ramp), 1000, 3000).has(EnergyReason::no_baseline));
}

// --- response of the sensor

TEST(ResponseTest, PassesASquareWaveAndFailsASlowOrSilentSensor) {
  const EnergyWindow idle{0, 3 * kSecond};
  const EnergyWindow load{3 * kSecond, 6 * kSecond};
  const auto response = [&](const std::function<double(double)>& watts) {
    return test_response(PowerTrain(train_of(0, 9000, 100, watts)), idle, load);
  };
  const auto square = response([](double t) { return t > 3.05 && t <= 6 ? 80.0 : 20.0; });
  EXPECT_TRUE(square.pass) << square.reason;
  EXPECT_NEAR(*square.delta_w, 60, 1e-9);
  EXPECT_NEAR(*square.rise_ms, 100, 1e-9);
  EXPECT_EQ(response([](double t) { return t > 3 && t <= 6 ? 29.9 : 20.0; }).reason, "step_too_small");
  EXPECT_EQ(response([](double t) { return t > 3.25 && t <= 6 ? 80.0 : 20.0; }).reason, "rise_too_slow");
  const ResponseTest silent = test_response(PowerTrain({}), idle, load);  // what TR122 recorded
  EXPECT_EQ(silent.reason, "no_valid_reads");
  EnergyContext context;
  context.response = &silent;
  const EventEnergy event = energy(train_of(0, 5000, 100, ramp), 1000, 3000, context);
  EXPECT_EQ(event.status, EnergyStatus::invalid);
  EXPECT_TRUE(event.has(EnergyReason::response_failed));
}

}  // namespace
}  // namespace phasegate::analysis
