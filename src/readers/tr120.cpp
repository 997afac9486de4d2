// TR120: the compile paradox. One folder for each mode with metrics.csv, the compiler's counters and, where they were
// kept, one JSON for each cell. Which mode a table is of is told by the JSON that a row names, else by that path in the
// row itself, else by the counters beside the table, else by the manifest when it has one mode. Only when nothing
// inside says it, the name of the table's folder does, and only if the manifest lists it as a mode.
#include <algorithm>
#include <map>
#include <set>

#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/sample_rows.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using core::Status;
using evidence::Observation;
using evidence::Window;

std::string table_kind(const FileHead& head) {
  const auto columns = head_columns(head.text);
  if (has_all(columns, {"scenario", "backend", "latency_ms", "tokens_per_s"})) {
    const bool service = columns.count("sample_idx") != 0 || columns.count("is_first_sample") != 0;
    const bool scaling = columns.count("task_idx") != 0;
    return service || scaling ? std::string() : "tr120_metrics";
  }
  if (has_all(columns, {"first_ms", "median_rest_ms"})) return "tr120_cold_start";
  if (has_all(columns, {"backend", "max_ms"}) &&
      (columns.count("mean_excl_first_ms") != 0 || columns.count("frac_max_at_first_sample") != 0)) {
    return "tr120_cold_start";
  }
  if (has_all(columns, {"backend", "n", "mean_ms", "median_ms", "p99"})) return "tr120_summary_csv";
  return has_all(head_yaml_keys(head.text), {"torch_compile"}) ? "tr120_config" : std::string();
}

std::string kind_of(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (keys.empty()) return table_kind(head);
  if (has_all(keys, {"spec", "status", "latencies_ms"})) {
    const bool ours = keys.count("tokens_per_s") != 0 || keys.count("cuda_event_ms") != 0 || keys.count("compile") != 0;
    return ours && keys.count("throughput_tok_s") == 0 ? "tr120_run" : std::string();
  }
  if (has_all(keys, {"run_id", "torch_compile_config"})) return "tr120_manifest";
  if (has_all(keys, {"mode", "dynamo_counters"})) return "tr120_counters";
  if (keys.count("prefill_explain") != 0 || keys.count("kv_decode_step_explain") != 0) return "tr120_evidence";
  if (has_all(keys, {"comparisons", "summaries"}) && keys.count("pairwise_comparisons") == 0) {
    return keys.count("cold_start") != 0 ? "tr120_cold_start_json" : "tr120_summary";
  }
  return {};
}

struct PathClue {
  std::string run;   // the component before the mode
  std::string mode;  // "" = the path holds none
};

// "…/20251221_173112/prefill/runs/…" -> 20251221_173112 and prefill.
PathClue clue_in(const std::string& path) {
  std::string before;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    std::string part = path.substr(begin, slash - begin);
    const bool mode = part != "generate" && window_of_mode(part).has_value();
    if (mode && slash < path.size()) return {before, part};
    before = std::move(part);
    begin = slash + 1;
  }
  return {};
}

std::string path_inside(const KnownFile& file) {
  if (file.kind == "tr120_metrics") return portable_path(first_cell(file.head, "path"));
  if (file.kind == "tr120_run") return portable_path(head_value(file.head.text, "path"));
  if (file.kind != "tr120_summary") return {};
  std::vector<std::string> unused;
  return portable_path(text_at(open_document(file.head, unused).value_or(Json()), "metadata/metrics_csv"));
}

std::vector<SourceRun> group(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                             std::vector<std::string>& unplaced) {
  std::vector<GroupFile> clues;
  std::set<std::string> ids;
  for (const auto& file : files) {
    GroupFile clue;
    clue.file = &file;
    if (file.kind == "tr120_manifest") {
      const auto manifest = open_document(file.head, unplaced);
      if (!manifest) continue;
      clue.role = GroupRole::anchor;
      clue.id = id_at(*manifest, "run_id");
      ids.insert(clue.id);
    } else {
      clue.id = clue_in(path_inside(file)).run;
      if (file.kind == "tr120_metrics" || file.kind == "tr120_run") clue.role = GroupRole::rows;
      if (file.kind.starts_with("tr120_cold_start")) clue.role = GroupRole::apart;
    }
    clues.push_back(std::move(clue));
  }
  // A component that is no id of a manifest and does not look like one is a folder's name: it says nothing.
  for (auto& clue : clues) {
    if (ids.count(clue.id) == 0 && digits_in_name(clue.id) != clue.id) clue.id.clear();
  }
  return group_files(Format::tr120, root, clues);
}

