// Energy of one timed window from the readings of a power sensor, and whether the number may be used at all.
//
// A poller asks at its own rate, a sensor updates at its own: ten polls of a sensor that moved once are one piece of
// evidence. So what is counted are distinct updates: a valid reading inside the window that differs from the valid
// reading before it (the one before the window included). A sensor that truly repeats a value is undercounted; that
// errs towards `no_data` and never towards a number.
//
//   energy       trapezoid over the valid readings in the window. At an edge the power is interpolated between the
//                readings on either side of it; where the one outside is missing or further than max_gap_s away, the
//                first (last) reading inside is held to the edge and the window counts as not bracketed.
//   gap          an interval between neighbouring valid readings longer than gap_s; only its part inside the window
//                counts for gap_fraction.
//   operational  energy - P_idle(state) * T, unclamped: negative is reported as negative. The state is the baseline
//                state (power_baseline.h) of the readings on both sides of the window; where they disagree it is null.
//   sigma        sigma_w * T / sqrt(N_eff), N_eff the effective number of the N updates (serial.h). For independent
//   updates
//                every dt this is sigma_w * sqrt(T * dt).
//
// Status, first that holds (TR122 published three tables that contradict each other; this is the union that needs
// most):
//   invalid   the train or window cannot be true, or the baseline or the sensor forbids energy claims
//   no_data   fewer than 2 distinct updates
//   gappy     gap_fraction > 0.10 or an interval > max_gap_s
//   estimate  2 updates
//   billable  T > 1 s, >= 9 updates, gap_fraction < 0.05, bracketed on both sides
//   good      the rest
// Energy is null unless estimate, good or billable. Pure; no thread owns anything here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace phasegate::analysis {

struct Baseline;  // power_baseline.h
struct ResponseTest;

struct PowerSample {
  std::int64_t t_ns = 0;  // monotonic
  double watts = 0;
  bool read_ok = true;  // a failed read is missing, not zero
  std::optional<double> util_pct;
  std::optional<double> clock_mhz;
  std::optional<std::int32_t> pstate;
};

enum class EnergyStatus { invalid, no_data, gappy, estimate, good, billable };
[[nodiscard]] std::string_view to_string(EnergyStatus status);
[[nodiscard]] constexpr bool has_energy(EnergyStatus status) { return status >= EnergyStatus::estimate; }

// What the sensor saw. Joules of different scopes are never compared.
enum class EnergyScope { gpu, cpu_package, wall };
[[nodiscard]] std::string_view to_string(EnergyScope scope);

enum class EnergyReason {
  fewer_than_2_fresh,    // distinct updates in the window
  window_not_bracketed,  // no valid reading near enough outside an edge
  gap_exceeded,          // gap_fraction or the longest interval
  clock_shift,           // the train's time goes backwards
  duration_mismatch,     // the window ends before it starts
  updates_unknown,       // an aggregate without its train
  fake_idle,             // the baseline was not idle
  response_failed,       // the sensor does not follow a load
  no_baseline,           // nothing to subtract
  baseline_state_shift,  // another power state before than after
  below_idle,            // less than the idle machine would have used
  token_count_missing,   // joules, but of how many tokens
  no_carbon_intensity,   // kWh, but grams of nothing stated
  mixed_scope,           // GPU joules beside package joules
  status_below_good,     // not evidence enough to rank
};
[[nodiscard]] std::string_view to_string(EnergyReason reason);

struct EnergyRules {
  double gap_s = 0.25;
  double max_gap_s = 0.5;
  double max_gap_fraction = 0.10;
  double billable_gap_fraction = 0.05;
  double billable_seconds = 1.0;
  std::int64_t good_updates = 3;
  std::int64_t billable_updates = 9;
  double max_plausible_w = 5000;  // beyond this, or negative or not finite, a reading is excluded as implausible
};

// The readings of one run, checked once. Keeps the valid ones; `ordered()` is false when time went backwards, and then
// every window of it is invalid. A second reading at one instant is dropped.
class PowerTrain {
 public:
  explicit PowerTrain(std::span<const PowerSample> samples, const EnergyRules& rules = {});

  [[nodiscard]] std::span<const PowerSample> valid() const { return valid_; }
  [[nodiscard]] bool ordered() const { return ordered_; }
  [[nodiscard]] std::int64_t failed_reads() const { return failed_; }
  [[nodiscard]] std::int64_t implausible() const { return implausible_; }

 private:
  std::vector<PowerSample> valid_;
  bool ordered_ = true;
  std::int64_t failed_ = 0;
  std::int64_t implausible_ = 0;
};

struct EnergyWindow {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};

struct EnergyContext {
  EnergyScope scope = EnergyScope::gpu;
  const Baseline* baseline = nullptr;      // null: no operational energy
  const ResponseTest* response = nullptr;  // null: not tested
  EnergyRules rules;
};

struct EventEnergy {
  EnergyStatus status = EnergyStatus::invalid;
  std::vector<EnergyReason> reasons;  // of the status and of what is null, in the order they were found
  EnergyScope scope = EnergyScope::gpu;
  std::optional<double> energy_j;
  std::optional<double> operational_j;
  std::optional<double> sigma_j;     // of energy_j; from the baseline state's sigma, else from the window's updates
  std::optional<std::size_t> state;  // index into Baseline::states
  double seconds = 0;                // length of the window
  std::int64_t samples = 0;          // valid readings in the window
  std::int64_t updates = 0;          // distinct
  std::optional<double> n_eff;
  double gap_fraction = 0;
  double max_gap_s = 0;
  bool bracketed = false;

  [[nodiscard]] bool has(EnergyReason reason) const;
};

[[nodiscard]] EventEnergy event_energy(const PowerTrain& train, const EnergyWindow& window,
                                       const EnergyContext& context = {});

// A block of `count` identical events, measured as one window: the energy of one of them (requirement 92). Its status
// is the block's. count >= 1.
[[nodiscard]] EventEnergy per_event(EventEnergy block, std::int64_t count);

// sigma_w * T / sqrt(N_eff) in joules. n_eff > 0.
[[nodiscard]] double sigma_energy(double sigma_w, double seconds, double n_eff);

}  // namespace phasegate::analysis
