#include "analysis/energy.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/moments.h"
#include "analysis/power_baseline.h"
#include "analysis/serial.h"
#include "core/check.h"

namespace phasegate::analysis {
namespace {

constexpr double kNanosPerSecond = 1e9;

// Exact for any two instants: their difference may not fit an int64.
double seconds_between(std::int64_t from, std::int64_t to) {
  return static_cast<double>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)) / kNanosPerSecond;
}

double interpolated(const PowerSample& a, const PowerSample& b, std::int64_t t_ns) {
  return a.watts + (b.watts - a.watts) * (seconds_between(a.t_ns, t_ns) / seconds_between(a.t_ns, b.t_ns));
}

// The valid readings of a window and the neighbours outside it.
struct Slice {
  std::span<const PowerSample> inside;
  const PowerSample* before = nullptr;
  const PowerSample* after = nullptr;
};

Slice slice_of(std::span<const PowerSample> valid, const EnergyWindow& window) {
  const auto first =
      std::partition_point(valid.begin(), valid.end(), [&](const PowerSample& s) { return s.t_ns < window.start_ns; });
  const auto last =
      std::partition_point(first, valid.end(), [&](const PowerSample& s) { return s.t_ns <= window.end_ns; });
  Slice slice;
  slice.inside = {first, last};
  if (first != valid.begin()) slice.before = &*(first - 1);
  if (last != valid.end()) slice.after = &*last;
  return slice;
}

std::vector<double> fresh_updates(const Slice& slice) {
  std::vector<double> updates;
  const PowerSample* previous = slice.before;
  for (const PowerSample& sample : slice.inside) {
    if (previous == nullptr || sample.watts != previous->watts) updates.push_back(sample.watts);
    previous = &sample;
  }
  return updates;
}

// Walks the intervals of a window that has at least one reading: coverage and energy together.
class Integrator {
 public:
  Integrator(const Slice& slice, const EnergyWindow& window, const EnergyRules& rules)
      : slice_(slice), window_(window), rules_(rules) {
    start_edge();
    for (std::size_t i = 1; i < slice.inside.size(); ++i) {
      const double dt = seconds_between(slice.inside[i - 1].t_ns, slice.inside[i].t_ns);
      add(dt, dt, slice.inside[i - 1].watts, slice.inside[i].watts);
    }
    end_edge();
  }

  double joules = 0;
  double gap_seconds = 0;
  double max_gap = 0;
  bool bracketed = true;

 private:
  // dt: between the readings; covered: its part inside the window, with the power at both ends of that part.
  void add(double dt, double covered, double from, double to) {
    joules += covered * (from + to) / 2;
    max_gap = std::max(max_gap, dt);
    if (dt > rules_.gap_s) gap_seconds += covered;
  }

  void start_edge() {
    const PowerSample& first = slice_.inside.front();
    if (first.t_ns == window_.start_ns) return;
    const double covered = seconds_between(window_.start_ns, first.t_ns);
    const double dt = slice_.before != nullptr ? seconds_between(slice_.before->t_ns, first.t_ns) : covered;
    const bool near = slice_.before != nullptr && dt <= rules_.max_gap_s;
    bracketed = bracketed && near;
    add(dt, covered, near ? interpolated(*slice_.before, first, window_.start_ns) : first.watts, first.watts);
  }

  void end_edge() {
    const PowerSample& last = slice_.inside.back();
    if (last.t_ns == window_.end_ns) return;
    const double covered = seconds_between(last.t_ns, window_.end_ns);
    const double dt = slice_.after != nullptr ? seconds_between(last.t_ns, slice_.after->t_ns) : covered;
    const bool near = slice_.after != nullptr && dt <= rules_.max_gap_s;
    bracketed = bracketed && near;
    add(dt, covered, last.watts, near ? interpolated(last, *slice_.after, window_.end_ns) : last.watts);
  }

  const Slice& slice_;
  const EnergyWindow& window_;
  const EnergyRules& rules_;
};

EnergyStatus status_of(const EventEnergy& event, const EnergyRules& rules) {
  if (event.updates < 2) return EnergyStatus::no_data;
  if (event.gap_fraction > rules.max_gap_fraction || event.max_gap_s > rules.max_gap_s) return EnergyStatus::gappy;
  if (event.updates < rules.good_updates) return EnergyStatus::estimate;
  const bool billable = event.seconds > rules.billable_seconds && event.updates >= rules.billable_updates &&
                        event.gap_fraction < rules.billable_gap_fraction && event.bracketed;
  return billable ? EnergyStatus::billable : EnergyStatus::good;
}

// Reasons that make every number of this window worthless.
void find_faults(const PowerTrain& train, const EnergyWindow& window, const EnergyContext& context,
                 EventEnergy& event) {
  if (!train.ordered()) event.reasons.push_back(EnergyReason::clock_shift);
  if (window.end_ns <= window.start_ns) event.reasons.push_back(EnergyReason::duration_mismatch);
  if (context.baseline != nullptr && context.baseline->fake_idle) event.reasons.push_back(EnergyReason::fake_idle);
  if (context.response != nullptr && !context.response->pass) event.reasons.push_back(EnergyReason::response_failed);
}

