// capacity: how many workers a month or a trace needs; a lower bound first, then with queueing.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/capacity_plan.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"

namespace phasegate::cli {
namespace {

int cmd_capacity(Context& context, const CapacityOptions& options) {
  const auto plan = make_capacity_plan(context, options);
  if (!plan) return report_error(plan.error(), context.options.json);
  if (context.options.json) {
    print_json(capacity_json(*plan));
  } else {
    print_text(capacity_text(*plan));
  }
  return plan->answer && !plan->workers ? kExitEvidence : kExitDone;
}

void add_traffic_options(CLI::App& sub, CapacityOptions& o) {
  auto* tokens = sub.add_option("--tokens-per-month", o.tokens_per_month, "prompt and generated tokens of 30 days");
  auto* trace = sub.add_option("--trace", o.trace, "arrivals as CSV or JSONL (docs/capacity.md)");
  tokens->excludes(trace);
  sub.add_option("--bin", o.bin_s, "length of a bin of the trace in seconds")->needs(trace);
  sub.add_option("--time-unit", o.time_unit, "of numeric timestamps: s, ms, us, ns")->needs(trace);
  sub.add_option("--burst", o.burst, "busy load / mean load by hand; default: p95 of the trace's bins, else 1");
  sub.add_flag("--burst-p99", o.burst_p99, "p99 instead of p95 of the trace's bins")->needs(trace);
  sub.add_option("--arrival-cv2", o.arrival_cv2,
                 "squared variation of the gaps; default: the trace's, else 1 (Poisson)");
}

void add_worker_options(CLI::App& sub, CapacityOptions& o) {
  sub.add_option("--run", o.cell, "a measured cell, RUN:CELL or policy:ID:CELL; part of its name is enough");
  sub.add_option("--worker-tok-s", o.worker_tok_s, "tokens a second of one worker, prompt and generated together");
  sub.add_option("--prefill-tok-s", o.prefill_tok_s, "prompt tokens a second");
  sub.add_option("--decode-tok-s", o.decode_tok_s, "generated tokens a second");
  sub.add_option("--prompt", o.prompt, "prompt tokens of a request; default: the trace's, else the cell's");
  sub.add_option("--gen", o.gen, "generated tokens of a request");
  sub.add_option("--curve", o.curve, "measured requests at a time : requests a second, as 1:1.0,4:3.2");
}

}  // namespace

void add_capacity(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand("capacity", "workers for a month of tokens or a trace, and for a promise on latency");
  const auto o = std::make_shared<CapacityOptions>();  // shared with the bound command, which outlives the parser
  add_traffic_options(*sub, *o);
  add_worker_options(*sub, *o);
  sub->add_option("--slo", o->slo, "promise: ttft_ms_p95=500, e2e_ms_p99=8000");
  sub->add_option("--utilisation-cap", o->utilisation_cap, "never plan above this (default 0.70)");
  sub->add_option("--cold-start-s", o->cold_start_s, "seconds until a new worker serves");
  sub->add_option("--starts-per-hour", o->starts_per_hour, "starts of one worker in an hour");
  sub->add_option("--pricing", o->pricing, "pricing file (docs/economics.md)");
  sub->footer(
      "Examples:\n"
      "  phasegate capacity --tokens-per-month 1e9 --worker-tok-s 100 --burst 5\n"
      "  phasegate capacity --tokens-per-month 1e9 --run last:qwen2.5 --prompt 256 --gen 128 --slo ttft_ms_p95=500\n"
      "  phasegate capacity --trace data/traces/azure-llm-code-2023.csv --prefill-tok-s 8000 --decode-tok-s 60 --slo "
      "ttft_ms_p95=2000\n"
      "Exit codes: 0 planned, 1 no number of workers keeps the promise, 2 usage.");
  sub->callback(
      [&options, o] { options.command = BoundCommand{[o](Context& context) { return cmd_capacity(context, *o); }}; });
}

}  // namespace phasegate::cli
