// validate, price, decide: each step alone, from the store.
#include <fmt/format.h>

#include "cli/chain.h"
#include "cli/context.h"
#include "cli/measured_shape.h"
#include "cli/observed_text.h"
#include "cli/output.h"
#include "cli/tables.h"
#include "evidence/import.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;

core::Result<std::vector<fs::path>> find_runs(const evidence::Store& store, const std::vector<std::string>& names) {
  std::vector<fs::path> runs;
  for (const auto& name : names) {
    PHASEGATE_TRY(run, store.find_run(name));
    runs.push_back(run);
  }
  return runs;
}

core::Result<int> validate(Context& context, evidence::Store& store, const std::vector<fs::path>& runs) {
  core::Json documents = core::Json::array();
  int code = kExitDone;
  for (const auto& run : runs) {
    PHASEGATE_TRY(validation, validate_step(store, run));
    if (!validation.canonical) code = kExitEvidence;
    if (context.options.json) {
      core::Json document = evidence::to_json(validation);
      document["run"] = run.filename().string();
      documents.push_back(std::move(document));
    } else {
      print_text(validation_text(run.filename().string(), validation));
    }
  }
  if (context.options.json) print_json({{"runs", documents}});
  return code;
}

core::Result<int> decide(Context& context, evidence::Store& store, const std::vector<fs::path>& runs,
                         const RunsOptions& options) {
  PHASEGATE_TRY(policy, decide_step(context, runs, options.pricing, options.mix));
  PHASEGATE_TRY(id, store.put_policy(policy));
  if (context.options.json) {
    print_json({{"policy", id}, {"content", evidence::to_json(policy)}});
  } else {
    print_text(policy_text(id, policy));
  }
  return policy.provisional ? kExitEvidence : kExitDone;
}

// Imported runs are priced one by one: their arms have nothing to do with each other.
core::Result<int> price_imported(Context& context, const std::vector<fs::path>& runs, const RunsOptions& options) {
  core::Json documents = core::Json::array();
  for (const auto& run : runs) {
    PHASEGATE_TRY(prices, price_observed(run, options.pricing, options.mix));
    if (context.options.json) {
      documents.push_back(std::move(prices));
    } else {
      print_text(observed_prices_text(prices));
    }
  }
  if (context.options.json) print_json({{"runs", documents}});
  return kExitDone;
}

core::Result<int> price(Context& context, const std::vector<fs::path>& runs, const RunsOptions& options) {
  std::size_t imported = 0;
  for (const auto& run : runs) {
    PHASEGATE_TRY(manifest, evidence::read_manifest(run));
    imported += evidence::is_imported(manifest) ? 1 : 0;
  }
  if (imported == runs.size()) return price_imported(context, runs, options);
  if (imported > 0) {
    return core::fail({core::ErrorKind::invalid_input, "imported and native runs are not priced together", "price",
                       "price them one after the other"});
  }
  PHASEGATE_TRY(policy, decide_step(context, runs, options.pricing, options.mix));
  if (context.options.json) {
    print_json({{"economics", policy.economics}});
  } else {
    print_text(economics_text(policy.economics));
  }
  return kExitDone;
}

core::Result<int> step(Context& context, const StepOptions& options) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  PHASEGATE_TRY(runs, find_runs(store, options.runs.runs));
  switch (options.step) {
    case RunStep::validate: return validate(context, store, runs);
    case RunStep::price: return price(context, runs, options.runs);
    case RunStep::decide: return decide(context, store, runs, options.runs);
  }
  return kExitUsage;
}

}  // namespace

int cmd_step(Context& context, const StepOptions& options) {
  const auto code = step(context, options);
  return code ? *code : report_error(code.error(), context.options.json);
}

}  // namespace phasegate::cli
