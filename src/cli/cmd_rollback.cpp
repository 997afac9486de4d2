#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/change_control.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace phasegate::cli {
namespace {

struct RollbackOptions {
  std::string to;
  std::string override_;
  AuthorOptions author;
};

core::Result<evidence::Step> rollback(Context& context, const RollbackOptions& options) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  PHASEGATE_TRY(history, store.history());
  const auto standing = control::standing_of(history);
  std::optional<std::string> named;
  if (!options.to.empty()) {
    PHASEGATE_TRY(id, store.find_policy_id(options.to));
    named = id;
  }
  PHASEGATE_TRY(target, control::rollback_target(standing, named));
  PHASEGATE_TRY(policy, store.get_policy(target));  // its content has the hash of its name, or this fails
  PHASEGATE_TRY(step,
                control::rollback(policy, target, standing, options.override_, author_of(context, options.author)));
  return write_step(store, std::move(step), options.author);
}

}  // namespace

void add_rollback(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand("rollback", "put the policy that was in force before, or a named earlier one, back");
  const auto o = std::make_shared<RollbackOptions>();  // shared with the bound command, which outlives the parser
  sub->add_option("--to", o->to, "a policy that was approved here before (default: the one before the current)");
  add_author_options(*sub, o->author);
  sub->add_option("--override", o->override_, "why an expired policy may serve again; recorded");
  sub->footer(
      "Examples:\n"
      "  phasegate rollback --by 'platform team' --why 'decode p95 rose after the change'\n"
      "  phasegate rollback --to 511daf74133c --by 'platform team' --why 'last one that held the SLO'\n"
      "A rollback is allowed inside a freeze window: it is the way out of an incident.");
  sub->callback([&options, o] {
    options.command = BoundCommand{[o](Context& context) {
      const auto step = rollback(context, *o);
      if (!step) return report_error(step.error(), context.options.json);
      print_step(context, *step);
      return kExitDone;
    }};
  });
}

}  // namespace phasegate::cli
