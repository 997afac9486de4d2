// TR117: seven backends behind one service call. metrics.csv has a row for each prompt that was timed, run_<ms>.json
// the same for one cell with the generated texts; what could not run left a skip.txt. The window is the service's whole
// call. Its ttft_ms is a copy of the latency, and its backend_used a copy of the label: neither is evidence.
#include <algorithm>
#include <set>

#include "readers/csv.h"
#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/sample_rows.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using core::Status;
using evidence::Observation;

bool is_skip(std::string_view text) {
  if (text.size() > 4096) return false;
  return text.starts_with("backend_unavailable") || text.starts_with("incompatible");
}

std::string kind_of(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (keys.empty()) {
    const auto columns = head_columns(head.text);
    const bool samples = columns.count("sample_idx") != 0 || columns.count("is_first_sample") != 0;
    const bool ours = has_all(columns, {"scenario", "backend", "latency_ms", "tokens"}) && samples;
    if (ours && columns.count("task_idx") == 0) return "tr117_metrics";
    if (is_skip(head.text)) return "tr117_skip";
    const auto yaml = head_yaml_keys(head.text);
    return yaml.count("prompt_sets") != 0 && yaml.count("scenarios") != 0 ? "tr117_config" : std::string();
  }
  if (has_all(keys, {"spec", "status", "latencies_ms"})) {
    const auto spec = head_keys_of(head.text, "spec");
    const bool ours =
        keys.count("backend_used") != 0 || keys.count("decision_reason") != 0 || spec.count("stream") != 0;
    return ours && keys.count("throughput_tok_s") == 0 ? "tr117_run" : std::string();
  }
  if (has_all(keys, {"summaries"}) && (keys.count("pairwise_comparisons") != 0 || keys.count("anova") != 0)) {
    return "tr117_statistics";
  }
  if (has_all(keys, {"cpu_mean_percent", "memory_mean_mb"})) return "tr117_resources";
  const bool other = keys.count("run_id") != 0 || keys.count("tr") != 0 || keys.count("argv") != 0;
  return has_all(keys, {"platform", "python"}) && !other ? "tr117_env" : std::string();
}

bool above(const KnownFile& anchor, const KnownFile& file) {
  const auto slash = anchor.head.path.rfind('/');
  return slash == std::string::npos || file.head.path.starts_with(anchor.head.path.substr(0, slash + 1));
}

// The paths that a table names, when another table lies in the same folder.
std::vector<std::string> named_in(const KnownFile& table, const std::vector<const KnownFile*>& anchors) {
  const auto folder = table.head.absolute.parent_path();
  const auto beside = std::count_if(anchors.begin(), anchors.end(),
                                    [&](const KnownFile* each) { return each->head.absolute.parent_path() == folder; });
  std::set<std::string> paths;
  auto csv = CsvFile::open(table.head.absolute, table.head.path);
  if (beside < 2 || !csv) return {};
  Source unused;
  for (auto more = csv->next(unused); more && *more; more = csv->next(unused)) {
    paths.insert(portable_path(csv->row().text("path")));
  }
  return {paths.begin(), paths.end()};
}

// Nothing in these files names the run. The table speaks for all that lies below its folder, env.json where there is no
// table; cells without either are one run.
std::vector<SourceRun> group(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                             std::vector<std::string>& /*unplaced*/) {
  std::vector<const KnownFile*> anchors;
  for (const std::string_view kind : {"tr117_metrics", "tr117_env"}) {
    const std::size_t tables = anchors.size();
    for (const auto& file : files) {
      const bool covered = std::any_of(anchors.begin(), anchors.begin() + static_cast<std::ptrdiff_t>(tables),
                                       [&](const KnownFile* table) { return above(*table, file); });
      if (file.kind == kind && !covered) anchors.push_back(&file);
    }
  }
  std::vector<GroupFile> clues;
  for (const auto& file : files) {
    GroupFile clue;
    clue.file = &file;
    const bool anchor = std::find(anchors.begin(), anchors.end(), &file) != anchors.end();
    const bool placed =
        std::any_of(anchors.begin(), anchors.end(), [&](const auto* each) { return above(*each, file); });
    if (anchor) {
      clue.role = GroupRole::anchor;
      clue.named = named_in(file, anchors);
    } else if (file.kind == "tr117_run" || file.kind == "tr117_skip") {
      clue.role = GroupRole::rows;
      if (!placed) clue.id = root.filename().string();
    }
    clues.push_back(std::move(clue));
  }
  return group_files(Format::tr117, root, clues);
}

void take_environment(const Json& env, Source& source) {
  std::string os = text_at(env, "platform");
  for (const auto key : {"platform/os", "platform/platform", "os"}) {
    if (os.empty()) os = text_at(env, key);
  }
  if (!os.empty()) set_environment(source, "os", os);
  for (const auto key :
       {"gpu", "gpu_name", "capabilities/gpu_name", "capability_report/gpu_name", "capabilities/gpu"}) {
    if (source.facts.hardware) break;
    if (const auto gpu = text_at(env, key); !gpu.empty()) {
      source.facts.hardware = gpu;
      set_environment(source, "gpu", gpu);
    }
  }
  if (const auto cuda = text_at(env, "cuda_version"); !cuda.empty()) set_environment(source, "cuda", cuda);
}

Status documents(const SourceRun& run, Source& source) {
  for (const auto& file : run.files) {
    if (file.kind == "tr117_metrics" || file.kind == "tr117_run") continue;
    if (file.kind == "tr117_skip") {
      PHASEGATE_CHECK_OK(keep_text(run, file, source));
    } else if (file.kind == "tr117_config") {
      PHASEGATE_TRY(config, keep_yaml(run, file, source));
      if (!source.facts.seed) source.facts.seed = count_at(config, "seed");
      if (source.config.is_null()) source.config = std::move(config);
    } else {
      PHASEGATE_TRY(document, keep_document(run, file, source));
      if (file.kind == "tr117_env") take_environment(document, source);
    }
  }
  return {};
}

void finish(Row& row, const SampleClues& clues, Observation& out) {
  out.window = evidence::Window::service;
  out.generated_tokens = row.count("tokens");
  take_number(row, "sample_idx", out);
  if (const auto first = row.flag("is_first_sample")) out.numbers["is_first_sample"] = *first ? 1 : 0;
  // Two calls one after the other: the latency is the longer one's, the tokens are both's.
  const bool dual = clues.spec != nullptr ? text_at(*clues.spec, "mode") == "dual" : out.scenario.starts_with("dual_");
  if (dual) out.numbers["dual"] = 1;
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "TR117 benchmark runner");
  set_runner_facts(source, false);
  source.facts.warmup_labelled = false;
  source.facts.ttft_measured = false;
  PHASEGATE_CHECK_OK(documents(run, source));
  SampleReader samples(run, {"tr117_metrics", "tr117_run", finish}, source);
  PHASEGATE_CHECK_OK(samples.read(visit));
  return source;
}

}  // namespace

FormatReader tr117_reader() { return {Format::tr117, kind_of, group, read_run}; }

}  // namespace phasegate::readers
