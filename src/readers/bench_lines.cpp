#include "readers/bench_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_file.h"
#include "readers/json_rows.h"
#include "readers/number.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using core::Status;
using evidence::Observation;
using evidence::Window;

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The file among `paths` that a manifest names under `key`.
const Json* named(const std::map<std::string, Json>& documents, const Json& manifest, std::string_view key) {
  const std::string name = name_of(portable_path(text_at(manifest, key)));
  if (name.empty()) return nullptr;
  const auto found = std::find_if(documents.begin(), documents.end(),
                                  [&](const auto& document) { return name_of(document.first) == name; });
  return found == documents.end() ? nullptr : &found->second;
}

// A whole document for a clue; null when it cannot be read, which read() will tell.
Json first_document(const FileHead& head) {
  std::vector<std::string> unused;
  return open_document(head, unused).value_or(Json());
}

constexpr std::int64_t kMostCells = 1'000'000;  // of one axis of a matrix: a number above it is a mistake
constexpr std::size_t kPrefix = 6;              // "tr118_", "tr119_", "bench_"
std::string_view bare(std::string_view kind) { return kind.substr(std::min(kPrefix, kind.size())); }

void take_anchor(const Json& manifest, GroupFile& clue) {
  clue.role = GroupRole::anchor;
  clue.id = id_at(manifest, "run_id");
  clue.named = paths_in(manifest);
  clue.from = number_at(manifest, "started_at").value_or(clue.from);
  clue.until = number_at(manifest, "ended_at").value_or(clue.until);
  // Runs that share one summary are one set of results: it was computed over all of them.
  clue.set = portable_path(text_at(manifest, "cost_energy_summary_path"));
}

void take_clues(const KnownFile& file, GroupFile& clue) {
  const std::string_view kind = bare(file.kind);
  if (kind == "bench") {
    clue.role = GroupRole::rows;
    clue.beside = true;  // raw/ beside processed/
    const Json row = first_row(file.head);
    clue.at = number_at(row, "started_at");
    clue.alike = text_at(row, "spec/model") + "|" + digits_in_name(file.head.path);
  } else if (kind.starts_with("audit_")) {
    clue.role = GroupRole::apart;
  } else if (kind == "export") {
    clue.at = number_at(first_document(file.head), "timestamp");
  } else if (kind == "trt_build") {
    const Json builds = first_document(file.head);
    if (builds.is_array() && !builds.empty()) clue.at = number_at(builds.front(), "timestamp");
  }
}

// A list, or one value, as a number of things; 0 when there is none.
std::int64_t how_many(const Json& config, std::string_view list, std::string_view single) {
  if (const Json* found = at_path(config, list); found != nullptr && found->is_array()) {
    return static_cast<std::int64_t>(found->size());
  }
  return text_at(config, single).empty() ? 0 : 1;
}

std::optional<std::int64_t> promised(const Json& config) {
  const std::int64_t modes = how_many(config, "benchmark/modes", "benchmark/mode");
  const std::int64_t backends = how_many(config, "benchmark/backends", "benchmark/backend");
  const std::int64_t scenarios = how_many(config, "benchmark/scenarios", "benchmark/scenario");
  const auto repetitions = count_at(config, "benchmark/repetitions");
  std::int64_t rows = 1;
  for (const std::int64_t axis : {modes, backends, scenarios, repetitions.value_or(0)}) {
    if (axis == 0 || axis > kMostCells) return std::nullopt;
    rows *= axis;
    if (rows > kMostCells * kMostCells) return std::nullopt;
  }
  return rows;
}

