#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "control/plan30.h"

namespace phasegate::cli {
namespace {

// Before the first run there is no store, and the plan is all open.
core::Result<control::PlanFacts> read_facts(const Context& context) {
  const std::string now = context.clock.utc_stamp();
  std::error_code code;
  if (!std::filesystem::exists(context.options.store, code)) {
    control::PlanFacts facts;
    facts.now = now;
    return facts;
  }
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::read));
  return control::read_plan_facts(store, evidence::read_environment(), now);
}

int cmd_plan30(Context& context, const std::string& start) {
  const auto facts = read_facts(context);
  if (!facts) return report_error(facts.error(), context.options.json);
  const auto plan = control::plan30(*facts, start);
  if (!plan) return report_error(plan.error(), context.options.json);
  if (context.options.json) {
    print_json(control::to_json(*plan));
  } else {
    print_text(control::to_text(*plan));
  }
  return kExitDone;
}

}  // namespace

void add_plan30(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand("plan30", "the 30-day plan as a checklist whose state is read from the store");
  const auto start = std::make_shared<std::string>();  // shared with the bound command, which outlives the parser
  sub->add_option("--start", *start, "first day, as in 2026-12-01 (default: the day of the first run, else today)");
  sub->footer("Examples:\n  phasegate plan30\n  phasegate plan30 --start 2026-12-01 --json");
  sub->callback([&options, start] {
    options.command = BoundCommand{[start](Context& context) { return cmd_plan30(context, *start); }};
  });
}

}  // namespace phasegate::cli