class Tr120 {
 public:
  Tr120(const SourceRun& run, Source& source) : run_(run), source_(source) {}

  Status documents() {
    for (const auto& file : run_.files) {
      if (file.kind == "tr120_metrics" || file.kind == "tr120_run") continue;
      if (file.kind == "tr120_cold_start" || file.kind == "tr120_summary_csv") {
        PHASEGATE_CHECK_OK(keep_table(run_, file, source_));
      } else if (file.kind == "tr120_config") {
        PHASEGATE_TRY(config, keep_yaml(run_, file, source_));
        if (source_.config.is_null()) source_.config = std::move(config);
      } else {
        PHASEGATE_TRY(document, keep_document(run_, file, source_));
        if (file.kind == "tr120_manifest") take_manifest(document);
        if (file.kind == "tr120_counters") counters_[folder_of(file.path)].insert(text_at(document, "mode"));
      }
    }
    return {};
  }

  void finish(Row& row, const SampleClues& clues, Observation& out) {
    const std::string mode = mode_of(clues);
    const auto window = window_of_mode(mode);
    if (!window) {
      row.fail("path", "a path with the row's mode: prefill, kv_decode or e2e_kv", clues.path);
      return;
    }
    out.window = *window;
    const auto tokens = row.count("tokens");
    if (out.window == Window::prefill) out.prompt_tokens = tokens;
    if (out.window == Window::decode) out.generated_tokens = tokens;
    if (out.window != Window::prefill) out.target_tokens = max_new_tokens_;
    if (warmups_ > 0) out.regime = evidence::Regime::steady;  // warm-up calls were made and are not in the table
  }

 private:
  static std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
  }

  void take_manifest(const Json& manifest) {
    if (manifest.is_null()) return;
    if (source_.config.is_null()) source_.config = manifest;
    max_new_tokens_ = count_at(manifest, "max_new_tokens");
    warmups_ = count_at(manifest, "warmup_repetitions").value_or(0);
    if (count_at(manifest, "warmup_repetitions")) source_.facts.warmup_labelled = warmups_ > 0;
    source_.facts.sessions = source_.facts.sessions.value_or(0) + 1;
    if (const Json* modes = at_path(manifest, "modes"); modes != nullptr && modes->is_array()) {
      for (const auto& mode : *modes) {
        if (mode.is_string()) modes_.insert(mode.get<std::string>());
      }
    }
    if (const auto gpu = text_at(manifest, "torch/gpu_name"); !gpu.empty()) {
      source_.facts.hardware = gpu;
      set_environment(source_, "gpu", gpu);
    }
    if (const auto cuda = text_at(manifest, "torch/cuda_version"); !cuda.empty())
      set_environment(source_, "cuda", cuda);
  }

  std::string mode_of(const SampleClues& clues) const {
    if (clues.spec != nullptr) {
      if (auto mode = text_at(*clues.spec, "mode"); window_of_mode(mode)) return mode;
    }
    if (auto mode = clue_in(clues.path).mode; !mode.empty()) return mode;
    if (clues.table != nullptr) {
      const auto beside = counters_.find(folder_of(clues.table->path));
      if (beside != counters_.end() && beside->second.size() == 1) return *beside->second.begin();
    }
    if (modes_.size() == 1) return *modes_.begin();
    if (clues.table == nullptr) return {};
    const std::string folder = folder_of(clues.table->path);
    const std::string name = folder.substr(folder.rfind('/') + 1);
    return modes_.count(name) != 0 ? name : std::string();
  }

  const SourceRun& run_;
  Source& source_;
  std::map<std::string, std::set<std::string>> counters_;  // modes of the counters, by folder
  std::set<std::string> modes_;
  std::optional<std::int64_t> max_new_tokens_;
  std::int64_t warmups_ = 0;
};

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "TR120 controlled runner");
  set_runner_facts(source, false);
  Tr120 reader(run, source);
  PHASEGATE_CHECK_OK(reader.documents());
  SampleReader samples(run,
                       {"tr120_metrics", "tr120_run",
                        [&](Row& row, const SampleClues& clues, Observation& out) { reader.finish(row, clues, out); }},
                       source);
  PHASEGATE_CHECK_OK(samples.read(visit));
  return source;
}

}  // namespace

FormatReader tr120_reader() { return {Format::tr120, kind_of, group, read_run}; }

}  // namespace phasegate::readers
