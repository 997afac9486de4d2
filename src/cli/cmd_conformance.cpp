#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "conformance/check.h"

namespace phasegate::cli {
namespace {

constexpr double kQuietSeconds = 2;  // a shorter check needs no progress

int cmd_conformance(Context& context, const std::string& folder) {
  const bool json = context.options.json;
  Progress progress(context.clock, stderr_is_terminal(), json);
  const auto started = context.clock.now();
  const auto outcome = conformance::check_folder(folder, [&](double fraction, const std::string& what) {
    const double seconds = core::to_seconds(core::between(started, context.clock.now()));
    if (seconds < kQuietSeconds) return;
    progress.show(fraction, fraction > 0 ? seconds / fraction - seconds : -1, what);
  });
  if (!outcome) return report_error(outcome.error(), json);
  if (outcome->runs.empty() && outcome->unread.empty()) {
    return report_error({core::ErrorKind::evidence, "no run of a report is in it: nothing was derived", folder,
                         "docs/conformance.md says what is looked for"},
                        json);
  }
  if (json) {
    print_json(conformance::to_json(*outcome));
  } else {
    print_text(conformance::to_text(*outcome, static_cast<std::size_t>(std::clamp(stdout_width(), 60, 160))));
  }
  return outcome->holds() ? kExitDone : kExitEvidence;
}

}  // namespace

void add_conformance(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand(
      "conformance", "derives the published values of every report run under a folder again, and lists what disagrees");
  const auto folder = std::make_shared<std::string>();  // shared with the bound command, which outlives the parser
  sub->add_option("dir", *folder, "folder with runs of TR117 to TR122, in any arrangement")->required();
  sub->footer(
      "Examples:\n  phasegate conformance tests/conformance/reports\n"
      "  phasegate conformance results --json\nExit codes: 0 nothing fails, 1 a value fails or a run cannot be read.");
  sub->callback([&options, folder] {
    options.command = BoundCommand{[folder](Context& context) { return cmd_conformance(context, *folder); }};
  });
}

}  // namespace phasegate::cli
