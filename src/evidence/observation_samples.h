// A small valid observation, every optional value of it there, and source documents around it. For tests and
// benchmarks; not part of the library.
#pragma once

#include "evidence/observation.h"
#include "evidence/samples.h"

namespace phasegate::evidence::samples {

// One decode of 16 tokens in 320 ms on a label; a second for each `index` between starts.
inline Observation observation(std::int64_t index = 0) {
  Observation row;
  row.seq = index;
  row.file = "raw/runs.jsonl";
  row.line = index + 1;
  row.backend = "hf_gpu_fp16";
  row.model = "models/gpt2-100m";
  row.precision = "fp16";
  row.scenario = "short";
  row.window = Window::decode;
  row.regime = Regime::steady;
  row.repetition = index;
  row.batch = 1;
  row.prompt_tokens = 9;
  row.padded_tokens = 9;
  row.generated_tokens = 16;
  row.target_tokens = 16;
  row.latency_ms = {320.5};
  row.tok_s = {16 / 0.3205};
  row.warmup_ms = {1900.25, 330};
  row.device_ms = 318.125;
  row.started_unix_s = 1766553740.9401057 + static_cast<double>(index);
  row.parameters = 96'088'320;
  row.power = PowerAggregate{36, 4.244320392608643, 5.557611111111111, 9.789, 44.5, 61.25};
  row.numbers = {{"hf_load_ms", 812.5}, {"prompt_chars", 31}};
  row.source = R"({"backend": "hf_gpu_fp16", "latency_ms": 320.5, "rep": )" + std::to_string(index) + "}";
  return row;
}

}  // namespace phasegate::evidence::samples
