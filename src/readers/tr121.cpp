// TR121: scaling. Each call is three rows (prefill, kv_decode, e2e_kv) in runs.jsonl and the same rows in metrics.csv:
// the JSONL has the rows, the table is checked against it; without a JSONL the table has them. A sweep's own manifest
// is a run of published tables; the runs below it are runs of their own.
#include <algorithm>
#include <array>
#include <map>

#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_rows.h"
#include "readers/report_source.h"
#include "readers/row_twin.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using core::Status;
using evidence::Observation;
using evidence::Window;

// Columns of the published tables that no other report has.
bool is_analysis(const HeadKeys& columns) {
  static const std::vector<std::vector<std::string_view>> kTables = {
      {"model", "device", "dtype", "hf_load_ms"},
      {"model", "kind", "params_millions_measured"},
      {"backend", "model", "mode", "latency_median_ms"},
      {"backend", "model", "mode", "latency_geomean_ms"},
      {"backend", "mode", "slope", "log10_intercept"},
      {"backend", "mode", "a_ms", "b_ms_per_million_params"},
      {"backend", "model", "mode", "warmup_median_ms", "measured_median_ms"},
      {"backend", "model", "warmup_prefill_infer_median_ms"},
      {"backend", "model", "early_stop_rate"},
      {"model", "a_ms", "b_ms_per_token"},
      {"model", "prop_minus_affine_ms_median"},
      {"backend", "mode", "rel_gap_median"},
      {"model", "n_layer", "n_embd"},
      {"backend", "mode", "spearman_rho_loglog_params"},
      {"backend", "mode", "beta_log_params", "gamma_log_layers"},
  };
  return std::any_of(kTables.begin(), kTables.end(), [&](const auto& table) {
    return std::all_of(table.begin(), table.end(), [&](auto column) { return columns.count(column) != 0; });
  });
}

// Tables over several runs of a sweep.
bool is_sweep_table(const HeadKeys& columns) {
  if (columns.count("gen_tokens_target") == 0) return false;
  return columns.count("decode_fraction") != 0 || columns.count("decode_fraction_median") != 0 ||
         columns.count("log10_intercept") != 0;
}

std::string kind_of(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (has_all(keys, {"task_idx", "mode", "latency_ms"})) return "tr121_runs";
  if (has_all(keys, {"run_id", "gen_tokens_list"})) return "tr121_sweep";
  if (has_all(keys, {"run_id", "task_count"}) || has_all(keys, {"run_id", "records_expected"})) return "tr121_manifest";
  if (!keys.empty()) return {};
  const auto columns = head_columns(head.text);
  if (has_all(columns, {"task_idx", "mode", "latency_ms"})) return "tr121_metrics";
  if (is_sweep_table(columns)) return "tr121_sweep_table";
  if (is_analysis(columns)) return "tr121_table";
  return has_all(head_yaml_keys(head.text), {"gen_tokens", "scenarios", "backends"}) ? "tr121_config" : std::string();
}

std::vector<SourceRun> group(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                             std::vector<std::string>& unplaced) {
  std::vector<GroupFile> clues;
  for (const auto& file : files) {
    GroupFile clue;
    clue.file = &file;
    if (file.kind == "tr121_sweep_table") {
      clue.role = GroupRole::apart;
    } else if (file.kind == "tr121_manifest" || file.kind == "tr121_sweep") {
      const auto manifest = open_document(file.head, unplaced);
      if (!manifest) continue;
      clue.role = file.kind == "tr121_sweep" ? GroupRole::apart : GroupRole::anchor;
      clue.id = id_at(*manifest, "run_id");
      // The sweep has the id of the first run that it started.
      if (file.kind == "tr121_sweep") clue.id = text_at(*manifest, "run_name") + "_" + clue.id;
      if (const Json* results = at_path(*manifest, "results")) clue.named = paths_in(*results);
    } else if (file.kind == "tr121_runs" || file.kind == "tr121_metrics") {
      clue.role = GroupRole::rows;
    }
    clues.push_back(std::move(clue));
  }
  return group_files(Format::tr121, root, clues);
}

class Tr121 {
 public:
  Tr121(const SourceRun& run, Source& source) : run_(run), source_(source) {}

  Status documents() {
    for (const auto& file : run_.files) {
      if (file.kind == "tr121_table" || file.kind == "tr121_sweep_table") {
        PHASEGATE_CHECK_OK(keep_table(run_, file, source_));
      } else if (file.kind == "tr121_config") {
        PHASEGATE_TRY(config, keep_yaml(run_, file, source_));
        (void)config;
      } else if (file.kind == "tr121_manifest" || file.kind == "tr121_sweep") {
        PHASEGATE_TRY(manifest, keep_document(run_, file, source_));
        take_manifest(manifest);
      }
    }
    return {};
  }

