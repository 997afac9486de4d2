// Profile: what a simulated engine is told to be. A small YAML file; README.md documents every key.
// Strict: an unknown or repeated key, a wrong type and a value outside its range are errors that name file, line and
// key.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace phasegate::engines::sim {

struct ModelProfile {
  std::string architecture = "sim";
  std::int64_t parameters = 1'000'000;
  int layers = 4;
  int embd = 64;
  int heads = 4;
  int heads_kv = 2;
  int vocab = 256;
  int max_context = 4096;
  std::uint64_t weights_seed = 1;  // same seed and vocab: same logits, so two profiles are one weight set
};

// Milliseconds before noise. prefill = base + per_token * tokens of all rows + quadratic * sum of (row tokens squared);
// decode step = base + per_context * tokens cached in the longest row + per_row * rows.
struct LatencyProfile {
  double load_ms = 10.0;
  double prefill_base_ms = 1.0;
  double prefill_per_token_ms = 0.1;
  double prefill_quadratic_ms = 0.0;
  double decode_base_ms = 5.0;
  double decode_per_context_ms = 0.001;
  double decode_per_row_ms = 0.1;
  double thread_efficiency = 0.0;  // time divides by 1 + efficiency * (threads - 1)
};

enum class Grain { session, call, step };

struct NoiseProfile {
  double sigma = 0.0;              // lognormal, median 1, drawn for each prefill and each decode step
  double session_sigma = 0.0;      // lognormal, median 1, drawn once for a session
  double drift_per_second = 0.0;   // relative change for each virtual second since load
  double drift_probability = 1.0;  // share of sessions that drift at all
  double mode_probability = 0.0;   // chance of the slow mode, drawn at each `mode_per`
  double mode_factor = 1.0;
  Grain mode_per = Grain::call;
};

// Cold cost is added once; a call k (from 0, each phase counts its own) is slower by 1 + (factor - 1) * decay^k.
struct WarmupProfile {
  double first_prefill_ms = 0.0;
  double first_decode_ms = 0.0;
  double shape_cold_ms = 0.0;  // first prefill of each batch shape (rows, longest row)
  double factor = 1.0;
  double decay = 0.5;
};

// What attribution reports. nodes may name another device than the one asked for: that is a silent fallback.
struct AttributionProfile {
  std::string device = "CPU";
  std::string backend = "sim";
  std::string weight_type = "f32";
  std::string kv_type = "f32";
  std::string activation_type = "f32";
  std::string attention = "plain";
  std::map<std::string, int> prefill_nodes;  // empty: 100 on `device`
  std::map<std::string, int> decode_nodes;
};

enum class Phase { load, prefill, decode, score, attribution };
enum class FaultKind { crash, hang, hang_hard, error, nan, few_tokens };

struct Fault {
  FaultKind kind = FaultKind::crash;
  Phase phase = Phase::decode;
  int call = 1;              // the call-th call of that phase in the session, from 1
  double probability = 1.0;  // share of sessions that have it
};

struct AccuracyProfile {
  double perturb = 0.0;  // uniform in [-perturb, perturb] is added to every logit; 0 = the weight set itself
};

struct Profile {
  std::string name = "sim";
  ModelProfile model;
  LatencyProfile latency;
  NoiseProfile noise;
  WarmupProfile warmup;
  AttributionProfile attribution;
  AccuracyProfile accuracy;
  std::vector<Fault> faults;
};

[[nodiscard]] const char* to_string(Phase phase);

// `source` is the path that errors name.
[[nodiscard]] core::Result<Profile> parse_profile(const std::string& text, const std::string& source);

}  // namespace phasegate::engines::sim
