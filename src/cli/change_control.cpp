#include "cli/change_control.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/output.h"

namespace phasegate::cli {

void add_key_options(CLI::App& sub, AuthorOptions& options) {
  sub.add_option("--key", options.key,
                 "secret key file that signs (default: <store>/keys/approver, made at first use)");
}

void add_author_options(CLI::App& sub, AuthorOptions& options) {
  sub.add_option("--by", options.by, "who takes this step")->required();
  sub.add_option("--why", options.why, "the reason, for those who read the history")->required();
  add_key_options(sub, options);
  sub.add_flag("--new-key", options.new_key, "make the key file of --key first");
}

control::Author author_of(const Context& context, const AuthorOptions& options) {
  return {options.by, options.why, context.clock.utc_stamp()};
}

core::Result<evidence::Step> write_step(evidence::Store& store, evidence::Step step, const AuthorOptions& options) {
  PHASEGATE_TRY(key, store.signing_key(options.key, options.new_key));
  return store.append_step(std::move(step), key);
}

void print_step(const Context& context, const evidence::Step& step) {
  if (context.options.json) return print_json({{"step", evidence::to_json(step)}});
  std::string text = fmt::format("{} {}", to_string(step.kind), step.policy.value_or(""));
  if (step.window) text += fmt::format("from {} until {}", step.window->from, step.window->until);
  text += fmt::format("\nstep {} by {} at {}: {}\n", step.seq, step.who, step.time, step.why);
  for (const auto& one : step.overrides)
    text += fmt::format("override {}: {} ({})\n", one.rule, one.reason, one.detail);
  print_text(text + fmt::format("signed by key {}\n", step.key));
}

}  // namespace phasegate::cli