  Status rows(const Visit& visit) {
    std::vector<const SourceFile*> tables;
    for (const auto& file : run_.files) {
      if (file.kind == "tr121_metrics") tables.push_back(&file);
    }
    for (const auto& file : run_.files) {
      if (file.kind != "tr121_runs") continue;
      const auto twin = std::find_if(tables.begin(), tables.end(), [&](const SourceFile* table) {
        return folder_of(table->path) == folder_of(file.path);
      });
      const SourceFile* beside = twin == tables.end() ? nullptr : *twin;
      if (beside != nullptr) tables.erase(twin);
      PHASEGATE_CHECK_OK(read_lines(file, beside, visit));
    }
    for (const SourceFile* table : tables) PHASEGATE_CHECK_OK(read_table(*table, visit));
    widen(source_, first_unix_s_, std::nullopt);
    return {};
  }

 private:
  static std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
  }

  void take_manifest(const Json& manifest);
  void take_tokens(Row& row, Observation& out) const;
  void take_row(Row& row, Observation& out) const;
  [[nodiscard]] Status hand_over(Row& row, const Visit& visit);
  [[nodiscard]] Status read_lines(const SourceFile& file, const SourceFile* beside, const Visit& visit);
  [[nodiscard]] Status read_table(const SourceFile& file, const Visit& visit);

  const SourceRun& run_;
  Source& source_;
  Observation row_;  // used again for each row
  std::optional<double> first_unix_s_;
  std::map<std::string, std::string, std::less<>> quantization_;  // of a served model, as its server names it
};

void Tr121::take_manifest(const Json& manifest) {
  if (manifest.is_null()) return;
  if (source_.config.is_null()) source_.config = manifest;
  auto& facts = source_.facts;
  if (const auto rows = count_at(manifest, "records_expected")) {
    constexpr std::int64_t kMost = std::int64_t{1} << 40;  // a number above it is a mistake
    if (*rows < kMost) facts.rows_expected = std::min(kMost, facts.rows_expected.value_or(0)) + *rows;
    facts.sessions = facts.sessions.value_or(0) + 1;
  }
  if (const auto seed = count_at(manifest, "seed")) facts.seed = seed;
  if (const auto gpu = text_at(manifest, "nvml/name"); !gpu.empty()) {
    facts.hardware = gpu;
    set_environment(source_, "gpu", gpu);
  }
  const std::array<std::pair<const char*, const char*>, 4> kPlaces = {
      {{"os", "platform/os"}, {"cpu_model", "platform/processor"}, {"cuda", "torch/cuda"}, {"git_commit", "git_head"}}};
  for (const auto& [key, place] : kPlaces) {
    if (const auto text = text_at(manifest, place); !text.empty()) set_environment(source_, key, text);
  }
  source_.tool_version = text_at(manifest, "git_head");
  const Json* served = at_path(manifest, "measured_params/ollama_params_millions");
  if (served == nullptr || !served->is_array()) return;
  for (const auto& model : *served) quantization_[text_at(model, "model")] = text_at(model, "quantization_level");
}

// Counts of the source are of one row of the batch where they are raw, over all rows where they are totals.
void Tr121::take_tokens(Row& row, Observation& out) const {
  const auto prompt = row.count("prompt_tokens_raw");
  const auto total = row.count("tokens_total");
  const auto generated = row.count("gen_tokens_raw");
  const auto target = row.count("gen_tokens_target");
  const std::int64_t batch = out.batch.value_or(1);
  if (out.window == Window::prefill) {
    out.prompt_tokens = total ? total : prompt;
    return;
  }
  if (batch == 1) {
    out.prompt_tokens = prompt;
    out.generated_tokens = generated;
  }
  constexpr std::int64_t kMost = 1'000'000'000;
  if (target && *target <= kMost && batch <= kMost) out.target_tokens = *target * batch;
}

