// The language of a simulated model: logits are a hash of the whole context, so that they are the same whether the
// context came in one pass or step by step, alone or in a batch, and differ when one token of it differs.
// The same weights_seed and vocab are the same weights; `perturb` adds an error that is a hash, too.
#pragma once

#include <cstdint>
#include <span>

#include "engines/sim/profile.h"

namespace phasegate::engines::sim {

// Values in [-kLogitScale, kLogitScale]: wide enough that a text of 1,000 tokens has a defined perplexity, and that the
// greedy choice rarely hangs on the last digit.
inline constexpr float kLogitScale = 4.0F;

// Value type. The state after a row's tokens so far.
class Context {
 public:
  explicit Context(std::uint64_t weights_seed) : state_(weights_seed ^ 0x9E3779B97F4A7C15ULL) {}

  void feed(std::int32_t token);
  // Fills one logit for each id of the vocabulary.
  void logits(std::span<float> out, double perturb) const;

 private:
  std::uint64_t state_;
};

}  // namespace phasegate::engines::sim
