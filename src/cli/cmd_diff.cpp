#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/policy_source.h"
#include "control/diff.h"

namespace phasegate::cli {
namespace {

struct DiffOptions {
  std::string was;
  std::string is;
};

int cmd_diff(Context& context, const DiffOptions& options) {
  const bool json = context.options.json;
  const auto was = find_policy(context, options.was);
  if (!was) return report_error(was.error(), json);
  const auto is = find_policy(context, options.is);
  if (!is) return report_error(is.error(), json);
  const auto found = control::diff(*was, *is);
  if (!found) return report_error(found.error(), json);
  if (json) {
    print_json(control::to_json(*found));
  } else {
    print_text(control::to_text(*found));
  }
  return kExitDone;
}

}  // namespace

void add_diff(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand(
      "diff", "what changes when one policy takes the place of another: winners, effects, costs, envelope, risks");
  const auto o = std::make_shared<DiffOptions>();  // shared with the bound command, which outlives the parser
  sub->add_option("old", o->was, "policy id or prefix, 'approved', 'last', a policy file or folder")->required();
  sub->add_option("new", o->is, "the same")->required();
  sub->footer("Examples:\n  phasegate diff approved last\n  phasegate diff examples/smollm2-cpu last --json");
  sub->callback(
      [&options, o] { options.command = BoundCommand{[o](Context& context) { return cmd_diff(context, *o); }}; });
}

}  // namespace phasegate::cli
