#include "engines/greedy.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace phasegate::engines {

namespace {

// Independent maxima, so that the compiler keeps them in vector registers: without them the loop is a chain of
// dependent comparisons and costs ten times as much.
constexpr std::size_t kLanes = 16;

}  // namespace

// Two passes: the largest value and whether any logit is NaN (x != x is true of NaN alone), then the first place of
// that value, which is the lowest index among equals.
std::int32_t greedy(std::span<const float> logits) {
  if (logits.empty()) return -1;
  std::array<float, kLanes> best;
  std::array<std::int32_t, kLanes> unordered{};
  best.fill(logits[0]);
  std::size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float x = logits[i + lane];
      best[lane] = x > best[lane] ? x : best[lane];
      unordered[lane] |= static_cast<std::int32_t>(x != x);
    }
  }
  float top = best[0];
  std::int32_t any_nan = unordered[0];
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    top = best[lane] > top ? best[lane] : top;
    any_nan |= unordered[lane];
  }
  for (; i < logits.size(); ++i) {
    top = logits[i] > top ? logits[i] : top;
    any_nan |= static_cast<std::int32_t>(logits[i] != logits[i]);
  }
  if (any_nan != 0) return -1;
  return static_cast<std::int32_t>(std::find(logits.begin(), logits.end(), top) - logits.begin());
}

}  // namespace phasegate::engines
