// Small valid evidence for tests, fuzz corpora and benchmarks: one candidate of an invented engine on virtual time.
// Not part of the library.
#pragma once

#include <vector>

#include "core/random.h"
#include "core/sha256.h"
#include "evidence/manifest.h"
#include "evidence/policy.h"
#include "evidence/record.h"
#include "evidence/thresholds.h"

namespace phasegate::evidence::samples {

inline std::string hash_of(std::string_view text) { return core::sha256_hex(text); }

inline Candidate candidate(const std::string& name = "sim-a") {
  Candidate made;
  made.identity = {.engine = "sim",
                   .engine_version = "1",
                   .engine_build = "",
                   .backend = "sim",
                   .device = "CPU",
                   .model_sha256 = hash_of("model"),
                   .weight_set = "weights",
                   .weight_type = "f32",
                   .kv_type = "f32",
                   .activation_type = "f32",
                   .attention = name,
                   .threads = 1,
                   .compile = false,
                   .slots = 1,
                   .padding = "none"};
  made.id = candidate_id(made.identity);
  made.name = name;
  made.model_name = "Tiny";
  made.parameters = 1000;
  made.prefill_nodes_by_device = {{"CPU", 12}};
  made.decode_nodes_by_device = {{"CPU", 12}};
  made.weight_tensors_by_type = {{"f32", 3}};
  made.compile_grade = "not_requested";
  return made;
}

// The three records of call `call` of a session, on virtual time: 16 prompt tokens in 16 ms, then 8 steps of 2 ms.
inline std::vector<Record> call_records(const Candidate& of, int round, int call, Regime regime) {
  Record base;
  base.scenario = {.prompt_tokens = 16, .gen_tokens = 8, .batch = 1, .depth = 0};
  base.candidate = of.id;
  base.candidate_name = of.name;
  base.cell = of.name + "/" + base.scenario.id();
  base.prompt_hash = hash_of("prompt");
  base.padded_tokens = 16;
  base.round = round;
  base.session = "r" + std::to_string(round) + "-" + of.name;
  base.call = call;
  base.regime = regime;
  base.timing_source = "virtual";
  base.prompt_tokens_semantic = 16;
  base.prompt_tokens_computed = 16;
  base.generated_tokens = 8;
  base.target_tokens = 8;
  base.output_hash = hash_of("output");
  base.backend_requested = "sim";
  base.backend_actual = "sim";
  const std::int64_t begin = 1'000'000'000 + call * 100'000'000LL;
  Record prefill = base;
  prefill.phase = Phase::prefill;
  prefill.start = core::Instant(begin);
  prefill.stop = core::Instant(begin + 16'000'000);
  prefill.generated_tokens = 0;
  prefill.target_tokens = 0;
  prefill.output_hash.clear();
  Record decode = base;
  decode.phase = Phase::decode;
  decode.start = core::Instant(begin + 16'000'000);
  decode.stop = core::Instant(begin + 32'000'500);
  decode.steps.assign(8, core::Nanos(2'000'000));
  Record e2e = base;
  e2e.phase = Phase::e2e;
  e2e.start = prefill.start;
  e2e.stop = core::Instant(begin + 32'001'000);
  e2e.ttft = core::Nanos(18'000'000);
  return {prefill, decode, e2e};
}

inline Environment environment() {
  Environment values;
  for (const auto key : kEnvironmentKeys) values[std::string(key)] = {nullptr, "not read in a test"};
  values["os"] = {"Test OS 1", ""};
  values["cpu_cores"] = {2, ""};
  values["build_type"] = {"Release", ""};
  values["sanitizer"] = {"none", ""};
  return values;
}

inline Manifest manifest() {
  Manifest made;
  made.run_id = "20260131T120000.000Z-000001";
  made.started = "2026-01-31T12:00:00.000Z";
  made.argv = {"phasegate", "run"};
  made.matrix = {{"models", {"tiny"}}};
  made.matrix_sha256 = hash_of("matrix");
  made.plan_sha256 = hash_of("plan");
  made.mode = "custom";
  made.seed = 18'000'000'000'000'000'000ULL;
  made.generator = core::kGeneratorName;
  made.thresholds = to_json(default_thresholds());
  made.thresholds_sha256 = thresholds_hash(default_thresholds());
  made.default_safe = "sim-a";
  made.environment = environment();
  made.candidates = {candidate()};
  Accuracy accuracy;
  accuracy.candidate_name = "sim-a";
  accuracy.perplexity = 12.5;
  accuracy.reference_perplexity = 12.5;
  accuracy.delta_fraction = 0.0;
  accuracy.top1_agreement = 1.0;
  accuracy.scored_tokens = 256;
  accuracy.text_sha256 = hash_of("text");
  accuracy.reference = "sim fp32";
  accuracy.status = "pass";
  made.accuracy = {accuracy};
  made.instrument = core::Json::object();
  made.sessions = core::Json::object();
  return made;
}

inline Policy policy() {
  Policy made;
  made.created = "2026-01-31T12:00:00.000Z";
  made.expires = "2026-03-02T12:00:00.000Z";
  made.runs = {"20260131T120000.000Z-000001"};
  made.run_hashes = {hash_of("manifest")};
  made.boundary = {{"sha256", hash_of("boundary")}};
  made.thresholds = to_json(default_thresholds());
  made.thresholds_sha256 = thresholds_hash(default_thresholds());
  made.default_safe = "sim-a";
  made.default_safe_reason = "named in the matrix";
  made.candidates = {candidate("sim-a"), candidate("sim-b")};
  Rule winner;
  winner.tier = "Tiny";
  winner.workload = WorkloadClass::decode_heavy;
  winner.bucket = {{16, 64}, {8, 64}, {1, 1}};
  winner.objective = "decode_tok_s";
  winner.winner = "sim-b";
  winner.effect = Effect{1.4, 1.3, 1.5, 0.001, 5, "sim-a"};
  winner.evidence = {{"20260131T120000.000Z-000001", "analysis/analysis.json", "cells[0]"}};
  winner.rejected = {{"sim-a", "significance", "slower", "1.4x slower"}};
  Rule tie = winner;
  tie.workload = WorkloadClass::mixed;
  tie.objective = "e2e_ms";
  tie.winner.reset();
  tie.tied = {"sim-a", "sim-b"};
  tie.reason = "tie";
  tie.settle = "5 more sessions";
  tie.effect.reset();
  made.rules = {winner, tie};
  made.economics = nullptr;
  made.tables = core::Json::object();
  return made;
}

}  // namespace phasegate::evidence::samples
