// measure: one or a few cells, as llama-bench is used. The same sessions, records and analysis as a run.
#include <fmt/format.h>

#include "analysis/run_analysis.h"
#include "bench/plan.h"
#include "cli/bench_options.h"
#include "cli/context.h"
#include "cli/model_sets.h"
#include "cli/output.h"
#include "cli/plan_facts.h"
#include "cli/progress.h"
#include "cli/tables.h"
#include "evidence/store.h"

namespace phasegate::cli {
namespace {

const evidence::Candidate* candidate_of(const evidence::Manifest& manifest, const std::string& name) {
  for (const auto& candidate : manifest.candidates) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

core::Json interval_json(const analysis::Estimate& estimate) {
  if (!estimate.ci95) return nullptr;
  return core::Json::array({core::finite_or_null(estimate.ci95->low), core::finite_or_null(estimate.ci95->high)});
}

core::Json value_json(const analysis::Estimate& estimate) {
  return estimate.value ? core::finite_or_null(*estimate.value) : core::Json(nullptr);
}

// Why something of the cell is null: the failures first, then the thinnest statistic.
std::string reason_of(const analysis::CellAnalysis& cell) {
  if (cell.failures > 0 && !cell.tok_s.value) return cell.failure_reason;
  if (!cell.tok_s.value) return cell.tok_s.reason;
  if (!cell.tok_s.ci95) return "few_sessions";
  return cell.calls_ms.p95.value ? "" : cell.calls_ms.p95.reason;
}

core::Json cell_json(const analysis::CellAnalysis& cell, const evidence::Manifest& manifest, const std::string& engine,
                     int threads) {
  const auto* candidate = candidate_of(manifest, cell.candidate);
  const std::string reason = reason_of(cell);
  const std::string status = cell.tok_s.value         ? "ok"
                             : cell.by_status.empty() ? "skipped"
                                                      : cell.by_status.begin()->first;
  return {
      {"engine", engine},
      {"candidate", cell.candidate},
      {"candidate_id", candidate != nullptr ? core::Json(candidate->id.value) : core::Json(nullptr)},
      {"model", candidate != nullptr ? core::Json(candidate->model_name) : core::Json(nullptr)},
      {"phase", evidence::to_string(cell.phase)},
      {"prompt_tokens", cell.scenario.prompt_tokens},
      {"gen_tokens", cell.scenario.gen_tokens},
      {"batch", cell.scenario.batch},
      {"depth", cell.scenario.depth},
      {"threads", threads},
      {"tok_s", {{"median", value_json(cell.tok_s)}, {"ci95", interval_json(cell.tok_s)}, {"n", cell.sessions.size()}}},
      {"latency_ms", {{"median", value_json(cell.ms)}, {"p95", value_json(cell.calls_ms.p95)}, {"n", cell.calls_ms.n}}},
      {"regime", "steady"},
      {"status", status},
      {"reason", reason.empty() ? core::Json(nullptr) : core::Json(reason)}};
}

core::Result<int> measure(Context& context, const MeasureOptions& options) {
  PHASEGATE_TRY(inputs, inputs_for_measure(options));
  bench::MeasureShape shape{options.prompt, options.gen,    options.batch,
                            options.depth,  options.rounds, options.repetitions};
  PHASEGATE_TRY(matrix,
                bench::checked_matrix(bench::measure_matrix(std::move(inputs), shape, context.thresholds), "measure"));
  PHASEGATE_TRY(plan, bench::expand(matrix, plan_facts(matrix)));
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  bench::RunOutcome outcome;
  {
    Progress progress(context.clock, stderr_is_terminal(), context.options.json);
    PHASEGATE_TRY(executed, bench::execute(plan, store, bench_options(context, matrix, progress)));
    outcome = executed;
  }
  PHASEGATE_TRY(analysis, analysis::analyze_run(outcome.folder));
  bool failed = outcome.state == "interrupted" || analysis.cells.empty();
  for (const auto& cell : analysis.cells) failed = failed || !cell.tok_s.value;
  if (context.options.json) {
    core::Json cells = core::Json::array();
    for (const auto& cell : analysis.cells)
      cells.push_back(cell_json(cell, outcome.manifest, options.engine, options.threads));
    print_json({{"cells", cells}, {"run", outcome.run_id}});
  } else {
    print_text(analysis_text(analysis));
  }
  return failed ? kExitEvidence : kExitDone;
}

}  // namespace

int cmd_measure(Context& context, const MeasureOptions& options) {
  const auto code = measure(context, options);
  return code ? *code : report_error(code.error(), context.options.json);
}

}  // namespace phasegate::cli
