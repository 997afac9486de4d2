// TR119: cost and energy. Rows as TR118's, one JSONL for each run of the runner; the published costs are computed over
// all runs of a results folder, so those are one run here.
#include "readers/bench_lines.h"
#include "readers/head.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

std::string bare_kind(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (is_bench_lines(head)) return "bench";
  if (is_experiment_manifest(head, "TR119")) return "manifest";
  if (has_all(keys, {"cost_breakdown", "roi_by_tier"})) return "cost_analysis";
  if (has_all(keys, {"cost_validation", "energy_validation"})) return "cost_validation";
  if (has_all(keys, {"overall", "by_mode"})) return "statistics";
  if (keys.count("rows") != 0 && head.text.find("\"power_source\"") != std::string::npos) return "cost_summary";
  if (!keys.empty()) return {};
  const auto columns = head_columns(head.text);
  if (has_all(columns, {"backend", "scenario", "mode", "n_total", "gpu_power_mean_watts"})) return "latency_summary";
  const auto yaml = head_yaml_keys(head.text);
  const bool costs = yaml.count("cloud_pricing") != 0 || yaml.count("energy") != 0 || yaml.count("telemetry") != 0;
  return has_all(yaml, {"model", "benchmark"}) && costs ? "config" : std::string();
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "TR119 benchmark runner");
  set_runner_facts(source, false);
  BenchReader reader(run, source);
  PHASEGATE_CHECK_OK(reader.documents());
  PHASEGATE_CHECK_OK(reader.rows(visit));
  return source;
}

// TR118's kind_of and group serve both reports (bench_lines.h).
std::string kind_of(const FileHead& /*head*/) { return {}; }
std::vector<SourceRun> group(const std::filesystem::path& /*root*/, const std::vector<KnownFile>& /*files*/,
                             std::vector<std::string>& /*unplaced*/) {
  return {};
}

}  // namespace

std::string tr119_kind(const FileHead& head) {
  const std::string kind = bare_kind(head);
  return kind.empty() ? kind : "tr119_" + kind;
}

FormatReader tr119_reader() { return {Format::tr119, kind_of, group, read_run}; }

}  // namespace phasegate::readers
