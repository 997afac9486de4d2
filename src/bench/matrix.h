// The matrix: what a run is asked to measure, declared in YAML or built in code (--quick, --full, measure). A value.
// The reader is strict: an unknown or repeated key, a wrong type, an empty axis, a name that refers to nothing or a
// bound that is passed is an error that names file, line, key and what to do.
//
//   name: smollm2-cpu
//   seed: 1                             # of everything that is random: order of blocks, start of prompts
//   rounds: 5                           # session rounds: in each, every candidate runs in a fresh process
//   repetitions: 1                      # calls at each position of a block
//   models:
//     - {name: q8-gguf, path: m.gguf, sha256: …, weight_set: …}     # path relative to this file; the last two optional
//   candidates:
//     - {engine: llamacpp, model: q8-gguf, device: cpu, threads: 1, compile: off, label: llamacpp-q8}
//   scenarios:
//     axes: {prompt: [32, 128], gen: [8, 64], batch: [1, 4]}        # the product of all
//     list: [{prompt: 512, gen: 64, batch: 1, depth: 0}]            # and single ones
//   warmup: {min_calls: 3, max_calls: 12, window: 3, tolerance: 0.1, scope: path}
//   control: {prompt: 32, gen: 8, batch: 1, every: 8, calls: 5}
//   default_safe: llamacpp-q8
//   text: book.txt                      # source of prompts; without it the text that is compiled in
//   accuracy: {tokens: 192, greedy_tokens: 32, reference: {engine: llamacpp, model: f32-gguf}}
//   pricing: prices.yaml
//   timeouts: {call_s: 180, load_s: 300}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/record.h"
#include "evidence/thresholds.h"

namespace phasegate::bench {

struct Model {
  std::string name;
  std::string path;  // absolute, or relative to the working folder of this process
  std::string sha256;
  std::string weight_set;
};

struct CandidateSpec {
  std::string engine;
  std::string model;  // Model::name
  std::string device = "cpu";
  int threads = 1;
  bool compile = false;
  std::string label;  // unique in the matrix; empty in a builder = made from the fields
};

struct WarmupPolicy {
  enum class Scope {
    path,     // one for each prompt x batch, the scenario with the fewest decode steps: what an eager engine needs
    scenario  // one for each scenario: what a compiler needs
  };
  int min_calls = 2;
  int max_calls = 12;
  int window = 3;
  double tolerance = 0.1;
  Scope scope = Scope::path;
};

// Measured at the start of each session, after every `every` blocks and at the end; its drift is the session's.
struct ControlCell {
  evidence::Scenario scenario;
  int every = 8;
  int calls = 5;  // their median is the value: single calls of a small cell jump
};

struct AccuracySpec {
  int tokens = 192;        // teacher-forced tokens for perplexity and top-1 agreement; 0 = do not measure
  int greedy_tokens = 32;  // greedy steps compared with the reference
  std::optional<CandidateSpec> reference;  // the same weights in fp32; without it accuracy is `missing`
};

struct Timeouts {
  double call_s = 180;
  double load_s = 300;
};

struct Matrix {
  std::string name;
  std::string mode = "custom";  // quick | full | custom | measure
  std::uint64_t seed = 1;
  int rounds = 5;
  int repetitions = 1;
  std::vector<Model> models;
  std::vector<CandidateSpec> candidates;
  std::vector<evidence::Scenario> scenarios;  // distinct, in the order of the file
  WarmupPolicy warmup;
  std::optional<ControlCell> control;
  std::string default_safe;  // a candidate's label; empty = the rule of the architecture chooses
  std::string text;          // path; empty = the compiled-in text
  AccuracySpec accuracy;
  std::string pricing;  // path; empty = none
  Timeouts timeouts;
  std::string left_out;     // what a subset leaves out, in words; empty = nothing
  std::string source_text;  // the file, verbatim; empty for a built matrix

  [[nodiscard]] const Model* find_model(std::string_view model_name) const;
};

// `defaults` gives warm-up, control and timeouts where the file is silent.
[[nodiscard]] core::Result<Matrix> load_matrix(const std::filesystem::path& path,
                                               const evidence::Thresholds& defaults = evidence::default_thresholds());
// `source` is what errors name; relative paths inside are taken from `folder`.
[[nodiscard]] core::Result<Matrix> parse_matrix(std::string_view yaml, const std::string& source,
                                                const std::filesystem::path& folder,
                                                const evidence::Thresholds& defaults = evidence::default_thresholds());

// The rules that a file and a builder share: names are unique and refer to something, values inside the limits. Fills
// empty labels. `source` is what errors name.
[[nodiscard]] core::Result<Matrix> checked_matrix(Matrix matrix, const std::string& source);

// In the keys of the file, with every default filled in; parse_matrix reads it back to the same value.
[[nodiscard]] core::Json to_json(const Matrix& matrix);

// What the builders need to know. Paths as in Model.
struct MatrixInputs {
  std::string name;
  std::vector<Model> models;
  std::vector<CandidateSpec> candidates;
  std::optional<CandidateSpec> reference;
  std::string default_safe;
  std::string pricing;
  std::uint64_t seed = 1;
};

// The subset that takes minutes on two cores; `left_out` says what is missing.
[[nodiscard]] Matrix quick_matrix(MatrixInputs inputs,
                                  const evidence::Thresholds& defaults = evidence::default_thresholds());
// Scenario set S1.
[[nodiscard]] Matrix full_matrix(MatrixInputs inputs,
                                 const evidence::Thresholds& defaults = evidence::default_thresholds());

struct MeasureShape {
  std::vector<int> prompts;
  std::vector<int> gens;
  std::vector<int> batches = {1};
  int depth = 0;  // cached tokens before decode; the prefill of such a cell is not a result
  int rounds = 5;
  int repetitions = 1;
};
// A few cells, as llama-bench is used: no control cell, no accuracy.
[[nodiscard]] Matrix measure_matrix(MatrixInputs inputs, const MeasureShape& shape,
                                    const evidence::Thresholds& defaults = evidence::default_thresholds());

}  // namespace phasegate::bench
