// Rules on a matrix that hold however it was made, and the pieces that file and builders share.
#pragma once

#include <vector>

#include "bench/matrix.h"
#include "bench/yaml_reader.h"

namespace phasegate::bench {

inline constexpr int kMaxRounds = 1000;
inline constexpr int kMaxRepetitions = 1000;
inline constexpr std::size_t kMaxModels = 64;
inline constexpr std::size_t kMaxCandidates = 64;

[[nodiscard]] core::Result<Matrix> check_matrix(Matrix matrix, const Places& places);

// prompt outermost, batch innermost.
[[nodiscard]] std::vector<evidence::Scenario> product(const std::vector<int>& prompts, const std::vector<int>& gens,
                                                      const std::vector<int>& batches);

void apply_defaults(Matrix& matrix, const evidence::Thresholds& defaults);

}  // namespace phasegate::bench
