#include "engines/sim/profile.h"

#include <gtest/gtest.h>

#include <array>

namespace phasegate::engines::sim {
namespace {

TEST(Profile, ReadsEveryKey) {
  const auto p = parse_profile(R"(sim: 1
name: fast
model: {architecture: toy, parameters: 5, layers: 2, embd: 8, heads: 4, heads_kv: 2, vocab: 17, max_context: 99, weights_seed: 3}
latency: {load_ms: 1, prefill_base_ms: 2, prefill_per_token_ms: 3, prefill_quadratic_ms: 4, decode_base_ms: 5, decode_per_context_ms: 6, decode_per_row_ms: 7, thread_efficiency: 0.5}
noise: {sigma: 0.1, session_sigma: 0.2, drift_per_second: -0.3, drift_probability: 0.4, mode_probability: 0.5, mode_factor: 1.5, mode_per: session}
warmup: {first_prefill_ms: 1, first_decode_ms: 2, shape_cold_ms: 3, factor: 4, decay: 0.25}
attribution: {device: CUDA, backend: b, weight_type: q4_0, kv_type: f16, activation_type: f32, attention: flash, prefill_nodes: {CUDA: 3, CPU: 1}, decode_nodes: {CUDA: 4}}
accuracy: {perturb: 0.25}
faults:
  - {kind: hang_hard, phase: prefill, call: 4, probability: 0.5}
  - {kind: nan, phase: score}
)",
                               "p.yaml");
  ASSERT_TRUE(p) << p.error().message();
  EXPECT_EQ(p->name, "fast");
  EXPECT_EQ(p->model.vocab, 17);
  EXPECT_EQ(p->model.weights_seed, 3U);
  EXPECT_EQ(p->latency.decode_per_row_ms, 7.0);
  EXPECT_EQ(p->noise.drift_per_second, -0.3);
  EXPECT_EQ(p->noise.mode_per, Grain::session);
  EXPECT_EQ(p->warmup.decay, 0.25);
  EXPECT_EQ(p->attribution.prefill_nodes.at("CPU"), 1);
  EXPECT_EQ(p->attribution.attention, "flash");
  EXPECT_EQ(p->accuracy.perturb, 0.25);
  ASSERT_EQ(p->faults.size(), 2U);
  EXPECT_EQ(p->faults[0].kind, FaultKind::hang_hard);
  EXPECT_EQ(p->faults[0].call, 4);
  EXPECT_EQ(p->faults[1].phase, Phase::score);
}

TEST(Profile, DefaultsNeedNothingButTheVersion) {
  const auto p = parse_profile("sim: 1\n", "p.yaml");
  ASSERT_TRUE(p) << p.error().message();
  EXPECT_EQ(p->noise.sigma, 0.0);
  EXPECT_TRUE(p->faults.empty());
}

struct Wrong {
  const char* text;
  const char* where;
  const char* words;
};

TEST(Profile, RefusesWithFileLineAndKey) {
  const std::array<Wrong, 16> cases{{
      {"", "p.yaml", "begins with 'sim: 1'"},
      {"- 1\n", "p.yaml:1", "mapping"},
      {"name: x\n", "p.yaml:1", "key 'sim'"},
      {"sim: 2\n", "p.yaml:1", "must be in 1..1"},
      {"sim: 1\nspeed: 3\n", "p.yaml:2", "unknown key 'speed'"},
      {"sim: 1\nnoise:\n  sigmma: 0.1\n", "p.yaml:3", "unknown key 'sigmma' in noise"},
      {"sim: 1\nnoise: {sigma: lots}\n", "p.yaml:2", "noise.sigma must be a number"},
      {"sim: 1\nnoise: {sigma: .nan}\n", "p.yaml:2", "noise.sigma is nan"},
      {"sim: 1\nnoise: {sigma: -1}\n", "p.yaml:2", "must be in 0..2"},
      {"sim: 1\nnoise: 3\n", "p.yaml:2", "noise must be a mapping"},
      {"sim: 1\nnoise: {sigma: 0.1, sigma: 0.2}\n", "p.yaml:2", "stands twice"},
      {"sim: 1\nmodel: {vocab: 1.5}\n", "p.yaml:2", "model.vocab must be an integer"},
      {"sim: 1\nfaults: {kind: crash}\n", "p.yaml:2", "must be a list"},
      {"sim: 1\nfaults:\n  - {kind: explode}\n", "p.yaml:3", "must be one of crash, hang"},
      {"sim: 1\nfaults:\n  - {kind: few_tokens, phase: prefill}\n", "p.yaml:3", "decode alone"},
      {"sim: 1\nmodel: {vocab: 25\n", "p.yaml:", "not readable as YAML"},
  }};
  for (const Wrong& wrong : cases) {
    SCOPED_TRACE(wrong.text);
    const auto p = parse_profile(wrong.text, "p.yaml");
    ASSERT_FALSE(p);
    EXPECT_EQ(p.error().kind, core::ErrorKind::invalid_input);
    EXPECT_EQ(p.error().where.rfind(wrong.where, 0), 0U) << p.error().where;
    EXPECT_NE(p.error().what.find(wrong.words), std::string::npos) << p.error().what;
    EXPECT_FALSE(p.error().next.empty());
  }
}

}  // namespace
}  // namespace phasegate::engines::sim
