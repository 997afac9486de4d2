// Commands that live in one file each, options included: cmd_<name>.cpp declares its own part of the command line and
// binds what it says to the function that runs it. Adding one takes the file, a line here and a line in options.cpp.
#pragma once

#include "cli/options.h"

namespace CLI {
class App;
}

namespace phasegate::cli {

// Each adds its subcommand to `app`; when that is chosen, options.command becomes a BoundCommand.
void add_analyze(CLI::App& app, Options& options);
void add_check(CLI::App& app, Options& options);
void add_diff(CLI::App& app, Options& options);
void add_approve(CLI::App& app, Options& options);
void add_rollback(CLI::App& app, Options& options);
void add_freeze(CLI::App& app, Options& options);
void add_history(CLI::App& app, Options& options);
void add_watch(CLI::App& app, Options& options);
void add_plan30(CLI::App& app, Options& options);
void add_import(CLI::App& app, Options& options);
void add_conformance(CLI::App& app, Options& options);
void add_claims(CLI::App& app, Options& options);
void add_capacity(CLI::App& app, Options& options);
void add_breakeven(CLI::App& app, Options& options);
}  // namespace phasegate::cli
