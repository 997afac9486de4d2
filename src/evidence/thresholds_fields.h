// The fields of Thresholds with their bounds, declared once (see codec.h). Internal.
#pragma once

#include "evidence/codec.h"
#include "evidence/thresholds.h"

namespace phasegate::evidence {

inline constexpr NumberBounds kFraction{0, 1};
inline constexpr NumberBounds kNotNegative{0};
inline constexpr Bounds kCount{1, 1'000'000};

template <class V, class T>
void statistics_fields(V& v, T& t) {
  v.number("alpha", t.alpha, {1e-9, 0.5});
  v.number("practical_effect", t.practical_effect, kFraction);
  v.integer("min_sessions", t.min_sessions, {2, 1000});
  v.integer("min_n_median", t.min_n_median, kCount);
  v.integer("min_n_p95", t.min_n_p95, kCount);
  v.integer("min_n_p99", t.min_n_p99, kCount);
  v.integer("min_n_bootstrap", t.min_n_bootstrap, kCount);
}

template <class V, class T>
void accuracy_threshold_fields(V& v, T& t) {
  v.number("f32", t.accuracy_f32, kFraction);
  v.number("f16", t.accuracy_f16, kFraction);
  v.number("int8", t.accuracy_int8, kFraction);
  v.number("int4", t.accuracy_int4, kFraction);
  v.number("min_top1_agreement", t.min_top1_agreement, kFraction);
  v.number("greedy_gap", t.greedy_gap, kNotNegative);
}

template <class V, class T>
void warmup_fields(V& v, T& t) {
  v.integer("min_calls", t.warmup_min_calls, kCount);
  v.integer("max_calls", t.warmup_max_calls, kCount);
  v.integer("window", t.warmup_window, kCount);
  v.number("tolerance", t.warmup_tolerance, kFraction);
  v.number("warm_pool_ratio", t.warm_pool_ratio, {1});
  v.number("warm_pool_delta_ms", t.warm_pool_delta_ms, kNotNegative);
}

template <class V, class T>
void session_threshold_fields(V& v, T& t) {
  v.number("drift", t.drift, kFraction);
  v.integer("control_every", t.control_every, kCount);
  v.number("contention_switches_per_s", t.contention_switches_per_s, kNotNegative);
  v.number("contention_steal_fraction", t.contention_steal_fraction, kFraction);
  v.number("call_timeout_s", t.call_timeout_s, {0.001, 86'400});
  v.number("load_timeout_s", t.load_timeout_s, {0.001, 86'400});
}

template <class V, class T>
void thresholds_fields(V& v, T& t) {
  v.version("version", kThresholdsVersion);
  v.object("classes", [&](auto& o) {
    o.integer("decode_heavy_gen_tokens", t.decode_heavy_gen_tokens, kCount);
    o.number("decode_heavy_fraction", t.decode_heavy_fraction, kFraction);
    o.integer("prefill_heavy_max_gen", t.prefill_heavy_max_gen, kCount);
  });
  v.object("statistics", [&](auto& o) { statistics_fields(o, t); });
  v.object("accuracy", [&](auto& o) { accuracy_threshold_fields(o, t); });
  v.object("warmup", [&](auto& o) { warmup_fields(o, t); });
  v.object("sessions", [&](auto& o) { session_threshold_fields(o, t); });
  v.object("policy", [&](auto& o) { o.integer("expires_days", t.expires_days, {1, 3650}); });
  v.object("watch", [&](auto& o) {
    o.number("mix_distance", t.watch_mix_distance, kFraction);
    o.number("sensor_period_change", t.watch_sensor_period_change, kNotNegative);
    o.integer("price_max_age_days", t.watch_price_max_age_days, {1, 36'500});
  });
  v.object("validation", [&](auto& o) {
    o.number("e2e_tolerance", t.e2e_tolerance, kFraction);
    o.number("max_plausible_tok_s", t.max_plausible_tok_s, kNotNegative);
    o.number("min_plausible_tok_s", t.min_plausible_tok_s, kNotNegative);
    o.number("placeholder_latency_ms", t.placeholder_latency_ms, kNotNegative);
  });
}

}  // namespace phasegate::evidence
