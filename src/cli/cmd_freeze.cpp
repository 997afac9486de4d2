#include <CLI/CLI.hpp>
#include <memory>

#include "cli/change_control.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace phasegate::cli {
namespace {

struct FreezeOptions {
  std::string from;
  std::string until;
  bool lift = false;
  AuthorOptions author;
};

core::Result<evidence::Step> freeze(Context& context, const FreezeOptions& options) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  PHASEGATE_TRY(history, store.history());
  const auto author = author_of(context, options.author);
  PHASEGATE_TRY(step, options.lift ? control::lift(control::standing_of(history), author)
                                   : control::freeze(options.from, options.until, author));
  return write_step(store, std::move(step), options.author);
}

}  // namespace

void add_freeze(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand("freeze", "a window in which no policy is approved; or lift the windows that are set");
  const auto o = std::make_shared<FreezeOptions>();  // shared with the bound command, which outlives the parser
  sub->add_option("--from", o->from, "a day or a UTC stamp (default: now)");
  auto* until = sub->add_option("--until", o->until, "a day (its first moment) or a UTC stamp");
  auto* lift = sub->add_flag("--lift", o->lift, "end every window that is set");
  until->excludes(lift);
  add_author_options(*sub, o->author);
  sub->footer(
      "Examples:\n"
      "  phasegate freeze --from 2026-12-20 --until 2027-01-04 --by 'platform team' --why 'end of year'\n"
      "  phasegate freeze --lift --by 'platform team' --why 'back to normal'\n"
      "Inside a window `approve` needs --override REASON; `rollback` does not.");
  sub->callback([&options, o] {
    if (!o->lift && o->until.empty()) throw CLI::RequiredError("--until or --lift");
    options.command = BoundCommand{[o](Context& context) {
      const auto step = freeze(context, *o);
      if (!step) return report_error(step.error(), context.options.json);
      print_step(context, *step);
      return kExitDone;
    }};
  });
}

}  // namespace phasegate::cli
