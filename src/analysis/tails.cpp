#include "analysis/tails.h"

#include <algorithm>
#include <cmath>

#include "analysis/moments.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

core::Status finite(std::span<const double> values, const std::string& where) {
  if (all_finite(values)) return {};
  return core::fail({ErrorKind::invalid_input, "a sample is not a finite number", where,
                     "exclude failed samples before they are analysed"});
}

std::vector<double> joined(std::span<const ShapeSamples> shapes) {
  std::vector<double> all;
  for (const ShapeSamples& shape : shapes) all.insert(all.end(), shape.values.begin(), shape.values.end());
  return all;
}

void name_the_reason(const MixtureOptions& options, Mixture& result) {
  if (result.slow == 0) {
    result.reason = "no_slow_samples";
    return;
  }
  if (result.shapes.size() < 2) {
    result.reason = "single_shape";
    return;
  }
  result.reason = "spread_over_shapes";
  for (const SlowShare& shape : result.shapes) {
    if (shape.share_of_slow < options.concentration || shape.share_of_shape < options.shape_share) continue;
    result.one_shape = true;
    result.dominant = shape.shape;
    result.reason = "one_shape";
    return;
  }
}

}  // namespace

core::Result<Mixture> mixture(std::span<const ShapeSamples> shapes, const MixtureOptions& options) {
  for (const ShapeSamples& shape : shapes) PHASEGATE_CHECK_OK(finite(shape.values, shape.shape));
  const auto all = joined(shapes);
  if (all.empty()) return core::fail(ErrorKind::evidence, "a mixture diagnostic without samples");
  Mixture result;
  result.n = all.size();
  result.threshold = options.slow_factor * median(all);
  for (const ShapeSamples& shape : shapes) {
    SlowShare share{shape.shape, shape.values.size(), 0, 0, 0};
    share.slow = static_cast<std::size_t>(
        std::count_if(shape.values.begin(), shape.values.end(), [&](double x) { return x > result.threshold; }));
    if (share.n > 0) share.share_of_shape = static_cast<double>(share.slow) / static_cast<double>(share.n);
    result.slow += share.slow;
    result.shapes.push_back(std::move(share));
  }
  for (SlowShare& share : result.shapes)
    if (result.slow > 0) share.share_of_slow = static_cast<double>(share.slow) / static_cast<double>(result.slow);
  name_the_reason(options, result);
  return result;
}

core::Result<FirstSampleRow> first_sample_row(std::span<const double> values) {
  if (values.size() < 2) {
    return core::fail(ErrorKind::evidence, "a first sample needs others to stand beside; there are {} samples",
                      values.size());
  }
  PHASEGATE_CHECK_OK(finite(values, "first sample"));
  const auto rest = values.subspan(1);
  const auto ascending = sorted(values);
  FirstSampleRow row;
  row.n_samples = values.size();
  row.first = values.front();
  row.median_rest = median(rest);
  if (row.median_rest != 0) row.ratio = row.first / row.median_rest;
  row.over_2x = row.ratio && *row.ratio > 2;
  row.over_3x = row.ratio && *row.ratio > 3;
  row.mean = mean(values);
  row.median = percentile(ascending, 0.5);
  row.p99 = percentile(ascending, 0.99);
  row.max = ascending.back();
  row.max_index = static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  row.mean_without_first = mean(rest);
  return row;
}

core::Result<FirstSampleEffect> first_sample_effect(std::span<const std::vector<double>> files) {
  if (files.empty()) return core::fail(ErrorKind::evidence, "a first-sample effect over no files");
  std::vector<double> all;
  std::vector<double> rest;
  FirstSampleEffect effect;
  effect.files = files.size();
  for (const auto& file : files) {
    PHASEGATE_TRY(row, first_sample_row(file));
    effect.share_max_at_first += row.max_index == 0 ? 1 : 0;
    effect.share_over_2x += row.over_2x ? 1 : 0;
    effect.share_over_3x += row.over_3x ? 1 : 0;
    all.insert(all.end(), file.begin(), file.end());
    rest.insert(rest.end(), file.begin() + 1, file.end());
  }
  const auto count = static_cast<double>(files.size());
  effect.share_max_at_first /= count;
  effect.share_over_2x /= count;
  effect.share_over_3x /= count;
  effect.n = all.size();
  effect.mean = mean(all);
  const auto ascending = sorted(all);
  effect.median = percentile(ascending, 0.5);
  effect.p99 = percentile(ascending, 0.99);
  effect.max = ascending.back();
  effect.n_without_first = rest.size();
  effect.mean_without_first = mean(rest);
  const auto rest_ascending = sorted(rest);
  effect.median_without_first = percentile(rest_ascending, 0.5);
  effect.p99_without_first = percentile(rest_ascending, 0.99);
  effect.max_without_first = rest_ascending.back();
  return effect;
}

Estimate mean_without_top(std::span<const double> values, std::size_t k) {
  if (values.size() <= k) return {{}, {}, values.size(), n_below(k + 1)};
  const auto ascending = sorted(values);
  const auto kept = std::span(ascending).first(ascending.size() - k);
  return {mean(kept), {}, kept.size(), {}};
}

core::Result<PaddedCost> padded_cost(std::span<const PaddedShape> calls, std::span<const double> plain,
                                     std::span<const double> padded) {
  PaddedCost cost;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].semantic_tokens <= 0 || calls[i].computed_tokens < calls[i].semantic_tokens) {
      return core::fail(
          {ErrorKind::invalid_input,
           fmt::format("a call of {} tokens computes {}", calls[i].semantic_tokens, calls[i].computed_tokens),
           fmt::format("padded call {}", i), "padding only adds tokens: check the two counts"});
    }
    cost.semantic_tokens += calls[i].semantic_tokens;
    cost.computed_tokens += calls[i].computed_tokens;
  }
  PHASEGATE_CHECK_OK(finite(plain, "unpadded samples"));
  PHASEGATE_CHECK_OK(finite(padded, "padded samples"));
  cost.extra_tokens = cost.computed_tokens - cost.semantic_tokens;
  if (cost.semantic_tokens > 0)
    cost.extra_share = static_cast<double>(cost.extra_tokens) / static_cast<double>(cost.semantic_tokens);
  if (!plain.empty()) cost.plain_median = median(plain);
  if (!padded.empty()) cost.padded_median = median(padded);
  if (!cost.plain_median || !(*cost.plain_median > 0)) {
    cost.reason = "no_unpadded_run";
  } else if (!cost.padded_median) {
    cost.reason = "no_padded_run";
  } else {
    cost.slowdown = *cost.padded_median / *cost.plain_median;
  }
  return cost;
}

}  // namespace phasegate::analysis
