#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/change_control.h"
#include "cli/commands.h"
#include "cli/here.h"
#include "cli/output.h"
#include "cli/policy_source.h"
#include "control/diff.h"
#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;

struct ApproveOptions {
  std::string policy = "last";
  std::string against;
  std::string other_machine;
  std::string override_;
  AuthorOptions author;
};

// A policy file is exactly what `decide` wrote, and is named by its hash where it has such a name.
core::Status check_file(const std::string& source, const std::string& id) {
  fs::path file = source;
  std::error_code code;
  if (fs::is_directory(file, code)) file /= "policy.json";
  if (!fs::is_regular_file(file, code)) return {};
  PHASEGATE_TRY(text, core::read_file(file, core::kMaxPolicyBytes));
  const std::string name = file.stem().string();
  const bool named_otherwise =
      name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos && name != id;
  if (core::sha256_hex(text) == id && !named_otherwise) return {};
  return core::fail(core::Error{core::ErrorKind::evidence, "was changed after `decide` wrote it", file.string(),
                                "decide again, or take the file from where it was made"});
}

// The runs under a policy that are in this store are still those that it was decided on; the others are named.
core::Status check_evidence(const evidence::Store& store, const evidence::Policy& policy) {
  for (std::size_t i = 0; i < policy.runs.size(); ++i) {
    const auto folder = store.find_run(policy.runs[i]);
    if (!folder) {
      fmt::print(stderr, "note: run {} is not in this store, so its evidence is not checked\n", policy.runs[i]);
      continue;
    }
    PHASEGATE_TRY(hash, core::sha256_file(*folder / "manifest.json"));
    if (hash == policy.run_hashes[i]) continue;
    return core::fail(core::Error{core::ErrorKind::evidence, "is not the run that the policy was decided on",
                                  policy.runs[i], "`phasegate validate` it, then decide again"});
  }
  return {};
}

struct Found {
  evidence::Policy policy;
  std::string id;
};

core::Result<Found> find(const Context& context, const std::string& source) {
  PHASEGATE_TRY(policy, find_policy(context, source));
  PHASEGATE_TRY(id, evidence::policy_id(policy));
  PHASEGATE_CHECK_OK(check_file(source, id.value));
  return Found{std::move(policy), id.value};
}

core::Result<evidence::Step> approve(Context& context, const ApproveOptions& options, const Found& found,
                                     const control::Standing& standing, evidence::Store& store) {
  control::ApproveRequest request{found.id, {}, options.other_machine, options.override_};
  if (options.against == "approved" || options.against == "last") {
    return core::fail(core::Error{core::ErrorKind::invalid_input, "does not say which policy you compared with",
                                  "--against " + options.against, "give its id, as `phasegate diff` prints it"});
  }
  if (!options.against.empty()) {
    PHASEGATE_TRY(against, store.find_policy_id(options.against));
    request.against = against;
  }
  PHASEGATE_CHECK_OK(check_evidence(store, found.policy));
  const Look look = look_here(context, store, found.policy, {});
  const auto boundary = control::compare_boundary(found.policy, look.here);
  PHASEGATE_TRY(step, control::approve(found.policy, boundary, standing, request, author_of(context, options.author)));
  PHASEGATE_CHECK_OK(store.put_policy(found.policy));
  return write_step(store, std::move(step), options.author);
}

// Nobody approves what they have not seen: without --against the difference is shown.
core::Result<control::PolicyDiff> difference(const evidence::Store& store, const control::Standing& standing,
                                             const evidence::Policy& policy) {
  PHASEGATE_TRY(current, store.get_policy(*standing.approved));
  return control::diff(current, policy);
}

int cmd_approve(Context& context, const ApproveOptions& options) {
  const bool json = context.options.json;
  const auto found = find(context, options.policy);
  if (!found) return report_error(found.error(), json);
  auto store = evidence::Store::open(context.options.store, evidence::Store::Access::write);
  if (!store) return report_error(store.error(), json);
  const auto history = store->history();
  if (!history) return report_error(history.error(), json);
  const auto standing = control::standing_of(*history);
  const auto step = approve(context, options, *found, standing, *store);
  if (step) {
    print_step(context, *step);
    return kExitDone;
  }
  if (!json && options.against.empty() && standing.approved && *standing.approved != found->id) {
    const auto shown = difference(*store, standing, found->policy);
    if (shown) print_text(control::to_text(*shown));
  }
  return report_error(step.error(), json);
}

}  // namespace

void add_approve(CLI::App& app, Options& options) {
  auto* sub =
      app.add_subcommand("approve", "put a policy in force: signed, with who and why, in an append-only history");
  const auto o = std::make_shared<ApproveOptions>();  // shared with the bound command, which outlives the parser
  sub->add_option("policy", o->policy, "policy id or prefix, 'last', a policy file or folder");
  add_author_options(*sub, o->author);
  sub->add_option("--against", o->against, "the policy in force that you compared with; without it the diff is shown");
  sub->add_option("--other-machine", o->other_machine,
                  "why a policy that was measured on another machine or stack holds here; recorded");
  sub->add_option("--override", o->override_, "why a freeze window does not hold for this; recorded");
  sub->footer(
      "Examples:\n"
      "  phasegate approve last --by 'platform team' --why 'first measured policy'\n"
      "  phasegate approve last --against 511daf74133c --by 'platform team' --why 'llama.cpp wins decode now'\n"
      "Exit codes: 0 approved, 1 refused (provisional, expired, tampered, another machine, frozen), 2 usage,\n"
      "3 another policy is in force than you compared with, or the store is locked.");
  sub->callback(
      [&options, o] { options.command = BoundCommand{[o](Context& context) { return cmd_approve(context, *o); }}; });
}

}  // namespace phasegate::cli
