#include "analysis/warmup.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "analysis/percentile.h"

namespace phasegate::analysis {

const char* to_string(WarmupState state) {
  switch (state) {
    case WarmupState::running: return "running";
    case WarmupState::converged: return "converged";
    case WarmupState::exhausted: return "exhausted";
  }
  return "unknown";
}

core::Result<WarmupConvergence> WarmupConvergence::create(const WarmupRule& rule) {
  const bool shares = rule.tolerance > 0 && rule.tolerance < 1 && rule.trend_tolerance >= 0 && rule.trend_tolerance < 1;
  if (rule.window < 3 || rule.window > kMaxWarmupWindow || rule.min_count < rule.window ||
      rule.max_count < rule.min_count || !shares) {
    return core::fail({core::ErrorKind::invalid_input,
                       fmt::format("warm-up rule with window {}, counts {}..{}, tolerances {} and {} cannot hold",
                                   rule.window, rule.min_count, rule.max_count, rule.tolerance, rule.trend_tolerance),
                       "warmup", "use 3 <= window <= min_count <= max_count, window <= 64 and shares between 0 and 1"});
  }
  return WarmupConvergence(rule);
}

bool WarmupConvergence::push(double value) {
  ring_[count_ % rule_.window] = value;
  ++count_;
  if (state_ != WarmupState::running) return state_ == WarmupState::converged;
  if (count_ >= rule_.min_count && settled()) {
    state_ = WarmupState::converged;
  } else if (count_ >= rule_.max_count) {
    state_ = WarmupState::exhausted;
  }
  return state_ == WarmupState::converged;
}

bool WarmupConvergence::settled() {
  const std::size_t k = rule_.window;
  const std::size_t oldest = count_ % k;
  const auto at = [&](std::size_t i) { return ring_[(oldest + i) % k]; };
  bool falling = true;
  bool rising = true;
  for (std::size_t i = 0; i < k; ++i) {
    scratch_[i] = at(i);
    if (!std::isfinite(scratch_[i]) || scratch_[i] <= 0) return false;
    if (i == 0) continue;
    falling = falling && scratch_[i] < scratch_[i - 1];
    rising = rising && scratch_[i] > scratch_[i - 1];
  }
  const double change = std::abs(scratch_[k - 1] - scratch_[0]);
  std::sort(scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(k));
  const double middle = percentile(std::span<const double>(scratch_).first(k), 0.5);
  if ((falling || rising) && change > rule_.trend_tolerance * middle) return false;
  const double allowed = rule_.tolerance * middle;
  if (scratch_[k - 1] - middle > allowed || middle - scratch_[0] > allowed) return false;
  plateau_ = middle;
  return true;
}

std::optional<double> WarmupConvergence::plateau() const {
  return state_ == WarmupState::converged ? std::optional(plateau_) : std::nullopt;
}

}  // namespace phasegate::analysis