void take_power(JsonRow& row, Observation& out) {
  if (!row.has("resource_metrics")) return;
  const auto samples = row.count("resource_metrics/samples");
  const auto duration = row.duration("resource_metrics/duration_s");
  const auto gpu_mean = row.duration("resource_metrics/gpu_power_mean_watts");
  const auto gpu_peak = row.duration("resource_metrics/gpu_power_peak_watts");
  const auto cpu_mean = row.duration("resource_metrics/cpu_power_mean_watts");
  const auto cpu_peak = row.duration("resource_metrics/cpu_power_peak_watts");
  if (samples && duration && (gpu_mean || gpu_peak || cpu_mean || cpu_peak)) {
    out.power = evidence::PowerAggregate{*samples, *duration, gpu_mean, gpu_peak, cpu_mean, cpu_peak};
  }
  static const std::set<std::string_view> kInPower = {"gpu_power_mean_watts", "gpu_power_peak_watts",
                                                      "cpu_power_mean_watts", "cpu_power_peak_watts"};
  row.each_entry("resource_metrics", [&](std::string_view key, const Value& value) {
    const bool number = value.kind == Value::Kind::number || value.kind == Value::Kind::integer;
    if (!number || (out.power && kInPower.count(key) != 0)) return;
    out.numbers[std::string(key)] = value.number;
  });
}

// The same number of values as there are timed calls, or none.
void check_size(JsonRow& row, std::string_view key, std::size_t timed) {
  const auto size = row.size(key).value_or(0);
  if (size != 0 && size != timed)
    row.fail(key, fmt::format("{} values, one for each latency", timed), std::to_string(size));
}

// Counts are over all prompts of the row; a count of one call is known only when all calls have the same.
void take_tokens(JsonRow& row, const BenchRun& run, Observation& out) {
  std::vector<double> tokens;
  row.durations("tokens_processed", tokens);
  check_size(row, "tokens_processed", out.latency_ms.size());
  for (std::size_t i = 0; i < tokens.size() && i < 64; ++i)
    out.numbers[fmt::format("tokens_processed[{}]", i)] = tokens[i];
  if (out.window != Window::generate_uncached) return;
  const bool same = !tokens.empty() && std::equal(tokens.begin() + 1, tokens.end(), tokens.begin());
  if (same) out.generated_tokens = whole_number(tokens.front());
  const std::int64_t batch = out.batch.value_or(1);
  if (run.max_new_tokens.value_or(kMostCells) < kMostCells && batch < kMostCells) {
    out.target_tokens = *run.max_new_tokens * batch;
  }
}

void take_calls(JsonRow& row, Observation& out) {
  row.durations("latencies_ms", out.latency_ms);
  row.durations("throughput_tok_s", out.tok_s);
  row.durations("warmup_latencies_ms", out.warmup_ms);
  row.texts("degraded_reasons", out.degraded_reasons);
  check_size(row, "throughput_tok_s", out.latency_ms.size());
  check_size(row, "ttft_ms", out.latency_ms.size());
  // A prefill has no token after its end: only the generate loop stops a clock at its first one.
  if (out.window == Window::generate_uncached) row.durations("ttft_ms", out.ttft_ms);
  // Warm-up calls are kept apart, so what was timed is what came after them.
  if (!out.warmup_ms.empty()) out.regime = evidence::Regime::steady;
}

Observation take_row(JsonRow& row, const BenchRun& run) {
  Observation out = observation_of(row);
  out.backend = row.required_text("spec/backend");
  out.scenario = row.required_text("spec/scenario");
  out.precision = precision_in_label(out.backend);
  out.model = row.text("spec/model");
  if (out.model.empty()) out.model = run.model;
  const std::string_view mode = row.required_text("spec/mode");
  const auto window = window_of_mode(mode);
  if (!window) row.fail("spec/mode", "prefill, generate, kv_decode or e2e_kv", std::string(mode));
  out.window = window.value_or(Window::request);
  out.repetition = row.count("spec/repetition");
  out.batch = row.count("spec/batch_size");
  out.padded_tokens = row.count("spec/seq_len");
  out.started_unix_s = row.number("started_at");
  take_calls(row, out);
  take_tokens(row, run, out);
  take_power(row, out);
  for (const auto key : {"init_ms", "compile_ms"}) {
    if (const auto value = row.number(std::string("backend_metadata/") + key)) out.numbers[key] = *value;
  }
  take_status(row, out);
  if (out.status == evidence::Status::ok && out.latency_ms.empty()) {
    row.fail("latencies_ms", "a latency, for the status is ok", "none");
  }
  return out;
}

}  // namespace

