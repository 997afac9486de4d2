// When is warm-up over? A fixed number of warm-ups is not an answer: 3547, 349, 119, 117, 5, 5, 5 ms was measured after
// three of them. Converged means that the last `window` values lie within `tolerance` of their median and do not run in
// one direction (values that still fall by a little each time are not steady, however close together they are).
//
// The bench calls push() between two measurements: constant time, no allocation, one thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "core/result.h"

namespace phasegate::analysis {

inline constexpr std::size_t kMaxWarmupWindow = 64;

struct WarmupRule {
  std::size_t window = 5;         // last k values; 3..64. A plateau shorter than this is not seen as the end
  double tolerance = 0.05;        // each within this share of the median of the window
  double trend_tolerance = 0.01;  // a strictly monotone window may change by this share and still be steady
  std::size_t min_count = 5;      // warm-ups that happen in any case; at least `window`
  std::size_t max_count = 50;     // then the warm-up ends unconverged; at least min_count
};

enum class WarmupState { running, converged, exhausted };

[[nodiscard]] const char* to_string(WarmupState state);

class WarmupConvergence {
 public:
  // Fails with invalid_input when the rule contradicts itself.
  [[nodiscard]] static core::Result<WarmupConvergence> create(const WarmupRule& rule = {});

  // One warm-up latency, any unit, in order. True once converged, and from then on. A value that is not finite and
  // positive counts as a warm-up and keeps its window from converging.
  bool push(double value);

  [[nodiscard]] WarmupState state() const { return state_; }  // anything but running: stop warming up
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::optional<double> plateau() const;  // median of the converged window

 private:
  explicit WarmupConvergence(const WarmupRule& rule) : rule_(rule) {}
  [[nodiscard]] bool settled();

  WarmupRule rule_;
  WarmupState state_ = WarmupState::running;
  std::size_t count_ = 0;
  double plateau_ = 0;
  std::array<double, kMaxWarmupWindow> ring_{};  // the last `window` values, oldest at count_ % window
  std::array<double, kMaxWarmupWindow> scratch_{};
};

}  // namespace phasegate::analysis
