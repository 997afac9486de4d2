// AIPerf (and what remains of GenAI-Perf): per-request records as JSON Lines, and the aggregates as JSON and CSV. The
// rows are profile_export.jsonl; without it a run has aggregates alone.
//   time_to_first_token         first response that holds content
//   request_latency             request sent to last response
//   inter_chunk_latency         gaps between responses; a response may hold several tokens
//   credit_issued_ns            when the scheduler released the request, which is when it really did so and not the
//                               instant that the schedule asked for
// Instants are ns since 1970. A metric is {"value": …, "unit": …}.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/limits.h"
#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_file.h"
#include "readers/json_rows.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using evidence::Observation;

constexpr std::string_view kRows = "aiperf_records";
constexpr std::string_view kSummary = "aiperf_summary";
constexpr std::string_view kTables = "aiperf_tables";

// Metrics of one request that are kept under their own names; unit as in the file.
constexpr std::array<const char*, 10> kNumbers = {
    "time_to_second_token",    "time_to_first_output_token",      "inter_token_latency", "usage_prompt_tokens",
    "usage_completion_tokens", "http_req_chunks_received",        "http_req_connecting", "http_req_waiting",
    "reasoning_token_count",   "output_token_throughput_per_user"};

std::string kind_of(const FileHead& head) {
  const HeadKeys keys = head_keys(head.text);
  if (has_all(keys, {"metadata", "metrics"}) && !head_keys_of(head.text, "metadata").empty()) {
    const HeadKeys inside = head_keys_of(head.text, "metadata");
    return has_all(inside, {"request_start_ns"}) || has_all(inside, {"x_request_id"}) ? std::string(kRows) : "";
  }
  if (starts_with_list(head.text)) return {};
  // Metrics stand at the outermost level, in the first versions under "records".
  const bool metric = has_all(keys, {"request_latency"}) || has_all(keys, {"request_throughput"}) ||
                      has_all(head_keys_of(head.text, "records"), {"request_latency"});
  const bool ours = has_all(keys, {"aiperf_version"}) || has_all(keys, {"input_config"}) ||
                    has_all(keys, {"records"}) ||
                    has_all(head_keys_of(head.text, "request_latency"), {"unit", "avg"}) ||
                    has_all(head_keys_of(head.text, "request_throughput"), {"unit", "avg"});
  if (metric && ours) return std::string(kSummary);
  return has_all(head_columns(head.text), {"Metric", "avg", "min", "max", "p99"}) ? std::string(kTables) : "";
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// The run whose first file shares the longest beginning of the name and that lacks this kind; nullptr = none.
SourceRun* owner_of(std::vector<SourceRun>& runs, std::size_t from, const KnownFile& file, const std::string& name) {
  SourceRun* best = nullptr;
  std::size_t best_size = 0;
  for (std::size_t i = from; i < runs.size(); ++i) {
    const auto size = common_prefix(name, runs[i].files.front().path);
    const bool taken = std::any_of(runs[i].files.begin(), runs[i].files.end(),
                                   [&](const SourceFile& other) { return other.kind == file.kind; });
    if (size <= best_size || taken) continue;
    best = &runs[i];
    best_size = size;
  }
  return best;
}

// Several runs in one folder (--profile-export-prefix): each has a file of the richest kind that is there.
void group_by_name(const std::vector<const KnownFile*>& folder, std::string_view leading,
                   std::vector<SourceRun>& runs) {
  const auto first = runs.size();
  for (const KnownFile* file : folder) {
    if (file->kind == leading) runs.push_back(run_of_file(Format::aiperf, *file));
  }
  for (const KnownFile* file : folder) {
    if (file->kind == leading) continue;
    const std::string name = file->head.absolute.filename().string();
    if (SourceRun* owner = owner_of(runs, first, *file, name)) {
      owner->files.push_back({name, file->kind, file->head.bytes, {}});
    } else {
      runs.push_back(run_of_file(Format::aiperf, *file));
    }
  }
}

// One folder holds one run, unless it holds several files of one kind.
std::vector<SourceRun> group(const std::filesystem::path&, const std::vector<KnownFile>& files,
                             std::vector<std::string>&) {
  std::vector<SourceRun> runs;
  for (const auto& folder : by_folder(files)) {
    std::map<std::string_view, int> of_kind;
    for (const KnownFile* file : folder) ++of_kind[file->kind];
    if (std::all_of(of_kind.begin(), of_kind.end(), [](const auto& entry) { return entry.second == 1; })) {
      runs.push_back(run_of_folder(Format::aiperf, folder));
      continue;
    }
    const std::string_view best = of_kind.count(kSummary) > 0 ? kSummary : kTables;
    group_by_name(folder, of_kind.count(kRows) > 0 ? kRows : best, runs);
  }
  return runs;
}

std::string metric(std::string_view name) { return fmt::format("metrics/{}/value", name); }

// Milliseconds of a time metric, whatever unit the file gives it.
std::optional<double> milliseconds(JsonRow& row, std::string_view name) {
  const auto value = row.duration(metric(name));
  if (!value) return std::nullopt;
  const auto unit = row.text(fmt::format("metrics/{}/unit", name));
  if (unit.empty() || unit == "ms" || unit == "milliseconds") return value;
  if (unit == "ns" || unit == "nanoseconds") return *value / 1e6;
  if (unit == "us" || unit == "microseconds") return *value / 1e3;
  if (unit == "s" || unit == "sec" || unit == "seconds") return *value * 1e3;
  row.fail(fmt::format("metrics/{}/unit", name), "a unit of time (ns, us, ms, s)", fmt::format("\"{}\"", unit));
  return std::nullopt;
}

void take_outcome(JsonRow& row, Observation& out) {
  out.error = row.has("error") ? row.json("error") : "";
  const bool cancelled = row.flag("metadata/was_cancelled").value_or(false);
  if (row.flag("metadata/context_overflow_skip").value_or(false)) {
    out.status = evidence::Status::skipped;
    out.reason = evidence::Reason::shape_out_of_range;
  } else if (cancelled) {
    out.status = evidence::Status::aborted;
    out.reason = evidence::Reason::other;
  } else if (!out.error.empty()) {
    const bool timeout = row.text("error/type").find("Timeout") != std::string_view::npos;
    out.status = timeout ? evidence::Status::timeout : evidence::Status::error;
    out.reason = timeout ? evidence::Reason::deadline_passed : evidence::Reason::other;
  }
}

// ns since 1970 need 61 bits: differences are taken of integers.
void take_instants(JsonRow& row, Observation& out) {
  const auto start = row.count("metadata/request_start_ns");
  if (!start) return;
  out.started_unix_s = static_cast<double>(*start) / 1e9;
  const auto after = [&](const char* key, const char* name, bool before) {
    if (const auto at = row.integer(key)) {
      out.numbers[name] = static_cast<double>(before ? *start - *at : *at - *start) / 1e6;
    }
  };
  after("metadata/credit_issued_ns", "credit_to_start_ms", true);
  after("metadata/request_ack_ns", "start_to_ack_ms", false);
}

bool fill(JsonRow& row, Observation& out) {
  out.file = row.file();
  out.line = row.line();
  out.window = evidence::Window::request;
  if (row.text("metadata/benchmark_phase") == "warmup") out.regime = evidence::Regime::warmup;
  out.repetition = row.integer("metadata/session_num");
  take_outcome(row, out);
  take_instants(row, out);
  if (const auto latency = milliseconds(row, "request_latency")) out.latency_ms = {*latency};
  if (const auto ttft = milliseconds(row, "time_to_first_token")) out.ttft_ms = {*ttft};
  row.durations(metric("inter_chunk_latency"), out.itl_ms);
  out.prompt_tokens = row.count(metric("input_sequence_length"));
  out.generated_tokens = row.count(metric("output_sequence_length"));
  for (const char* name : kNumbers) {
    if (const auto value = row.number(metric(name))) out.numbers[name] = *value;
  }
  if (out.status == evidence::Status::ok && out.latency_ms.empty()) {
    row.fail("metrics/request_latency", "a value for a request without an error", "nothing");
  }
  if (out.status != evidence::Status::ok) {
    // What a failed request took is no latency.
    out.latency_ms.clear();
    out.ttft_ms.clear();
    out.itl_ms.clear();
  }
  out.source = row.raw();
  return row.ok();
}

struct Span {
  std::optional<double> first;
  double last = 0;
};

core::Status read_rows(const SourceRun& run, const SourceFile& file, const std::string& model, Source& source,
                       Span& span, const Visit& visit) {
  PHASEGATE_TRY(lines, JsonLines::open(run, file));
  while (true) {
    PHASEGATE_TRY(more, lines.next(source));
    if (!more) break;
    Observation observation;
    observation.model = model;
    if (!fill(lines.row(), observation)) {
      add_bad(source, lines.row().bad());
      continue;
    }
    if (!observation.ttft_ms.empty()) source.facts.ttft_measured = true;
    if (lines.row().has("metadata/benchmark_phase")) source.facts.warmup_labelled = true;
    if (const auto start = observation.started_unix_s) {
      if (!span.first || *start < *span.first) span.first = start;
      const double took = observation.latency_ms.empty() ? 0 : observation.latency_ms[0] / 1e3;
      span.last = std::max(span.last, *start + took);
    }
    PHASEGATE_CHECK_OK(visit(observation));
  }
  return lines.finish(source);
}

const Json* metrics_of(const Json& summary) {
  const Json* records = member(&summary, "records");
  return records != nullptr ? records : &summary;
}

void state_load(const Json& config, Facts& facts) {
  // Since 0.5 a list of phases; before that one `loadgen`.
  if (const Json* phases = member(&config, "phases"); phases != nullptr && phases->is_array()) {
    for (const auto& phase : *phases) {
      if (text_at(phase, "kind") == "warmup" || text_at(phase, "name") == "warmup") continue;
      facts.rows_expected = count_at(phase, "requests");
      facts.request_rate = number_at(phase, "rate");
      facts.concurrency = count_at(phase, "concurrency");
      facts.arrival = text_at(phase, "type");
    }
  }
  if (const Json* load = member(&config, "loadgen")) {
    facts.rows_expected = count_at(*load, "request_count");
    facts.request_rate = number_at(*load, "request_rate");
    facts.concurrency = count_at(*load, "concurrency");
    facts.arrival = text_at(*load, "arrival_pattern");
    if (facts.arrival->empty()) facts.arrival = text_at(*load, "request_rate_mode");
    if (!facts.request_rate) facts.arrival = facts.concurrency ? "closed_loop" : "";
  }
  if (facts.arrival == "concurrency" || facts.arrival == "concurrency_burst") facts.arrival = "closed_loop";
  if (facts.arrival == "fixed_schedule") facts.arrival = "trace";
  if (facts.arrival && facts.arrival->empty()) facts.arrival.reset();
}

std::string model_of(const Json& config) {
  if (const Json* items = at_path(config, "models/items");
      items != nullptr && items->is_array() && items->size() == 1) {
    return text_at(items->front(), "name");
  }
  const Json* names = at_path(config, "endpoint/model_names");
  if (names != nullptr && names->is_array() && names->size() == 1 && names->front().is_string()) {
    return names->front().get<std::string>();
  }
  return {};
}

// "NVIDIA H100 80GB HBM3" where the GPU telemetry names one kind of device.
std::string hardware_of(const Json& summary) {
  std::string name;
  const Json* endpoints = at_path(summary, "telemetry_data/endpoints");
  if (endpoints == nullptr || !endpoints->is_object()) return name;
  for (const auto& [url, endpoint] : endpoints->items()) {
    const Json* gpus = member(&endpoint, "gpus");
    if (gpus == nullptr || !gpus->is_object()) continue;
    for (const auto& [id, gpu] : gpus->items()) {
      const std::string one = text_at(gpu, "gpu_name");
      if (name.empty()) name = one;
      if (name != one) return {};
    }
  }
  return name;
}

void state_summary(const Json& summary, Source& source) {
  Facts& facts = source.facts;
  source.tool_version = text_at(summary, "aiperf_version");
  if (const Json* config = member(&summary, "input_config")) {
    source.config = *config;
    state_load(*config, facts);
    for (const char* key : {"random_seed", "input/random_seed", "runtime/random_seed"}) {
      if (!facts.seed) facts.seed = count_at(*config, key);
    }
    const Json* server = at_path(*config, "endpoint/use_server_token_count");
    if (server != nullptr && server->is_boolean()) {
      facts.tokens_counted_by = server->get<bool>() ? "server" : "client_tokenizer";
    } else if (!text_at(*config, "tokenizer/name").empty()) {
      facts.tokens_counted_by = "client_tokenizer";
    }
  }
  const Json& metrics = *metrics_of(summary);
  facts.duration_s = number_at(metrics, "benchmark_duration/avg");
  facts.failed = count_at(metrics, "error_request_count/avg");
  const Json* errors = member(&summary, "error_summary");
  if (!facts.failed && errors != nullptr && errors->is_array() && errors->empty()) facts.failed = 0;
  if (const auto hardware = hardware_of(summary); !hardware.empty()) {
    facts.hardware = hardware;
    set_environment(source, "gpu", hardware);
  }
}

// The aggregates are several tables in one file, with a blank line between; the second is "path#2".
core::Status read_tables(const SourceRun& run, const SourceFile& file, Source& source) {
  PHASEGATE_TRY(grid, read_grid(run, file, source));
  std::string name = file.path;
  int tables = 0;
  Table table;
  const auto close = [&] {
    if (!table.columns.empty()) {
      ++tables;
      source.tables.emplace(tables == 1 ? name : fmt::format("{}#{}", name, tables), std::move(table));
    }
    table = {};
  };
  for (auto& row : grid) {
    if (row.empty()) {
      close();
    } else if (table.columns.empty()) {
      table.columns = std::move(row);
    } else {
      table.rows.push_back(std::move(row));
    }
  }
  close();
  return {};
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "AIPerf");
  source.facts.sessions = 1;
  source.facts.intended_times = false;
  std::string model;
  if (const SourceFile* file = find_kind(run, kSummary)) {
    PHASEGATE_TRY(summary, read_source_json(run, *file, source));
    state_summary(summary, source);
    model = model_of(source.config);
    source.documents.emplace(file->path, std::move(summary));
  }
  for (const auto& file : run.files) {
    if (file.kind == kTables) PHASEGATE_CHECK_OK(read_tables(run, file, source));
  }
  Span span;
  if (const SourceFile* file = find_kind(run, kRows)) {
    PHASEGATE_CHECK_OK(read_rows(run, *file, model, source, span, visit));
    if (span.first) {
      source.started = utc_text(*span.first);
      source.finished = utc_text(span.last);
    }
  } else {
    source.facts.rows_expected.reset();  // aggregates alone: no rows were promised
  }
  return source;
}

}  // namespace

FormatReader aiperf_reader() { return {Format::aiperf, kind_of, group, read_run}; }

}  // namespace phasegate::readers