void Tr121::take_row(Row& row, Observation& out) const {
  begin_observation(row, out);
  out.backend = row.required_text("backend");
  out.model = row.required_text("model");
  out.scenario = row.text("scenario");
  const auto quantization = quantization_.find(out.model);
  const bool served = quantization != quantization_.end() && row.text("backend_kind") == "ollama";
  out.precision = served ? quantization->second : precision_in_label(out.backend);
  const std::string_view mode = row.required_text("mode");
  const auto window = window_of_mode(mode);
  if (!window) row.fail("mode", "prefill, kv_decode or e2e_kv", std::string(mode));
  out.window = window.value_or(Window::request);
  if (const auto warmup = row.flag("is_warmup")) {
    out.regime = *warmup ? evidence::Regime::warmup : evidence::Regime::steady;
  }
  out.repetition = row.count("rep");
  out.batch = row.count("batch_size");
  out.padded_tokens = row.count("seq_len");
  out.started_unix_s = row.number("started_at_unix");
  if (const auto latency = row.duration("latency_ms")) out.latency_ms.push_back(*latency);
  if (const auto rate = row.duration("tokens_per_s"); rate && !out.latency_ms.empty()) out.tok_s.push_back(*rate);
  out.device_ms = row.duration("cuda_event_ms");
  const auto measured = row.duration("params_millions_measured");
  const auto declared = row.duration("params_millions_config");
  const auto params = measured.value_or(0) > 0 ? measured : declared;
  if (params) out.parameters = *params * 1e6;
  take_tokens(row, out);
  // Positions in the loop and values that follow from others stay in the row itself: an import writes what is asked.
  static constexpr std::array<std::string_view, 17> kNumbers = {"gen_tokens",
                                                                "gen_tokens_equiv",
                                                                "gen_tokens_raw",
                                                                "gpu_peak_mb",
                                                                "hf_load_ms",
                                                                "kv_decode_cuda_event_ms",
                                                                "kv_decode_ms",
                                                                "kv_decode_ms_equiv",
                                                                "ollama_load_ms",
                                                                "ollama_total_duration_ms",
                                                                "ollama_wall_ms",
                                                                "params_millions_config",
                                                                "params_millions_measured",
                                                                "prefill_cuda_event_ms",
                                                                "prefill_ms",
                                                                "prompt_tokens_raw",
                                                                "tokens_total"};
  {
    OrderedNumbers numbers(out);
    for (const auto key : kNumbers) numbers.take(row, key);
  }
  take_status(row, out);
  if (out.status == evidence::Status::ok && out.latency_ms.empty()) {
    row.fail("latency_ms", "a latency, for the status is ok", describe(row.find("latency_ms")));
  }
}

Status Tr121::hand_over(Row& row, const Visit& visit) {
  Observation& out = row_;
  take_row(row, out);
  if (!row.ok()) {
    add_bad(source_, row.bad());
    return {};
  }
  if (out.started_unix_s) first_unix_s_ = std::min(*out.started_unix_s, first_unix_s_.value_or(*out.started_unix_s));
  source_.facts.warmup_labelled = source_.facts.warmup_labelled.value_or(true) && out.regime.has_value();
  return visit(out);
}

Status Tr121::read_lines(const SourceFile& file, const SourceFile* beside, const Visit& visit) {
  PHASEGATE_TRY(lines, JsonLines::open(run_, file));
  std::optional<RowTwin> twin;
  if (beside != nullptr) {
    PHASEGATE_TRY(opened, RowTwin::open(run_, *beside, {"task_idx", "call_idx", "sample_idx", "mode"}));
    twin.emplace(std::move(opened));
  }
  std::int64_t lost = 0;
  for (;;) {
    const std::int64_t before = source_.bad_rows;
    PHASEGATE_TRY(more, lines.next(source_));
    lost += source_.bad_rows - before;
    if (!more) break;
    if (twin) PHASEGATE_CHECK_OK(twin->compare(lines.row(), source_));
    PHASEGATE_CHECK_OK(hand_over(lines.row(), visit));
  }
  if (twin) PHASEGATE_CHECK_OK(twin->finish(lost, source_));
  return lines.finish(source_);
}

Status Tr121::read_table(const SourceFile& file, const Visit& visit) {
  PHASEGATE_TRY(csv, CsvFile::open(run_, file));
  for (;;) {
    PHASEGATE_TRY(more, csv.next(source_));
    if (!more) break;
    PHASEGATE_CHECK_OK(hand_over(csv.row(), visit));
  }
  return csv.finish(source_);
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "TR121 run_scaling.py");
  set_runner_facts(source, true);
  source.facts.ttft_measured = false;
  Tr121 reader(run, source);
  PHASEGATE_CHECK_OK(reader.documents());
  PHASEGATE_CHECK_OK(reader.rows(visit));
  return source;
}

}  // namespace

FormatReader tr121_reader() { return {Format::tr121, kind_of, group, read_run}; }

}  // namespace phasegate::readers
