#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "control/standing.h"
#include "core/signature.h"
#include "evidence/store.h"

namespace phasegate::cli {
namespace {

struct HistoryOptions {
  std::vector<std::string> trust;
};

core::Result<evidence::History> read(const Context& context, const HistoryOptions& options) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::read));
  std::vector<std::string> trusted;
  for (const std::string& file : options.trust) {
    PHASEGATE_TRY(key, core::load_public_key(file));
    trusted.push_back(key);
  }
  return evidence::read_history(store.root(), trusted);
}

int cmd_history(Context& context, const HistoryOptions& options) {
  const auto history = read(context, options);
  if (!history) return report_error(history.error(), context.options.json);
  if (context.options.json) {
    print_json(control::history_json(*history));
  } else {
    print_text(control::history_text(*history));
  }
  return kExitDone;
}

}  // namespace

void add_history(CLI::App& app, Options& options) {
  auto* sub =
      app.add_subcommand("history", "who put which policy in force, when and why; chain and signatures verified");
  const auto o = std::make_shared<HistoryOptions>();  // shared with the bound command, which outlives the parser
  sub->add_option("--trust", o->trust, "public key file; only signatures of these count (default: <store>/keys/*.pub)");
  sub->footer(
      "Examples:\n  phasegate history\n  phasegate history --trust ~/keys/approver.pub --json\n"
      "Exit codes: 0 verified, 1 a line was changed, moved, lost or signed by nobody trusted.");
  sub->callback(
      [&options, o] { options.command = BoundCommand{[o](Context& context) { return cmd_history(context, *o); }}; });
}

}  // namespace phasegate::cli
