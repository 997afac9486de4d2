// All thresholds of phasegate, from one versioned file (src/evidence/thresholds.yaml, compiled in; --thresholds FILE
// overrides single keys). The yaml file says what each is for. Every artifact echoes them with their hash; serve and
// replay read a policy's own copy alone.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"
#include "core/result.h"

namespace phasegate::evidence {

struct Thresholds {
  int version = 1;
  // classes
  int decode_heavy_gen_tokens = 64;
  double decode_heavy_fraction = 0.9;
  int prefill_heavy_max_gen = 8;
  // statistics
  double alpha = 0.05;
  double practical_effect = 0.05;
  int min_sessions = 5;
  int min_n_median = 3;
  int min_n_p95 = 20;
  int min_n_p99 = 100;
  int min_n_bootstrap = 5;
  // accuracy: allowed growth of perplexity over fp32 of the same weights
  double accuracy_f32 = 0.001;
  double accuracy_f16 = 0.005;
  double accuracy_int8 = 0.02;
  double accuracy_int4 = 0.02;
  double min_top1_agreement = 0.9;
  double greedy_gap = 1e-3;  // fp32: tokens may part only where the reference's top-two gap is below this
  // warm-up
  int warmup_min_calls = 2;
  int warmup_max_calls = 12;
  int warmup_window = 3;
  double warmup_tolerance = 0.1;
  double warm_pool_ratio = 10;
  double warm_pool_delta_ms = 1000;
  // sessions
  double drift = 0.1;
  int control_every = 8;
  double contention_switches_per_s = 200;
  double contention_steal_fraction = 0.05;
  double call_timeout_s = 180;
  double load_timeout_s = 300;
  // policy
  int expires_days = 30;
  // watch: when an approved policy is stale
  double watch_mix_distance = 0.1;          // total variation over the policy's buckets
  double watch_sensor_period_change = 0.2;  // of a power sensor's update period, as a fraction
  int watch_price_max_age_days = 365;
  // validation: what no machine of today does
  double e2e_tolerance = 0.05;          // |e2e - (prefill + decode)| / e2e above it is a warning
  double max_plausible_tok_s = 1e8;     // above it an ok record is not believed
  double min_plausible_tok_s = 1e-3;    // below it: the call outlived every timeout
  double placeholder_latency_ms = 1.0;  // a degraded record faster than this is a placeholder
};

inline constexpr int kThresholdsVersion = 1;

[[nodiscard]] const Thresholds& default_thresholds();                                       // the compiled-in file
[[nodiscard]] core::Result<Thresholds> load_thresholds(const std::filesystem::path& path);  // unknown keys are errors
// The same from text; `source` is what errors name.
[[nodiscard]] core::Result<Thresholds> parse_thresholds(const std::string& yaml, const std::string& source);
[[nodiscard]] core::Json to_json(const Thresholds& thresholds);
[[nodiscard]] core::Result<Thresholds> thresholds_from_json(const core::Json& json);
[[nodiscard]] std::string thresholds_hash(const Thresholds& thresholds);  // sha256 of the canonical JSON

// Documents written before the section `watch` existed lack it; they are read with its defaults.
// The JSON of a Thresholds has the sections of the yaml file: {"version":1,"classes":{…},"statistics":{…}, …}.

}  // namespace phasegate::evidence
