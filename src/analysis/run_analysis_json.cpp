// analysis/cells.json: what RunAnalysis looks like on disk. Keys are names of cells, so that one number's way back is a
// key and not a position.
#include <fmt/format.h>

#include "analysis/run_analysis.h"

namespace phasegate::analysis {
namespace {

inline constexpr int kCellsVersion = 1;

core::Json optional_number(const std::optional<double>& value) {
  return value ? core::finite_or_null(*value) : core::Json(nullptr);
}

core::Json sessions_json(const std::vector<SessionValue>& sessions) {
  core::Json list = core::Json::array();
  for (const SessionValue& session : sessions) {
    list.push_back({{"round", session.round},
                    {"session", session.session},
                    {"tok_s", core::finite_or_null(session.tok_s)},
                    {"ms", core::finite_or_null(session.ms)},
                    {"mean_ms", core::finite_or_null(session.mean_ms)},
                    {"calls", session.calls}});
  }
  return list;
}

core::Json cell_json(const CellAnalysis& cell) {
  return {{"candidate", cell.candidate},
          {"scenario", cell.scenario.id()},
          {"phase", evidence::to_string(cell.phase)},
          {"set", cell.set},
          {"tok_s", to_json(cell.tok_s)},
          {"ms", to_json(cell.ms)},
          {"total_tok_s", to_json(cell.total_tok_s)},
          {"ttft_ms", to_json(cell.ttft_ms)},
          {"calls_ms", to_json(cell.calls_ms)},
          {"sd_between_log", optional_number(cell.sd_between)},
          {"sd_within_log", optional_number(cell.sd_within)},
          {"sessions", sessions_json(cell.sessions)},
          {"seqs", cell.seqs},
          {"by_status", cell.by_status},
          {"by_reason", cell.by_reason},
          {"failures", cell.failures},
          {"failure_reason", cell.failure_reason},
          {"success_rate", to_json(cell.success_rate)},
          {"contention_share", core::finite_or_null(cell.contention_share)},
          {"warmup",
           {{"ratio", to_json(cell.warmup.ratio)},
            {"delta_ms", to_json(cell.warmup.delta_ms)},
            {"calls", cell.warmup.calls}}},
          {"flags",
           {{"first_ratio", optional_number(cell.flags.first_ratio)},
            {"first_over_2x", cell.flags.first_over_2x},
            {"first_over_3x", cell.flags.first_over_3x},
            {"bimodal", cell.flags.bimodal},
            {"bimodal_detail", cell.flags.bimodal_detail}}},
          {"backends_actual", cell.backends_actual},
          {"compile_grades", cell.compile_grades}};
}

}  // namespace

std::string cell_key(const CellAnalysis& cell) {
  return fmt::format("{}/{}/{}", cell.candidate, cell.scenario.id(), evidence::to_string(cell.phase));
}

core::Json to_json(const Estimate& value) {
  core::Json json = {{"value", optional_number(value.value)}, {"ci95", nullptr}, {"n", value.n}};
  if (value.ci95) {
    json["ci95"] = {core::finite_or_null(value.ci95->low), core::finite_or_null(value.ci95->high)};
  }
  if (!value.reason.empty()) json["reason"] = value.reason;
  return json;
}

core::Json to_json(const Summary& calls) {
  return {{"n", calls.n},
          {"mean", to_json(calls.mean)},
          {"median", to_json(calls.median)},
          {"std", to_json(calls.std)},
          {"min", to_json(calls.min)},
          {"max", to_json(calls.max)},
          {"p90", to_json(calls.p90)},
          {"p95", to_json(calls.p95)},
          {"p99", to_json(calls.p99)},
          {"iqr", to_json(calls.iqr)},
          {"beyond_iqr", calls.outliers.beyond_iqr.size()},
          {"beyond_3_sd", calls.outliers.beyond_3_sd.size()},
          {"mean_without_max", to_json(calls.trimmed.without_max)},
          {"mean_without_top5", to_json(calls.trimmed.without_top_k)},
          {"mean_without_first", to_json(calls.trimmed.without_first)}};
}

core::Json to_json(const RunAnalysis& analysis) {
  core::Json cells = core::Json::object();
  for (const CellAnalysis& cell : analysis.cells) cells[cell_key(cell)] = cell_json(cell);
  core::Json shapes = core::Json::object();
  for (const ShapeAnalysis& shape : analysis.shapes) {
    shapes[fmt::format("{}/{}", shape.candidate, shape.scenario.id())] = {
        {"decode_fraction", to_json(shape.decode_fraction)}, {"e2e_discrepancy", to_json(shape.e2e_discrepancy)}};
  }
  core::Json flips = core::Json::array();
  for (const MeanMedianFlip& flip : analysis.flips) {
    flips.push_back({{"flag", "mean_median_flip"},
                     {"scenario", flip.scenario.id()},
                     {"phase", evidence::to_string(flip.phase)},
                     {"faster_by_median", flip.faster_by_median},
                     {"faster_by_mean", flip.faster_by_mean},
                     {"median_ratio", core::finite_or_null(flip.median_ratio)},
                     {"mean_ratio", core::finite_or_null(flip.mean_ratio)}});
  }
  return {{"version", kCellsVersion},  {"run", analysis.run},         {"records", analysis.records},
          {"cells", std::move(cells)}, {"shapes", std::move(shapes)}, {"flips", std::move(flips)}};
}

}  // namespace phasegate::analysis
