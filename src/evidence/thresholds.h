// All thresholds of phasegate, from one versioned file (thresholds.yaml, compiled in; --thresholds FILE overrides
// single keys). Every artifact echoes them with their hash; serve and replay read a policy's own copy alone.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
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
};

[[nodiscard]] const Thresholds& default_thresholds();                                       // the compiled-in file
[[nodiscard]] core::Result<Thresholds> load_thresholds(const std::filesystem::path& path);  // unknown keys are errors
[[nodiscard]] core::Json to_json(const Thresholds& thresholds);
[[nodiscard]] core::Result<Thresholds> thresholds_from_json(const core::Json& json);

}  // namespace phasegate::evidence