// The idle state on both sides of the window, where they agree.
void add_operational(const Slice& slice, const EnergyContext& context, EventEnergy& event) {
  if (context.baseline == nullptr || context.baseline->states.empty()) {
    event.reasons.push_back(EnergyReason::no_baseline);
    return;
  }
  const auto& inside = slice.inside;
  // A window that starts or ends on a reading is bracketed by that reading.
  const PowerSample& before = slice.before != nullptr ? *slice.before : inside.front();
  const PowerSample& after = slice.after != nullptr ? *slice.after : inside.back();
  const std::size_t state = context.baseline->state_of(before);
  if (!event.bracketed || state != context.baseline->state_of(after)) {
    event.reasons.push_back(event.bracketed ? EnergyReason::baseline_state_shift : EnergyReason::window_not_bracketed);
    return;
  }
  event.state = state;
  event.operational_j = *event.energy_j - context.baseline->states[state].watts * event.seconds;
  if (*event.operational_j < 0) event.reasons.push_back(EnergyReason::below_idle);
}

void add_sigma(std::span<const double> updates, const EnergyContext& context, EventEnergy& event) {
  event.n_eff = effective_samples(updates);
  const double sigma = event.state ? context.baseline->states[*event.state].std_w : std::sqrt(variance(updates));
  event.sigma_j = sigma_energy(sigma, event.seconds, *event.n_eff);
}

}  // namespace

std::string_view to_string(EnergyStatus status) {
  constexpr std::array<std::string_view, 6> kNames = {"invalid", "no_data", "gappy", "estimate", "good", "billable"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string_view to_string(EnergyScope scope) {
  constexpr std::array<std::string_view, 3> kNames = {"gpu", "cpu_package", "wall"};
  return kNames[static_cast<std::size_t>(scope)];
}

std::string_view to_string(EnergyReason reason) {
  constexpr std::array<std::string_view, 15> kNames = {
      "fewer_than_2_fresh",  "window_not_bracketed", "gap_exceeded",     "clock_shift",
      "duration_mismatch",   "updates_unknown",      "fake_idle",        "response_failed",
      "no_baseline",         "baseline_state_shift", "below_idle",       "token_count_missing",
      "no_carbon_intensity", "mixed_scope",          "status_below_good"};
  return kNames[static_cast<std::size_t>(reason)];
}

PowerTrain::PowerTrain(std::span<const PowerSample> samples, const EnergyRules& rules) {
  valid_.reserve(samples.size());
  const PowerSample* previous = nullptr;
  for (const PowerSample& sample : samples) {
    if (previous != nullptr && sample.t_ns < previous->t_ns) ordered_ = false;
    const bool repeated = previous != nullptr && sample.t_ns == previous->t_ns;
    previous = &sample;
    if (!sample.read_ok) {
      ++failed_;
    } else if (!std::isfinite(sample.watts) || sample.watts < 0 || sample.watts > rules.max_plausible_w) {
      ++implausible_;
    } else if (!repeated || valid_.empty() || valid_.back().t_ns != sample.t_ns) {
      valid_.push_back(sample);
    }
  }
}

bool EventEnergy::has(EnergyReason reason) const {
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

EventEnergy event_energy(const PowerTrain& train, const EnergyWindow& window, const EnergyContext& context) {
  EventEnergy event;
  event.scope = context.scope;
  find_faults(train, window, context, event);
  if (!event.reasons.empty()) return event;
  event.seconds = seconds_between(window.start_ns, window.end_ns);
  const Slice slice = slice_of(train.valid(), window);
  event.samples = static_cast<std::int64_t>(slice.inside.size());
  if (slice.inside.empty()) {
    event.gap_fraction = 1;
    event.max_gap_s = event.seconds;
    event.status = EnergyStatus::no_data;
    event.reasons = {EnergyReason::fewer_than_2_fresh};
    return event;
  }
  const std::vector<double> updates = fresh_updates(slice);
  const Integrator integral(slice, window, context.rules);
  event.updates = static_cast<std::int64_t>(updates.size());
  event.gap_fraction = std::min(1.0, integral.gap_seconds / event.seconds);
  event.max_gap_s = integral.max_gap;
  event.bracketed = integral.bracketed;
  event.status = status_of(event, context.rules);
  if (event.status == EnergyStatus::no_data) event.reasons.push_back(EnergyReason::fewer_than_2_fresh);
  if (event.status == EnergyStatus::gappy) event.reasons.push_back(EnergyReason::gap_exceeded);
  if (!has_energy(event.status)) return event;
  event.energy_j = integral.joules;
  add_operational(slice, context, event);
  if (!event.bracketed && !event.has(EnergyReason::window_not_bracketed)) {
    event.reasons.push_back(EnergyReason::window_not_bracketed);
  }
  add_sigma(updates, context, event);
  return event;
}

EventEnergy per_event(EventEnergy block, std::int64_t count) {
  PHASEGATE_CHECK(count >= 1);
  const auto n = static_cast<double>(count);
  for (auto* joules : {&block.energy_j, &block.operational_j, &block.sigma_j}) {
    if (*joules) **joules /= n;
  }
  block.seconds /= n;
  return block;
}

double sigma_energy(double sigma_w, double seconds, double n_eff) { return sigma_w * seconds / std::sqrt(n_eff); }

}  // namespace phasegate::analysis
