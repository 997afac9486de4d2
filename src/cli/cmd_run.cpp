// run: the whole chain, ending with the Decision Card.
#include <fmt/format.h>

#include "bench/plan.h"
#include "cli/bench_options.h"
#include "cli/budget.h"
#include "cli/chain.h"
#include "cli/context.h"
#include "cli/model_sets.h"
#include "cli/output.h"
#include "cli/plan_facts.h"
#include "cli/progress.h"
#include "core/files.h"
#include "policy/card.h"

namespace phasegate::cli {
namespace {

using core::ErrorKind;

core::Result<bench::Matrix> built_matrix(const Context& context, const RunOptions& options, Progress& progress) {
  std::vector<std::string> models = options.models;
  if (models.empty()) {
    PHASEGATE_TRY(model, demo_model());
    models.push_back(model);
  }
  std::vector<ModelSet> sets;
  for (const auto& model : models) {
    PHASEGATE_TRY(
        set, model_set_for_run(model, context.options.store, [&](const std::string& line) { progress.say(line); }));
    sets.push_back(set);
  }
  PHASEGATE_TRY(inputs, inputs_for_run(sets, options.engines));
  inputs.pricing = options.pricing;
  if (options.seed) inputs.seed = *options.seed;
  return options.full ? bench::full_matrix(std::move(inputs), context.thresholds)
                      : bench::quick_matrix(std::move(inputs), context.thresholds);
}

core::Result<bench::Matrix> matrix_of(const Context& context, const RunOptions& options, Progress& progress) {
  if (options.matrix.empty()) {
    PHASEGATE_TRY(matrix, built_matrix(context, options, progress));
    if (options.rounds > 0) matrix.rounds = options.rounds;
    return matrix;
  }
  if (!options.models.empty() || !options.engines.empty()) {
    return core::fail({ErrorKind::invalid_input, "a matrix file names its own models and engines", "--model, --engine",
                       "edit the file, or leave it out"});
  }
  PHASEGATE_TRY(matrix, bench::load_matrix(options.matrix, context.thresholds));
  if (options.rounds > 0) matrix.rounds = options.rounds;
  if (options.seed) matrix.seed = *options.seed;
  if (!options.pricing.empty()) matrix.pricing = options.pricing;
  return matrix;
}

struct Measured {
  bench::RunOutcome outcome;
  std::string pricing;
};

core::Result<bench::RunOptions> budgeted(Context& context, const RunOptions& options, const bench::Matrix& matrix,
                                         Progress& progress) {
  bench::RunOptions bench = bench_options(context, matrix, progress);
  if (!options.budget.empty()) {
    PHASEGATE_TRY(budget, parse_budget(options.budget));
    bench.budget_s = budget;
  }
  return bench;
}

core::Result<Measured> measure(Context& context, evidence::Store& store, const RunOptions& options,
                               const bench::Matrix& matrix, Progress& progress) {
  PHASEGATE_TRY(bench, budgeted(context, options, matrix, progress));
  PHASEGATE_TRY(plan, bench::expand(matrix, plan_facts(matrix)));
  progress.say(fmt::format("plan {}: {} calls in {} rounds, {} records{}", plan.hash.substr(0, 12), plan.calls(),
                           plan.rounds.size(), plan.records_expected,
                           matrix.left_out.empty() ? "" : "; left out: " + matrix.left_out));
  PHASEGATE_TRY(outcome, bench::execute(plan, store, bench));
  return Measured{std::move(outcome), matrix.pricing};
}

core::Result<Measured> go_on(Context& context, evidence::Store& store, const RunOptions& options, Progress& progress) {
  PHASEGATE_TRY(folder, store.find_run(options.resume));
  PHASEGATE_TRY(manifest, evidence::read_manifest(folder));
  PHASEGATE_TRY(matrix, bench::matrix_of_run(manifest));
  PHASEGATE_TRY(bench, budgeted(context, options, matrix, progress));
  PHASEGATE_TRY(outcome, bench::resume(store, folder.filename().string(), bench));
  return Measured{std::move(outcome), options.pricing.empty() ? matrix.pricing : options.pricing};
}

core::Result<int> finish(Context& context, evidence::Store& store, const RunOptions& options, const Measured& measured,
                         Progress& progress) {
  const auto& outcome = measured.outcome;
  if (outcome.state == "interrupted") {
    return core::fail({ErrorKind::aborted,
                       fmt::format("stopped after {} of {} calls; what was recorded stays valid", outcome.calls_done,
                                   outcome.calls_total),
                       outcome.run_id, "go on with `phasegate run --resume " + outcome.run_id + "`"});
  }
  PHASEGATE_TRY(validation, validate_step(store, outcome.folder));
  PHASEGATE_TRY(analysis, analyze_step(store, outcome.folder));
  if (!validation.canonical) progress.say(validation_text(outcome.run_id, validation));
  PHASEGATE_TRY(policy, decide_step(context, {outcome.folder}, measured.pricing, ""));
  PHASEGATE_TRY(id, store.put_policy(policy));
  if (!options.html.empty()) {
    PHASEGATE_TRY(page, policy::render_html(policy));
    PHASEGATE_CHECK_OK(core::write_file_atomic(options.html, page));
  }
  if (context.options.json) {
    print_json({{"run", outcome.run_id},
                {"policy", id},
                {"state", outcome.state},
                {"records", analysis.records},
                {"content", evidence::to_json(policy)}});
  } else {
    PHASEGATE_TRY(card, policy::render_terminal(policy, {stdout_width(), stdout_has_color()}));
    print_text(card);
    print_text(fmt::format("run {}  policy {}\n", outcome.run_id, id.substr(0, 12)));
  }
  return policy.provisional ? kExitEvidence : kExitDone;
}

core::Result<int> print_plan(const bench::Matrix& matrix) {
  PHASEGATE_TRY(plan, bench::expand(matrix, plan_facts(matrix)));
  core::Json document = bench::to_json(plan);
  document["hash"] = plan.hash;
  print_json(document);
  return kExitDone;
}

core::Result<int> run(Context& context, const RunOptions& options) {
  Progress progress(context.clock, stderr_is_terminal(), context.options.json);
  if (options.plan_only && !options.matrix.empty()) {  // a plan of a file needs no store
    PHASEGATE_TRY(matrix, matrix_of(context, options, progress));
    return print_plan(matrix);
  }
  // The store comes first: forged models are kept inside it.
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  if (!options.resume.empty()) {
    PHASEGATE_TRY(resumed, go_on(context, store, options, progress));
    return finish(context, store, options, resumed, progress);
  }
  PHASEGATE_TRY(matrix, matrix_of(context, options, progress));
  if (options.plan_only) return print_plan(matrix);
  PHASEGATE_TRY(measured, measure(context, store, options, matrix, progress));
  return finish(context, store, options, measured, progress);
}

}  // namespace

int cmd_run(Context& context, const RunOptions& options) {
  const auto code = run(context, options);
  return code ? *code : report_error(code.error(), context.options.json);
}

}  // namespace phasegate::cli
