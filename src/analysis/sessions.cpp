#include "analysis/sessions.h"

#include <algorithm>
#include <cmath>

#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

core::Result<std::vector<double>> logarithms(std::span<const double> samples, std::size_t session) {
  std::vector<double> logs;
  logs.reserve(samples.size());
  for (const double x : samples) {
    if (!std::isfinite(x) || x <= 0) {
      return core::fail({core::ErrorKind::invalid_input, fmt::format("the sample {} is not positive and finite", x),
                         fmt::format("session {}", session), "exclude failed samples before they are summarised"});
    }
    logs.push_back(std::log(x));
  }
  return logs;
}

Estimate geometric_centre(std::span<const double> log_medians, const MinimumN& minimum) {
  Estimate centre;
  centre.n = log_medians.size();
  const std::size_t least = std::max<std::size_t>(minimum.median, 2);
  if (centre.n < least) {
    centre.reason = n_below(least);
    return centre;
  }
  const auto n = static_cast<double>(centre.n);
  const double middle = mean(log_medians);
  const double half = t_quantile(0.975, n - 1) * std::sqrt(variance(log_medians) / n);
  centre.value = std::exp(middle);
  centre.ci95 = Interval{std::exp(middle - half), std::exp(middle + half)};
  return centre;
}

void add_components(SessionSpread& spread, std::span<const std::vector<double>> logs) {
  std::vector<double> all;
  double within = 0;
  double squares_of_n = 0;
  for (const auto& session : logs) {
    all.insert(all.end(), session.begin(), session.end());
    const auto n = static_cast<double>(session.size());
    if (session.size() >= 2) within += variance(session) * (n - 1);
    squares_of_n += n * n;
  }
  const auto k = static_cast<double>(logs.size());
  const auto total = static_cast<double>(all.size());
  if (logs.size() < 2 || all.size() <= logs.size()) return;
  const double centre = mean(all);
  double between = 0;
  for (const auto& session : logs) {
    const double d = mean(session) - centre;
    between += static_cast<double>(session.size()) * d * d;
  }
  const double mean_square_within = within / (total - k);
  const double n0 = (total - squares_of_n / total) / (k - 1);
  spread.sd_within_log = std::sqrt(mean_square_within);
  spread.sd_between_log = std::sqrt(std::max(0.0, (between / (k - 1) - mean_square_within) / n0));
}

}  // namespace

core::Result<SessionSpread> between_sessions(std::span<const std::vector<double>> sessions, const MinimumN& minimum) {
  std::vector<std::vector<double>> logs;
  std::vector<double> log_medians;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    if (sessions[i].empty()) continue;
    PHASEGATE_TRY(session, logarithms(sessions[i], i));
    log_medians.push_back(std::log(median(sessions[i])));
    logs.push_back(std::move(session));
  }
  SessionSpread spread;
  spread.centre = geometric_centre(log_medians, minimum);
  add_components(spread, logs);
  return spread;
}

}  // namespace phasegate::analysis
