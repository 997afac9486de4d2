// watch: compares, marks, proposes; with an interval again and again until Ctrl-C. A store that somebody else is
// writing (a run) is no reason to say nothing: the verdict is printed, and the mark is written at the next look.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "cli/budget.h"
#include "cli/chain.h"
#include "cli/change_control.h"
#include "cli/commands.h"
#include "cli/here.h"
#include "cli/output.h"
#include "cli/trace_file.h"
#include "control/watch.h"
#include "core/limits.h"

namespace phasegate::cli {
namespace {

struct WatchOptions {
  bool once = false;
  std::string interval = "60s";
  std::string trace;
  LookOptions look;
  AuthorOptions author;
};

// A trace as a mix: each request has the share 1 of its own shape. A server batches as it likes, so the batch is 1.
core::Result<std::vector<policy::Weight>> mix_of_trace(const std::string& file) {
  PHASEGATE_TRY(trace, load_trace(file, 1));
  std::map<std::pair<int, int>, double> shapes;
  std::int64_t left_out = trace.bad_rows;
  for (const auto& request : trace.requests) {
    const double prompt = request.prompt_tokens.value_or(0);
    const double gen = request.gen_tokens.value_or(-1);
    if (prompt < 1 || prompt > core::kMaxPromptTokens || gen < 0 || gen > core::kMaxGenTokens) {
      ++left_out;
    } else {
      shapes[{static_cast<int>(prompt), static_cast<int>(gen)}] += 1;
    }
  }
  if (left_out > 0) fmt::print(stderr, "note: {} row(s) of {} have no usable token counts\n", left_out, file);
  std::vector<policy::Weight> weights;
  for (const auto& [shape, count] : shapes) weights.push_back({{shape.first, shape.second, 1, 0}, count});
  if (!weights.empty()) return weights;
  return core::fail(core::Error{core::ErrorKind::invalid_input, "no request has prompt and generated tokens", file,
                                "docs/capacity.md names the columns"});
}

core::Result<std::optional<control::MixDistance>> mix_of(const WatchOptions& options, const evidence::Policy& policy) {
  if (options.look.mix.empty() && options.trace.empty()) return std::optional<control::MixDistance>();
  PHASEGATE_TRY(weights, options.trace.empty() ? load_mix(options.look.mix) : mix_of_trace(options.trace));
  PHASEGATE_TRY(distance, control::mix_distance(policy, weights));
  return std::optional(std::move(distance));
}

core::Result<control::WatchReport> look(const Context& context, const WatchOptions& options) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::read));
  PHASEGATE_TRY(id, store.find_policy_id("approved"));
  PHASEGATE_TRY(policy, store.get_policy(id));
  PHASEGATE_TRY(history, store.history());
  PHASEGATE_TRY(mix, mix_of(options, policy));
  const Look seen = look_here(context, store, policy, options.look);
  return control::watch(policy, id, seen.here, mix, control::standing_of(history), seen.origin);
}

// watch.json, and the step that marks the policy, once for each drift.
core::Status record(const Context& context, const WatchOptions& options, const control::WatchReport& report) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  PHASEGATE_CHECK_OK(store.note_watch({{"policy", report.policy_id},
                                       {"time", report.now},
                                       {"stale", report.stale()},
                                       {"matched", report.boundary.matched}}));
  if (const auto step = control::stale_step(report, "phasegate watch")) {
    PHASEGATE_CHECK_OK(write_step(store, *step, options.author));
  }
  return {};
}

int watch_once(const Context& context, const WatchOptions& options) {
  const auto report = look(context, options);
  if (!report) return report_error(report.error(), context.options.json);
  const core::Status recorded = record(context, options, *report);
  if (context.options.json) {
    core::Json json = control::to_json(*report);
    json["recorded"] = recorded.has_value();
    json["not_recorded"] = recorded ? core::Json(nullptr) : core::Json(recorded.error().message());
    print_json(json);
  } else {
    print_text(control::to_text(*report));
  }
  if (!recorded) fmt::print(stderr, "phasegate: not recorded: {}\n", recorded.error().message());
  return report->stale() ? kExitEvidence : kExitDone;
}

int cmd_watch(const Context& context, const WatchOptions& options) {
  if (options.once) return watch_once(context, options);
  const auto interval = parse_budget(options.interval);
  if (!interval) return report_error(interval.error(), context.options.json);
  if (context.options.json) {
    return report_error({core::ErrorKind::invalid_input, "one document needs one look", "watch --json", "add --once"},
                        true);
  }
  const auto stopped = [&context] { return context.stop != nullptr && context.stop->load(std::memory_order_relaxed); };
  constexpr auto kStep = std::chrono::milliseconds(100);  // how long Ctrl-C may wait
  int code = kExitDone;
  while (!stopped()) {
    code = watch_once(context, options);
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(*interval);
    while (!stopped() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kStep);
  }
  return code;
}

}  // namespace

void add_watch(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand(
      "watch", "does the boundary of the approved policy still match this machine? names each drift and what to rerun");
  const auto o = std::make_shared<WatchOptions>();  // shared with the bound command, which outlives the parser
  sub->add_flag("--once", o->once, "look once and end");
  sub->add_option("--interval", o->interval, "time between two looks: 60s, 10m");
  sub->add_option("--model,-m", o->look.models, "a model file in use; repeat for more");
  auto* mix = sub->add_option("--mix", o->look.mix, "the traffic of today as a mix file (docs/economics.md)");
  sub->add_option("--trace", o->trace, "the traffic of today as a trace of requests (docs/capacity.md)")->excludes(mix);
  sub->add_option("--pricing", o->look.pricing, "the price of today (default: the file that the run named)");
  add_key_options(*sub, o->author);
  sub->footer(
      "Examples:\n"
      "  phasegate watch --once\n"
      "  phasegate watch --interval 10m --mix today.yaml\n"
      "Exit codes: 0 the boundary matches, 1 stale (marked in the history), 2 no policy was approved.");
  sub->callback(
      [&options, o] { options.command = BoundCommand{[o](Context& context) { return cmd_watch(context, *o); }}; });
}

}  // namespace phasegate::cli