bool is_bench_lines(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (!has_all(keys, {"spec", "status", "latencies_ms"}) || starts_with_list(head.text)) return false;
  return keys.count("throughput_tok_s") != 0 || keys.count("warmup_latencies_ms") != 0;
}

bool is_experiment_manifest(const FileHead& head, std::string_view report) {
  const auto keys = head_keys(head.text);
  return has_all(keys, {"tr", "run_id"}) && keys.count("spec") == 0 && head_value(head.text, "tr").starts_with(report);
}

std::string bench_kind(const FileHead& head) {
  const auto keys = head_keys(head.text);
  const bool engine = has_all(keys, {"precision", "engine_inspect"}) || has_all(keys, {"precision", "workspace_gb"});
  if (engine) return "bench_trt_build";
  const bool exported =
      has_all(keys, {"opset_version", "onnx_inspect"}) || has_all(keys, {"opset_version", "trt_friendly_inputs"});
  return exported ? "bench_export" : std::string();
}

std::vector<SourceRun> group_bench(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                                   std::vector<std::string>& unplaced) {
  std::vector<GroupFile> clues;
  for (const auto& file : files) {
    GroupFile clue;
    clue.file = &file;
    if (file.kind.starts_with("tr11")) clue.family = file.kind.substr(0, kPrefix);
    if (bare(file.kind) == "manifest") {
      auto manifest = open_document(file.head, unplaced);
      if (!manifest) continue;
      take_anchor(*manifest, clue);
    } else {
      take_clues(file, clue);
    }
    clues.push_back(std::move(clue));
  }
  auto runs = group_files(Format::tr118, root, clues);
  for (auto& run : runs) {
    const bool cost = std::any_of(run.files.begin(), run.files.end(),
                                  [](const SourceFile& file) { return file.kind.starts_with("tr119_"); });
    if (cost) run.format = Format::tr119;
  }
  return runs;
}

Status BenchReader::documents() {
  for (const auto& file : run_.files) {
    const std::string_view kind = bare(file.kind);
    if (kind == "bench") continue;
    if (kind == "config") {
      PHASEGATE_TRY(config, keep_yaml(run_, file, source_));
      if (!config.is_null()) configs_[file.path] = std::move(config);
    } else if (kind == "manifest") {
      PHASEGATE_TRY(manifest, keep_document(run_, file, source_));
      const std::string id = id_at(manifest, "run_id");
      if (!manifest.is_null()) manifests_[id] = std::move(manifest);
    } else if (kind == "latency_summary" || kind == "perplexity_csv") {
      PHASEGATE_CHECK_OK(keep_table(run_, file, source_));
    } else {
      PHASEGATE_TRY(document, keep_document(run_, file, source_));
      if (kind == "export") take_export(document);
    }
  }
  return configurations();
}

Status BenchReader::configurations() {
  for (const auto& [id, manifest] : manifests_) {
    take_manifest(manifest);
    const Json* config = named(configs_, manifest, "config_snapshot_path");
    if (config == nullptr) config = named(configs_, manifest, "config_path");
    if (config == nullptr && configs_.size() == 1) config = &configs_.begin()->second;
    if (config != nullptr) runs_[id].config = *config;
  }
  if (manifests_.empty() && !configs_.empty()) runs_[""].config = configs_.begin()->second;
  for (auto& [id, run] : runs_) {
    run.model = text_at(run.config, "model/name");
    if (run.model.empty()) run.model = exported_model_;
    run.max_new_tokens = count_at(run.config, "benchmark/max_new_tokens");
    if (source_.config.is_null()) source_.config = run.config;
    if (!source_.facts.seed) source_.facts.seed = count_at(run.config, "seed");
  }
  expect_rows();
  if (runs_.empty() && !exported_model_.empty()) runs_[""].model = exported_model_;
  return {};
}

void BenchReader::take_export(const Json& document) {
  if (const auto hash = text_at(document, "onnx_sha256"); !hash.empty())
    source_.facts.model_identity = "sha256:" + hash;
  if (exported_model_.empty()) exported_model_ = text_at(document, "model");
}

