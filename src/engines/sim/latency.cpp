#include "engines/sim/latency.h"

#include <algorithm>
#include <cmath>

namespace phasegate::engines::sim {

namespace {

// A drift below this would let time stand still or run backwards.
constexpr double kSmallestDrift = 0.05;

}  // namespace

LatencyModel::LatencyModel(const Profile& profile, int threads, std::uint64_t session_seed)
    : latency_(profile.latency),
      noise_(profile.noise),
      warmup_(profile.warmup),
      speed_(1.0 + profile.latency.thread_efficiency * static_cast<double>(threads - 1)),
      random_(core::derive_seed(session_seed, "sim noise")) {
  core::Random session(core::derive_seed(session_seed, "sim session"));
  session_factor_ = std::exp(noise_.session_sigma * session.normal());
  drifts_ = session.uniform() < noise_.drift_probability;
  if (noise_.mode_per == Grain::session && session.uniform() < noise_.mode_probability) {
    session_factor_ *= noise_.mode_factor;
  }
}

double LatencyModel::warmup(int call) const {
  return 1.0 + (warmup_.factor - 1.0) * std::pow(warmup_.decay, static_cast<double>(call));
}

double LatencyModel::draw_mode(Grain grain) {
  if (noise_.mode_per != grain) return 1.0;
  return random_.uniform() < noise_.mode_probability ? noise_.mode_factor : 1.0;
}

core::Nanos LatencyModel::with_noise(double ms, double warmup, double cold_ms, core::Nanos elapsed) {
  const double drift =
      drifts_ ? std::max(kSmallestDrift, 1.0 + noise_.drift_per_second * core::to_seconds(elapsed)) : 1.0;
  const double noise = std::exp(noise_.sigma * random_.normal());
  const double total = ms / speed_ * session_factor_ * call_factor_ * drift * noise * warmup + cold_ms;
  return core::Nanos(std::max<std::int64_t>(1, std::llround(total * 1e6)));
}

core::Nanos LatencyModel::prefill(const Batch& batch, core::Nanos elapsed) {
  double cold = prefills_ == 0 ? warmup_.first_prefill_ms : 0.0;
  if (shapes_.emplace(batch.rows, batch.longest).second) cold += warmup_.shape_cold_ms;
  call_factor_ = draw_mode(Grain::call) * draw_mode(Grain::step);
  const double ms = latency_.prefill_base_ms + latency_.prefill_per_token_ms * static_cast<double>(batch.tokens) +
                    latency_.prefill_quadratic_ms * batch.squares;
  return with_noise(ms, warmup(prefills_++), cold, elapsed);
}

void LatencyModel::begin_decode() {
  call_factor_ = draw_mode(Grain::call);
  first_step_ = decodes_ == 0;
  ++decodes_;
}

core::Nanos LatencyModel::step(std::int64_t context, std::int64_t rows, core::Nanos elapsed) {
  if (noise_.mode_per == Grain::step) call_factor_ = draw_mode(Grain::step);
  const double ms = latency_.decode_base_ms + latency_.decode_per_context_ms * static_cast<double>(context) +
                    latency_.decode_per_row_ms * static_cast<double>(rows);
  const double cold = first_step_ ? warmup_.first_decode_ms : 0.0;
  first_step_ = false;
  return with_noise(ms, warmup(decodes_ - 1), cold, elapsed);
}

}  // namespace phasegate::engines::sim
