// The matrices that need no file. What each contains is decided here and nowhere else.
#include <utility>

#include "bench/matrix.h"
#include "bench/matrix_check.h"

namespace phasegate::bench {
namespace {

Matrix from_inputs(MatrixInputs inputs, const char* mode, const evidence::Thresholds& defaults) {
  Matrix matrix;
  apply_defaults(matrix, defaults);
  matrix.name = std::move(inputs.name);
  matrix.mode = mode;
  matrix.seed = inputs.seed;
  matrix.models = std::move(inputs.models);
  matrix.candidates = std::move(inputs.candidates);
  matrix.default_safe = std::move(inputs.default_safe);
  matrix.pricing = std::move(inputs.pricing);
  matrix.accuracy.reference = std::move(inputs.reference);
  return matrix;
}

ControlCell control_cell(const evidence::Thresholds& defaults) {
  ControlCell control;
  control.scenario = {32, 8, 1, 0};
  control.every = defaults.control_every;
  return control;
}

}  // namespace

Matrix quick_matrix(MatrixInputs inputs, const evidence::Thresholds& defaults) {
  Matrix matrix = from_inputs(std::move(inputs), "quick", defaults);
  matrix.scenarios = product({32, 128}, {8, 64}, {1, 4});
  matrix.rounds = defaults.min_sessions;
  matrix.control = control_cell(defaults);
  matrix.left_out =
      "S1 but for prompt 32 and 128, gen 8 and 64, batch 1 and 4; all of S2 (cold, post-idle) and S3 (service under "
      "load)";
  return matrix;
}

Matrix full_matrix(MatrixInputs inputs, const evidence::Thresholds& defaults) {
  Matrix matrix = from_inputs(std::move(inputs), "full", defaults);
  matrix.scenarios = product({1, 16, 64, 128, 512, 2048}, {1, 8, 32, 64, 128, 512}, {1, 4, 8});
  matrix.rounds = 2 * defaults.min_sessions;
  matrix.repetitions = 2;
  matrix.control = control_cell(defaults);
  matrix.accuracy.tokens = 1024;
  matrix.accuracy.greedy_tokens = 128;
  matrix.left_out = "S2 (cold, post-idle) and S3 (service under load)";
  return matrix;
}

Matrix measure_matrix(MatrixInputs inputs, const MeasureShape& shape, const evidence::Thresholds& defaults) {
  Matrix matrix = from_inputs(std::move(inputs), "measure", defaults);
  matrix.scenarios = product(shape.prompts, shape.gens, shape.batches);
  for (evidence::Scenario& scenario : matrix.scenarios) scenario.depth = shape.depth;
  matrix.rounds = shape.rounds;
  matrix.repetitions = shape.repetitions;
  matrix.accuracy.tokens = 0;
  matrix.left_out = "everything but the cells that were asked for; no control cell, no accuracy";
  return matrix;
}

}  // namespace phasegate::bench
