#include "cli/options.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace phasegate::cli {
namespace {

struct Parsed {  // storage that the parser writes to; the chosen one is moved into Options::command
  RunOptions run;
  MeasureOptions measure;
  RunsOptions validate, price, decide;
  CardOptions card;
  ExplainOptions explain;
  ForgeOptions forge;
  SessionOptions session;
};

void add_run(CLI::App& app, Parsed& parsed, Options& options) {
  auto* sub =
      app.add_subcommand("run", "the whole chain: measure, validate, price, decide; ends with the Decision Card");
  auto& o = parsed.run;
  auto* matrix =
      sub->add_option("matrix", o.matrix, "matrix file (docs/matrix.md); default: a built-in set, see --quick");
  auto* quick = sub->add_flag("--quick", o.quick, "the subset that fits a few minutes on 2 CPU cores");
  auto* full = sub->add_flag("--full", o.full, "the whole S1 set (hours)");
  quick->excludes(full)->excludes(matrix);
  full->excludes(matrix);
  sub->add_option("--budget", o.budget, "stop after this time with balanced evidence: 90s, 10m, 2h");
  sub->add_option("--model,-m", o.models, "a .gguf file or a forged folder; repeat for more");
  sub->add_option("--engine,-e", o.engines, "only these engines; repeat for more");
  auto* resume = sub->add_option("--resume", o.resume, "go on with an interrupted run: its id, a prefix, or 'last'");
  resume->excludes(matrix)->excludes(quick)->excludes(full);
  sub->add_option("--pricing", o.pricing, "pricing file (docs/economics.md); without one, money is null");
  sub->add_option("--html", o.html, "also write the Decision Card as one HTML file");
  sub->add_option("--rounds", o.rounds, "session rounds instead of the matrix's own")->check(CLI::Range(1, 1000));
  sub->add_option("--seed", o.seed, "seed of order and prompts");
  sub->add_flag("--plan", o.plan_only, "print the plan and its hash, measure nothing");
  // What a run is was fixed when it began.
  for (const char* fixed : {"--model", "--engine", "--rounds", "--seed", "--plan"})
    resume->excludes(sub->get_option(fixed));
  sub->footer(
      "Examples:\n"
      "  phasegate run --quick --model smollm2.gguf\n"
      "  phasegate run matrix.yaml --budget 30m --html card.html\n"
      "  phasegate run --resume last\n"
      "Exit codes: 0 done (a tie is a result), 1 evidence failed or provisional, 2 usage, 3 something is missing "
      "here.");
  sub->callback([&] { options.command = o; });
}

void add_measure(CLI::App& app, Parsed& parsed, Options& options) {
  auto* sub = app.add_subcommand("measure", "one or a few cells, as llama-bench is used");
  auto& o = parsed.measure;
  sub->add_option("--engine,-e", o.engine, "sim, llamacpp or onnx")->required();
  sub->add_option("--model,-m", o.model, "llamacpp: a .gguf file; onnx: a forged folder; sim: a profile")->required();
  sub->add_option("--prompt,-p", o.prompt, "prompt tokens: 64,512")->delimiter(',')->check(CLI::Range(1, 1 << 20));
  sub->add_option("--gen,-n", o.gen, "generated tokens: 64")->delimiter(',')->check(CLI::Range(1, 1 << 17));
  sub->add_option("--batch,-b", o.batch, "rows: 1,4")->delimiter(',')->check(CLI::Range(1, 1024));
  sub->add_option("--threads,-t", o.threads, "threads of the engine")->check(CLI::Range(1, 1024));
  sub->add_option("--depth,-d", o.depth, "tokens already in the KV cache before the measured window")
      ->check(CLI::Range(0, 1 << 20));
  sub->add_option("--rounds", o.rounds, "fresh session processes; an interval needs at least 2")
      ->check(CLI::Range(1, 1000));
  sub->add_option("--repetitions,-r", o.repetitions, "calls in each session")->check(CLI::Range(1, 10000));
  sub->footer(
      "Examples:\n"
      "  phasegate measure --engine llamacpp --model smollm2.gguf --prompt 64,512 --gen 64 --threads 1\n"
      "  phasegate measure -e onnx -m forged/onnx -p 128 -n 32 -b 1,4 --rounds 5 --json");
  sub->callback([&] { options.command = o; });
}

void add_step(CLI::App& app, RunsOptions& o, Options& options, RunStep step, const char* name, const char* line,
              const char* examples) {
  auto* sub = app.add_subcommand(name, line);
  sub->add_option("run", o.runs, "run id, a prefix of one, 'last', or a run's folder")->required();
  if (step == RunStep::price || step == RunStep::decide) {
    sub->add_option("--pricing", o.pricing, "pricing file (docs/economics.md)");
    sub->add_option("--mix", o.mix, "workload mix file: requests by prompt and generated tokens with weights");
  }
  sub->footer(examples);
  sub->callback([&o, &options, step] { options.command = StepOptions{step, o}; });
}

void add_card(CLI::App& app, Parsed& parsed, Options& options) {
  auto* sub = app.add_subcommand("card", "the Decision Card of a policy, in the terminal or as one HTML file");
  auto& o = parsed.card;
  sub->add_option("policy", o.source,
                  "policy id, 'last', 'approved', a policy file, or a folder such as examples/smollm2-cpu");
  sub->add_option("--html", o.html, "write the page to this file");
  sub->footer("Examples:\n  phasegate card examples/smollm2-cpu\n  phasegate card last --html card.html");
  sub->callback([&] { options.command = o; });
}

void add_explain(CLI::App& app, Parsed& parsed, Options& options) {
  auto* sub = app.add_subcommand("explain",
                                 "which rule a request meets, on which evidence, and what was rejected by which gate");
  auto& o = parsed.explain;
  sub->add_option("policy", o.policy,
                  "policy id, 'last', 'approved', a policy file, or a folder such as examples/smollm2-cpu");
  sub->add_option("--prompt-tokens", o.prompt_tokens, "tokens of one prompt")
      ->required()
      ->check(CLI::Range(1, 1 << 20));
  sub->add_option("--gen-tokens", o.gen_tokens, "tokens to generate")->required()->check(CLI::Range(1, 1 << 17));
  sub->add_option("--batch", o.batch, "rows")->check(CLI::Range(1, 1024));
  sub->footer("Examples:\n  phasegate explain examples/smollm2-cpu --prompt-tokens 64 --gen-tokens 64 --batch 1");
  sub->callback([&] { options.command = o; });
}

void add_forge(CLI::App& app, Parsed& parsed, Options& options) {
  auto* sub = app.add_subcommand("forge", "one weight set written as GGUF, ONNX and safetensors");
  auto& o = parsed.forge;
  auto* from = sub->add_option("--from", o.from, "a .gguf file (llama architecture)");
  auto* seed = sub->add_option("--seed", o.seed, "a small random model instead, the same bytes for the same seed");
  from->excludes(seed);
  sub->add_option("--to", o.to, "formats: gguf,onnx,safetensors")
      ->delimiter(',')
      ->check(CLI::IsMember({"gguf", "onnx", "safetensors"}));
  sub->add_option("--quant", o.quant, "requantise once and write the same blocks to every format")
      ->check(CLI::IsMember({"q4_0", "q8_0", "f16", "f32"}));
  sub->add_option("--out,-o", o.out, "output folder")->required();
  sub->footer("Examples:\n  phasegate forge --from smollm2.gguf --to gguf,onnx --quant q8_0 --out forged/smollm2-q8_0");
  sub->callback([&] { options.command = o; });
}

void add_small(CLI::App& app, Parsed& parsed, Options& options) {
  auto* doctor = app.add_subcommand(
      "doctor", "what is here: engines, devices, sensors, clock, governor, noise; what is missing and how to get it");
  doctor->callback([&] { options.command = DoctorOptions{}; });
  auto* version = app.add_subcommand("version", "version, build and formats");
  version->callback([&] { options.command = VersionOptions{}; });
  auto* session = app.add_subcommand("session", "");
  session->group("");  // hidden: run by `run` and `measure`
  session->add_option("--in", parsed.session.in_fd);
  session->add_option("--out", parsed.session.out_fd);
  session->callback([&] { options.command = parsed.session; });
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
  Options options;
  Parsed parsed;
  CLI::App app("phasegate turns measurements of local LLM inference into policy that is safe to ship", "phasegate");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--json", options.json, "one JSON document on stdout and nothing else there");
  app.add_option("--store", options.store, "evidence store (default: .phasegate)");
  app.add_option("--thresholds", options.thresholds, "file with thresholds that replace the compiled-in ones");
  app.add_flag("--verbose,-v", options.verbose, "log more to stderr");
  add_small(app, parsed, options);
  add_run(app, parsed, options);
  add_measure(app, parsed, options);
  add_step(app, parsed.validate, options, RunStep::validate, "validate", "is a run canonical, and if not, why",
           "Examples:\n  phasegate validate last\n  phasegate validate examples/smollm2-cpu/run --json");
  add_analyze(app, options);
  add_step(app, parsed.price, options, RunStep::price, "price", "seconds and money per million tokens",
           "Examples:\n  phasegate price last --pricing data/pricing/example.yaml");
  add_step(app, parsed.decide, options, RunStep::decide, "decide", "a policy out of canonical runs",
           "Examples:\n  phasegate decide last\n  phasegate decide RUN1 RUN2 --pricing prices.yaml");
  add_card(app, parsed, options);
  add_explain(app, parsed, options);
  add_forge(app, parsed, options);
  add_check(app, options);
  add_import(app, options);
  add_conformance(app, options);
  add_claims(app, options);
  add_capacity(app, options);
  add_breakeven(app, options);
  add_diff(app, options);
  add_approve(app, options);
  add_rollback(app, options);
  add_freeze(app, options);
  add_history(app, options);
  add_watch(app, options);
  add_plan30(app, options);
  app.footer(
      "Start with:\n  phasegate doctor\n  phasegate card examples/smollm2-cpu\nEvery command has --help with examples "
      "and takes --json and --store.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kExitDone : kExitUsage;
  }
  return options;
}

}  // namespace phasegate::cli
