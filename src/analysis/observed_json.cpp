// analysis/observed.json: what ObservedAnalysis looks like on disk. Keys are names, so that one number's way back is a
// path of keys and not a position.
#include "analysis/observed.h"
#include "analysis/run_analysis.h"

namespace phasegate::analysis {
namespace {

inline constexpr int kObservedVersion = 1;

using core::Json;

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

Json interval(const std::optional<Interval>& value) {
  if (!value) return nullptr;
  return Json::array({core::finite_or_null(value->low), core::finite_or_null(value->high)});
}

Json summary(const std::optional<Summary>& value) { return value ? to_json(*value) : Json(nullptr); }

std::string batch_text(const std::optional<std::int64_t>& batch) { return batch ? fmt::format("b{}", *batch) : "-"; }

Json batch_json(const std::optional<std::int64_t>& batch) { return batch ? Json(*batch) : Json(nullptr); }

Json warmup_json(const std::optional<WarmupRow>& row) {
  if (!row) return nullptr;
  return {{"warmup_n", row->warmup_n},     {"warmup_median_ms", core::finite_or_null(row->warmup_median)},
          {"measured_n", row->measured_n}, {"measured_median_ms", core::finite_or_null(row->measured_median)},
          {"ratio", number(row->ratio)},   {"delta_ms", core::finite_or_null(row->delta)}};
}

Json gap_json(const std::optional<DeviceGap>& gap) {
  if (!gap) return nullptr;
  return {{"n", gap->n},
          {"relative_median", core::finite_or_null(gap->relative_median)},
          {"relative_p95", core::finite_or_null(gap->relative_p95)},
          {"ms_median", core::finite_or_null(gap->ms_median)},
          {"ms_p95", core::finite_or_null(gap->ms_p95)}};
}

Json stop_json(const std::optional<EarlyStop>& stop) {
  if (!stop) return nullptr;
  return {{"n", stop->n},
          {"target_tokens", core::finite_or_null(stop->target)},
          {"tokens_median", core::finite_or_null(stop->tokens_median)},
          {"early_share", core::finite_or_null(stop->early_share)}};
}

Json first_json(const FirstSample& first) {
  return {{"ratio", number(first.ratio)}, {"over_2x", first.over_2x}, {"over_3x", first.over_3x}};
}

Json cell_json(const ObservedCell& cell) {
  Json seqs = Json::array();
  for (const auto& [first, last] : cell.seqs) seqs.push_back({first, last});
  Json regimes = Json::object();
  for (const auto& [regime, values] : cell.other_regimes) regimes[regime] = to_json(values);
  return {{"backend", cell.key.backend},
          {"model", cell.key.model},
          {"precision", cell.key.precision.empty() ? Json(nullptr) : Json(cell.key.precision)},
          {"scenario", cell.key.scenario.empty() ? Json(nullptr) : Json(cell.key.scenario)},
          {"window", evidence::to_string(cell.key.window)},
          {"batch", batch_json(cell.key.batch)},
          {"rows", cell.rows},
          {"usable", cell.usable},
          {"warmup_rows", cell.warmup_rows},
          {"degraded", cell.degraded},
          {"degraded_rate", to_json(cell.degraded_rate)},
          {"by_status", cell.by_status},
          {"by_reason", cell.by_reason},
          {"seqs", std::move(seqs)},
          {"latency_ms", to_json(cell.latency_ms)},
          {"first", first_json(cell.latency_ms.first)},
          {"bimodal", cell.latency_ms.modes.bimodal ? core::Json(*cell.latency_ms.modes.bimodal) : core::Json(nullptr)},
          {"row_ms", summary(cell.row_ms)},
          {"ttft_ms", summary(cell.ttft_ms)},
          {"itl_ms", summary(cell.itl_ms)},
          {"warmup", warmup_json(cell.warmup)},
          {"other_regimes", std::move(regimes)},
          {"tok_s", to_json(cell.tok_s)},
          {"tok_s_from", cell.tok_s_from.empty() ? Json(nullptr) : Json(cell.tok_s_from)},
          {"published_tok_s", to_json(cell.published_tok_s)},
          {"tok_s_contradicted", cell.tok_s_contradicted},
          {"device_gap", gap_json(cell.device_gap)},
          {"early_stop", stop_json(cell.early_stop)},
          {"parameters", number(cell.parameters)}};
}

Json comparison_json(const ObservedComparison& each) {
  return {{"model", each.model},
          {"window", evidence::to_string(each.window)},
          {"a", each.a},
          {"b", each.b},
          {"scenarios", each.scenarios},
          {"unblocked",
           {{"label", "exploratory"},
            {"n_a", each.n_a},
            {"n_b", each.n_b},
            {"welch_p", number(each.welch_p)},
            {"mann_whitney_p", number(each.mann_whitney_p)},
            {"cohens_d", number(each.cohens_d)},
            {"cliffs_delta", number(each.cliffs_delta)}}},
          {"blocked",
           {{"label", "blocked_on_scenario"},
            {"n", each.blocked.n},
            {"ratio", number(each.blocked.ratio)},
            {"ci95", interval(each.blocked.ci95)},
            {"p", number(each.blocked.p)},
            {"p_holm", number(each.p_holm)},
            {"p_bonferroni", number(each.p_bonferroni)},
            {"zero_variance", each.blocked.zero_variance},
            {"reason", each.blocked.reason.empty() ? Json(nullptr) : Json(each.blocked.reason)}}},
          {"outcome", to_string(each.verdict.outcome)},
          {"outcome_reason", each.verdict.reason},
          {"mean_median_flip", each.flips}};
}

Json tail_json(const ObservedTail& tail) {
  Json shapes = Json::object();
  for (const SlowShare& shape : tail.mixture.shapes) {
    shapes[shape.shape.empty() ? "-" : shape.shape] = {{"n", shape.n},
                                                       {"slow", shape.slow},
                                                       {"share_of_shape", core::finite_or_null(shape.share_of_shape)},
                                                       {"share_of_slow", core::finite_or_null(shape.share_of_slow)}};
  }
  return {{"arm", tail.arm},
          {"model", tail.model},
          {"window", evidence::to_string(tail.window)},
          {"batch", batch_json(tail.batch)},
          {"n", tail.mixture.n},
          {"slow", tail.mixture.slow},
          {"threshold_ms", core::finite_or_null(tail.mixture.threshold)},
          {"one_shape", tail.mixture.one_shape},
          {"dominant", tail.mixture.dominant.empty() ? Json(nullptr) : Json(tail.mixture.dominant)},
          {"reason", tail.mixture.reason},
          {"shapes", std::move(shapes)}};
}

Json power_law_json(const ScalingFit& fit) {
  Json json = {{"slope", core::finite_or_null(fit.slope)},
               {"log10_intercept", core::finite_or_null(fit.intercept)},
               {"r2", number(fit.r2)},
               {"slope_ci95", interval(fit.slope_ci95)},
               {"log10_intercept_ci95", interval(fit.intercept_ci95)},
               {"resamples", fit.resamples},
               {"resamples_used", fit.resamples_used},
               {"generator", fit.generator},
               {"seed", fit.seed},
               {"actionable", fit.planning.actionable},
               {"actionable_reason", fit.planning.reason},
               {"spearman", nullptr},
               {"theil_sen", nullptr}};
  if (fit.rank) json["spearman"] = {{"rho", core::finite_or_null(fit.rank->rho)}, {"p", fit.rank->p}};
  if (fit.robust) {
    json["theil_sen"] = {{"slope", core::finite_or_null(fit.robust->line.slope)},
                         {"log10_intercept", core::finite_or_null(fit.robust->line.intercept)},
                         {"slope_ci95", interval(fit.robust->ci95)}};
  }
  return json;
}

Json fit_json(const ObservedFit& fit) {
  Json json = {{"arm", fit.arm},
               {"window", evidence::to_string(fit.window)},
               {"batch", batch_json(fit.batch)},
               {"scenario", fit.scenario.empty() ? Json("geometric_mean") : Json(fit.scenario)},
               {"models", fit.models},
               {"precisions", fit.precisions},
               {"size_unit", "million_parameters"},
               {"power_law", fit.power_law ? power_law_json(*fit.power_law) : Json(nullptr)},
               {"overhead_line", nullptr},
               {"overhead_power", nullptr},
               {"reason", fit.reason.empty() ? Json(nullptr) : Json(fit.reason)}};
  if (fit.overhead_line) {
    json["overhead_line"] = {{"a_ms", core::finite_or_null(fit.overhead_line->a)},
                             {"b_ms_per_million", core::finite_or_null(fit.overhead_line->b)},
                             {"r2", number(fit.overhead_line->r2)},
                             {"overhead_at_min", number(fit.overhead_line->overhead_fraction_at_min)},
                             {"overhead_at_max", number(fit.overhead_line->overhead_fraction_at_max)}};
  }
  if (fit.overhead_power) {
    json["overhead_power"] = {{"a_ms", core::finite_or_null(fit.overhead_power->a)},
                              {"b", core::finite_or_null(fit.overhead_power->b)},
                              {"s", core::finite_or_null(fit.overhead_power->s)},
                              {"r2", number(fit.overhead_power->r2)},
                              {"overhead_at_min", number(fit.overhead_power->overhead_fraction_at_min)},
                              {"overhead_at_max", number(fit.overhead_power->overhead_fraction_at_max)}};
  }
  return json;
}

Json share_json(const ObservedShare& each) {
  return {{"arm", each.arm},
          {"batch", batch_json(each.batch)},
          {"models", each.share.n},
          {"median", core::finite_or_null(each.share.median)},
          {"p25", core::finite_or_null(each.share.p25)},
          {"p75", core::finite_or_null(each.share.p75)},
          {"decode_heavy", each.share.decode_heavy}};
}

Json linearity_json(const ObservedLinearity& each) {
  const DecodeLinearity& fit = each.fit;
  return {{"arm", each.arm},
          {"model", each.model},
          {"batch", batch_json(each.batch)},
          {"n", fit.n},
          {"target_tokens", core::finite_or_null(fit.target)},
          {"a_ms", core::finite_or_null(fit.a_ms)},
          {"b_ms_per_token", core::finite_or_null(fit.b_ms_per_token)},
          {"r2", number(fit.r2)},
          {"affine_ms_at_target", core::finite_or_null(fit.affine_ms_at_target)},
          {"tokens_min", core::finite_or_null(fit.tokens_min)},
          {"tokens_median", core::finite_or_null(fit.tokens_median)},
          {"tokens_max", core::finite_or_null(fit.tokens_max)},
          {"projection_error_ms",
           {{"median", core::finite_or_null(fit.error_median)},
            {"p95", core::finite_or_null(fit.error_p95)},
            {"min", core::finite_or_null(fit.error_min)},
            {"max", core::finite_or_null(fit.error_max)}}}};
}

Json spread_json(const std::optional<WarmupSpread>& spread) {
  if (!spread) return nullptr;
  return {{"cells", spread->cells},
          {"ratio_median", core::finite_or_null(spread->median)},
          {"ratio_p95", core::finite_or_null(spread->p95)},
          {"ratio_max", core::finite_or_null(spread->max)},
          {"over_10x", spread->over_10x}};
}

Json across_json(const ObservedAnalysis& analysis) {
  Json comparisons = Json::object();
  for (const ObservedComparison& each : analysis.comparisons) {
    comparisons[fmt::format("{}/{}/{}|{}", label_key(each.model), evidence::to_string(each.window), label_key(each.a),
                            label_key(each.b))] = comparison_json(each);
  }
  Json tails = Json::object();
  for (const ObservedTail& tail : analysis.tails) {
    tails[fmt::format("{}/{}/{}/{}", label_key(tail.arm), label_key(tail.model), evidence::to_string(tail.window),
                      batch_text(tail.batch))] = tail_json(tail);
  }
  Json fits = Json::object();
  for (const ObservedFit& fit : analysis.fits) {
    fits[fmt::format("{}/{}/{}/{}", label_key(fit.arm), evidence::to_string(fit.window), batch_text(fit.batch),
                     fit.scenario.empty() ? "geometric_mean" : "scenario:" + label_key(fit.scenario))] = fit_json(fit);
  }
  Json shares = Json::object();
  for (const ObservedShare& each : analysis.decode_shares)
    shares[fmt::format("{}/{}", label_key(each.arm), batch_text(each.batch))] = share_json(each);
  Json linearity = Json::object();
  for (const ObservedLinearity& each : analysis.linearity) {
    linearity[fmt::format("{}/{}/{}", label_key(each.arm), label_key(each.model), batch_text(each.batch))] =
        linearity_json(each);
  }
  return {{"comparisons", std::move(comparisons)},
          {"tails", std::move(tails)},
          {"fits", std::move(fits)},
          {"decode_shares", std::move(shares)},
          {"decode_linearity", std::move(linearity)}};
}

}  // namespace

Json to_json(const ObservedAnalysis& analysis) {
  Json cells = Json::object();
  for (const ObservedCell& cell : analysis.cells) cells[cell.key.text()] = cell_json(cell);
  Json json = across_json(analysis);
  json["version"] = kObservedVersion;
  json["run"] = analysis.run;
  json["rows"] = analysis.rows;
  json["usable"] = analysis.usable;
  json["degraded"] = analysis.degraded;
  json["cells"] = std::move(cells);
  json["comparisons_left_out"] = analysis.comparisons_left_out;
  json["warmup_spread"] = spread_json(analysis.warmup_spread);
  json["bootstrap"] = {{"generator", kNumpyGeneratorName}, {"seed", analysis.seed}, {"resamples", analysis.resamples}};
  return json;
}

}  // namespace phasegate::analysis
