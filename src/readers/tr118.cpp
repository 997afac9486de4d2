// TR118: engines under scaling, "the TR118 standard". One JSONL for each mode, an experiment manifest, published
// summaries. The study's audits are about several runs and stay by themselves.
#include "readers/bench_lines.h"
#include "readers/head.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

std::string bare_kind(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (is_bench_lines(head)) {  // TR119 names itself in each row, or has no list of tokens
    const bool other = head.text.find("\"TR119\"") != std::string::npos || keys.count("tokens_processed") == 0;
    return other ? std::string() : "bench";
  }
  if (is_experiment_manifest(head, "TR118")) return "manifest";
  if (has_all(keys, {"comparisons", "comparisons_by_scenario"})) return "statistics";
  if (has_all(keys, {"results", "diagnostics"})) return "perplexity";
  if (has_all(keys, {"run_slug", "runs"})) return "audit_study";
  if (has_all(keys, {"root", "models"})) return "audit_run_counts";
  if (has_all(keys, {"sources", "failures"})) return "audit_failures";
  if (has_all(keys, {"points", "fit"})) return "audit_crossover";
  if (has_all(keys, {"time_to_recover_s", "tokens_to_recover_baseline"})) return "audit_amortization";
  if (has_all(keys, {"parameter_count", "perplexity_baseline"})) return "audit_model";
  if (!keys.empty()) return {};
  const auto columns = head_columns(head.text);
  if (has_all(columns, {"backend", "scenario", "n_total", "degraded_rate", "ttft_mean_ms"})) return "latency_summary";
  if (has_all(columns, {"backend", "perplexity", "nll_sum", "token_count"})) return "perplexity_csv";
  const auto yaml = head_yaml_keys(head.text);
  if (yaml.count("cloud_pricing") != 0 || yaml.count("telemetry") != 0) return {};  // TR119's
  const bool engines = yaml.count("onnx") != 0 || yaml.count("tensorrt") != 0 || yaml.count("accuracy") != 0;
  return has_all(yaml, {"model", "benchmark"}) && engines ? "config" : std::string();
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "TR118 benchmark runner");
  set_runner_facts(source, false);
  BenchReader reader(run, source);
  PHASEGATE_CHECK_OK(reader.documents());
  PHASEGATE_CHECK_OK(reader.rows(visit));
  return source;
}

std::string kind_of(const FileHead& head) {
  for (const auto kind : {tr118_kind, tr119_kind, bench_kind}) {
    if (auto known = kind(head); !known.empty()) return known;
  }
  return {};
}

}  // namespace

std::string tr118_kind(const FileHead& head) {
  const std::string kind = bare_kind(head);
  return kind.empty() ? kind : "tr118_" + kind;
}

FormatReader tr118_reader() { return {Format::tr118, kind_of, group_bench, read_run}; }

}  // namespace phasegate::readers
