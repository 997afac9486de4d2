// A small valid observation with every optional value, and the source documents around such rows. For tests and
// benchmarks; not part of the library.
#pragma once

#include "evidence/import.h"
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

// What a source says that has left out nothing that can be said.
inline ImportedSource imported_source(std::int64_t rows) {
  const core::Json files = {
      {{"path", "raw/runs.jsonl"}, {"kind", "tr121_runs"}, {"bytes", 1000}, {"sha256", hash_of("runs")}}};
  const core::Json plan = {{"schema", "phasegate.import"},
                           {"version", 1},
                           {"format", "tr121"},
                           {"run", "20251224_002149"},
                           {"files", files}};
  const core::Json facts = {{"rows_expected", rows},
                            {"sessions", 5},
                            {"order_randomised", true},
                            {"warmup_labelled", true},
                            {"seed", 42},
                            {"arrival", nullptr},
                            {"request_rate", nullptr},
                            {"concurrency", nullptr},
                            {"intended_times", nullptr},
                            {"tokens_counted_by", "server"},
                            {"ttft_measured", false},
                            {"duration_s", 812.5},
                            {"failed", nullptr},
                            {"hardware", "a GPU"},
                            {"model_identity", hash_of("weights")}};
  const core::Json perplexity = {
      {"results",
       {{{"backend", "hf_cpu_fp32"}, {"perplexity", 58.34}, {"delta_frac", 0.0}, {"token_count", 72531}},
        {{"backend", "hf_gpu_fp16"}, {"perplexity", 58.35}, {"delta_frac", 0.00017}, {"token_count", 72531}}}}};
  const core::Json source = {{"schema", "phasegate.source"},
                             {"version", 1},
                             {"format", "tr121"},
                             {"run", "20251224_002149"},
                             {"tool", "TR121 runner"},
                             {"tool_version", nullptr},
                             {"started", "2025-12-24T00:21:49Z"},
                             {"finished", nullptr},
                             {"files", files},
                             {"config", {{"gen_tokens", 16}}},
                             {"facts", facts},
                             {"documents", {{"perplexity_results.json", perplexity}}},
                             {"tables", {{"warmup_effect.csv", {{"columns", {"model"}}, {"rows", {{"gpt2-100m"}}}}}}},
                             {"rows", rows},
                             {"bad_rows", 0},
                             {"bad", core::Json::array()}};
  return {plan, source, environment()};
}

}  // namespace phasegate::evidence::samples