void BenchReader::take_manifest(const Json& manifest) {
  const auto started = number_at(manifest, "started_at");
  const auto finished = number_at(manifest, "ended_at");
  widen(source_, started, finished);
  if (const auto duration = number_at(manifest, "duration_s")) {
    source_.facts.duration_s = source_.facts.duration_s.value_or(0) + *duration;
  }
  source_.facts.sessions = source_.facts.sessions.value_or(0) + 1;  // one process of the runner writes one manifest
  const std::string gpu = text_at(manifest, "platform/cuda_device/name");
  if (!gpu.empty()) {
    source_.facts.hardware = gpu;
    set_environment(source_, "gpu", gpu);
  }
  if (const auto os = text_at(manifest, "platform/os"); !os.empty()) set_environment(source_, "os", os);
  if (const auto commit = text_at(manifest, "git_sha"); !commit.empty()) {
    set_environment(source_, "git_commit", commit);
    source_.tool_version = commit;
  }
}

// What each run of the set promises in its configuration; nothing when one of them has none.
void BenchReader::expect_rows() {
  std::int64_t total = 0;
  for (const auto& [id, run] : runs_) {
    const auto rows = promised(run.config);
    if (!rows) return;
    total += *rows;
  }
  if (!runs_.empty() && runs_.size() >= manifests_.size()) source_.facts.rows_expected = total;
}

const BenchRun& BenchReader::run_behind(const SourceFile& file) const {
  static const BenchRun kUnknown;
  if (runs_.empty()) return kUnknown;
  for (const auto& [id, run] : runs_) {
    if (!id.empty() && name_of(file.path).find(id) != std::string::npos) return run;
  }
  return runs_.begin()->second;
}

// Each line repeats how its backend was made. One copy of each is kept where no file of its own has it.
void BenchReader::keep_metadata(const SourceFile& file, const JsonRow& row) {
  const Value backend = row.find("spec/backend");
  const auto size = row.size("backend_metadata").value_or(0);
  if (backend.kind != Value::Kind::text || size == 0) return;
  const std::string label(backend.text);
  Json& kept = source_.documents[file.path + "#backend_metadata"];
  if (kept.size() < 1000 && (!kept.contains(label) || kept[label].size() < size)) {
    if (auto metadata = parse_source_json(row.json("backend_metadata"), file.path)) kept[label] = std::move(*metadata);
  }
  for (const auto* key : {"export_metadata", "trt_build_metadata"}) {
    const std::string artifact = std::string(key) == "export_metadata" ? "bench_export" : "bench_trt_build";
    const std::string place = file.path + "#" + key;
    if (find_kind(run_, artifact) != nullptr || source_.documents.count(place) != 0) continue;
    if (row.size(key).value_or(0) == 0) continue;
    if (auto metadata = parse_source_json(row.json(key), file.path)) source_.documents[place] = std::move(*metadata);
  }
}

Status BenchReader::rows(const Visit& visit) {
  for (const auto& file : run_.files) {
    if (bare(file.kind) != "bench") continue;
    const BenchRun& behind = run_behind(file);
    std::optional<double> first;
    PHASEGATE_TRY(lines, JsonLines::open(run_, file));
    for (;;) {
      PHASEGATE_TRY(more, lines.next(source_));
      if (!more) break;
      JsonRow& row = lines.row();
      Observation out = take_row(row, behind);
      if (!row.ok()) {
        add_bad(source_, row.bad());
        continue;
      }
      keep_metadata(file, row);
      if (out.started_unix_s) first = std::min(*out.started_unix_s, first.value_or(*out.started_unix_s));
      source_.facts.ttft_measured = source_.facts.ttft_measured.value_or(false) || !out.ttft_ms.empty();
      source_.facts.warmup_labelled = source_.facts.warmup_labelled.value_or(false) || !out.warmup_ms.empty();
      PHASEGATE_CHECK_OK(visit(out));
    }
    PHASEGATE_CHECK_OK(lines.finish(source_));
    widen(source_, first, std::nullopt);
  }
  return {};
}

}  // namespace phasegate::readers
