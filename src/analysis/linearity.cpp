#include "analysis/linearity.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "analysis/regression.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

core::Status positive(double value, const char* what, std::size_t row) {
  if (std::isfinite(value) && value > 0) return {};
  return core::fail({ErrorKind::invalid_input, fmt::format("{} is {}, which is not a positive number", what, value),
                     fmt::format("row {}", row), "leave failed rows out"});
}

core::Status finite(double value, const char* what, std::size_t row) {
  if (std::isfinite(value)) return {};
  return core::fail({ErrorKind::invalid_input, fmt::format("{} is not a finite number", what),
                     fmt::format("row {}", row), "leave failed rows out"});
}

core::Status not_empty(std::size_t n, const char* what) {
  if (n > 0) return {};
  return core::fail(ErrorKind::evidence, "{} without rows", what);
}

}  // namespace

double fixed_length_ms(const CountedTime& row, double target_tokens) { return row.ms / row.tokens * target_tokens; }

core::Result<DecodeLinearity> decode_linearity(std::span<const CountedTime> rows, double target_tokens) {
  PHASEGATE_CHECK_OK(positive(target_tokens, "the target of a projection", 0));
  std::vector<double> tokens;
  std::vector<double> ms;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PHASEGATE_CHECK_OK(positive(rows[i].tokens, "a token count", i));
    PHASEGATE_CHECK_OK(finite(rows[i].ms, "a time", i));
    tokens.push_back(rows[i].tokens);
    ms.push_back(rows[i].ms);
  }
  if (rows.size() < 3) {
    return core::fail(ErrorKind::evidence, "decode linearity of {} rows: {}", rows.size(), n_below(3));
  }
  PHASEGATE_TRY(line, fit_line(tokens, ms));
  DecodeLinearity result;
  result.n = rows.size();
  result.target = target_tokens;
  result.a_ms = line.line.intercept;
  result.b_ms_per_token = line.line.slope;
  result.r2 = line.r2;
  result.affine_ms_at_target = line.line.at(target_tokens);
  std::vector<double> errors;
  for (const CountedTime& row : rows)
    errors.push_back(fixed_length_ms(row, target_tokens) - result.affine_ms_at_target);
  std::sort(errors.begin(), errors.end());
  std::sort(tokens.begin(), tokens.end());
  result.tokens_min = tokens.front();
  result.tokens_median = percentile(tokens, 0.5);
  result.tokens_max = tokens.back();
  result.error_median = percentile(errors, 0.5);
  result.error_p95 = percentile(errors, 0.95);
  result.error_min = errors.front();
  result.error_max = errors.back();
  return result;
}

core::Result<DeviceGap> device_gap(std::span<const WallAndDevice> rows) {
  PHASEGATE_CHECK_OK(not_empty(rows.size(), "a gap between wall and device"));
  std::vector<double> relative;
  std::vector<double> absolute;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PHASEGATE_CHECK_OK(positive(rows[i].wall_ms, "a wall time", i));
    PHASEGATE_CHECK_OK(finite(rows[i].device_ms, "a device time", i));
    const double gap = std::abs(rows[i].wall_ms - rows[i].device_ms);
    relative.push_back(gap / rows[i].wall_ms);
    absolute.push_back(gap);
  }
  std::sort(relative.begin(), relative.end());
  std::sort(absolute.begin(), absolute.end());
  return DeviceGap{rows.size(), percentile(relative, 0.5), percentile(relative, 0.95), percentile(absolute, 0.5),
                   percentile(absolute, 0.95)};
}

core::Result<DecodeShare> decode_share(std::span<const DecodeAndAll> models) {
  PHASEGATE_CHECK_OK(not_empty(models.size(), "a decode share"));
  std::vector<double> shares;
  for (std::size_t i = 0; i < models.size(); ++i) {
    PHASEGATE_CHECK_OK(positive(models[i].e2e_ms, "an e2e time", i));
    PHASEGATE_CHECK_OK(finite(models[i].decode_ms, "a decode time", i));
    shares.push_back(models[i].decode_ms / models[i].e2e_ms);
  }
  std::sort(shares.begin(), shares.end());
  DecodeShare result{shares.size(), percentile(shares, 0.5), percentile(shares, 0.25), percentile(shares, 0.75), false};
  result.decode_heavy = result.median > 0.9;
  return result;
}

core::Result<EarlyStop> early_stop(std::span<const StoppedRow> rows) {
  PHASEGATE_CHECK_OK(not_empty(rows.size(), "an early-stop summary"));
  std::vector<double> tokens;
  std::vector<double> targets;
  std::map<std::string, std::size_t> reasons;
  std::size_t early = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PHASEGATE_CHECK_OK(finite(rows[i].tokens, "a token count", i));
    PHASEGATE_CHECK_OK(positive(rows[i].target, "a target", i));
    tokens.push_back(rows[i].tokens);
    targets.push_back(rows[i].target);
    early += rows[i].tokens < rows[i].target ? 1 : 0;
    if (!rows[i].done_reason.empty()) ++reasons[rows[i].done_reason];
  }
  EarlyStop result{
      rows.size(), median(targets), median(tokens), static_cast<double>(early) / static_cast<double>(rows.size()), {}};
  std::size_t most = 0;
  for (const auto& [reason, count] : reasons) {
    if (count > most) {
      most = count;
      result.done_reason_mode = reason;
    }
  }
  return result;
}

core::Result<WarmupRow> warmup_row(std::span<const double> warmup, std::span<const double> measured) {
  PHASEGATE_CHECK_OK(not_empty(warmup.size(), "a warm-up effect: warm-up calls"));
  PHASEGATE_CHECK_OK(not_empty(measured.size(), "a warm-up effect: measured calls"));
  for (std::size_t i = 0; i < warmup.size(); ++i) PHASEGATE_CHECK_OK(finite(warmup[i], "a warm-up call", i));
  for (std::size_t i = 0; i < measured.size(); ++i) PHASEGATE_CHECK_OK(finite(measured[i], "a measured call", i));
  WarmupRow row{warmup.size(), median(warmup), measured.size(), median(measured), {}, 0};
  row.delta = row.warmup_median - row.measured_median;
  if (row.measured_median != 0) row.ratio = row.warmup_median / row.measured_median;
  return row;
}

core::Result<WarmupSpread> warmup_spread(std::span<const double> ratios) {
  PHASEGATE_CHECK_OK(not_empty(ratios.size(), "a spread of warm-up ratios"));
  for (std::size_t i = 0; i < ratios.size(); ++i) PHASEGATE_CHECK_OK(finite(ratios[i], "a warm-up ratio", i));
  const auto ascending = sorted(ratios);
  WarmupSpread spread{ascending.size(), percentile(ascending, 0.5), percentile(ascending, 0.95), ascending.back(), 0};
  spread.over_10x =
      static_cast<std::size_t>(std::count_if(ascending.begin(), ascending.end(), [](double x) { return x > 10; }));
  return spread;
}

core::Result<double> geometric_mean(std::span<const double> values) {
  PHASEGATE_CHECK_OK(not_empty(values.size(), "a geometric mean"));
  std::vector<double> logs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    PHASEGATE_CHECK_OK(positive(values[i], "a value of a geometric mean", i));
    logs.push_back(std::log(values[i]));
  }
  return std::exp(mean(logs));
}

}  // namespace phasegate::analysis
