// MLPerf LoadGen: mlperf_log_detail.txt (":::MLLOG {json}" lines: settings and results), mlperf_log_summary.txt (the
// same for people), mlperf_log_accuracy.json (outputs, no times), and with tracing on mlperf_log_trace.json, which
// alone has single requests. Instants of a sample are ns after its scheduled time, so a latency here includes what the
// request waited before it was sent. The trace as a whole is no JSON (texts in its log events are quoted twice): its
// sample events are read line by line.
#include <fmt/format.h>

#include <algorithm>

#include "core/limits.h"
#include "readers/element_row.h"
#include "readers/json_file.h"
#include "readers/lines.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using evidence::Observation;

constexpr std::string_view kDetail = "mlperf_detail";
constexpr std::string_view kSummary = "mlperf_summary";
constexpr std::string_view kTrace = "mlperf_trace";
constexpr std::string_view kAccuracy = "mlperf_accuracy";
constexpr std::string_view kMark = ":::MLLOG ";
constexpr std::uint64_t kMaxSummaryBytes = 1 << 20;

std::string kind_of(const FileHead& head) {
  const std::string_view text = head.text;
  const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  // MLPerf training logs carry the same mark.
  if (text.rfind(kMark, 0) == 0)
    return has("\"loadgen_version\"") || has("mlperf::logging") ? std::string(kDetail) : "";
  if (text.rfind("{\"traceEvents\"", 0) == 0 || text.rfind("{ \"traceEvents\"", 0) == 0) {
    return has("\"GenerateQueries\"") || has("\"sample_seq\"") ? std::string(kTrace) : "";
  }
  if (text.rfind("===", 0) == 0 && has("MLPerf Results Summary")) return std::string(kSummary);
  const bool list = !text.empty() && text[0] == '[';
  return list && has("\"seq_id\"") && has("\"qsl_idx\"") ? std::string(kAccuracy) : "";
}

std::vector<SourceRun> group(const std::filesystem::path&, const std::vector<KnownFile>& files,
                             std::vector<std::string>& unplaced) {
  std::vector<SourceRun> runs;
  for (const auto& folder : by_folder(files)) {
    const bool known = std::any_of(folder.begin(), folder.end(), [](const KnownFile* file) {
      return file->kind == kDetail || file->kind == kTrace || file->kind == kSummary;
    });
    if (known) {
      runs.push_back(run_of_folder(Format::mlperf_loadgen, folder));
      continue;
    }
    for (const KnownFile* file : folder) {
      unplaced.push_back(file->head.path + ": an accuracy log without mlperf_log_detail.txt beside it");
    }
  }
  return runs;
}

// Settings and results as one object; a key that is logged again gives a list.
core::Status read_detail(const SourceRun& run, const SourceFile& file, Source& source) {
  PHASEGATE_TRY(lines, LineFile::open(run, file));
  Json all = Json::object();
  while (true) {
    std::string_view line;
    PHASEGATE_TRY(step, lines.next(line));
    if (step == LineFile::Step::end) break;
    if (line.rfind(kMark, 0) != 0) continue;  // what the system under test printed in between
    const auto where = fmt::format("{}:{}", file.path, lines.number());
    auto entry = step == LineFile::Step::line
                     ? parse_source_json(line.substr(kMark.size()), where)
                     : core::Result<Json>(core::fail(core::ErrorKind::invalid_input, "a line above the limit"));
    const auto key = entry ? text_at(*entry, "key") : std::string();
    if (key.empty()) {
      add_bad(source, {file.path, lines.number(), "key", "an object with a key and a value",
                       entry ? "no key" : entry.error().what, std::string(line)});
      continue;
    }
    Json value = entry->contains("value") ? (*entry)["value"] : Json(nullptr);
    const auto found = all.find(key);
    if (found == all.end()) {
      all[key] = std::move(value);
    } else {
      if (!found->is_array()) *found = Json::array({*found});
      if (found->size() < 1000) found->push_back(std::move(value));
    }
  }
  PHASEGATE_TRY(sha, lines.finish());
  set_hash(source, file.path, std::move(sha));
  source.documents.emplace(file.path, std::move(all));
  return {};
}

std::string arrival_of(const std::string& scenario) {
  if (scenario == "Server") return "poisson";
  if (scenario == "SingleStream" || scenario == "MultiStream") return "closed_loop";
  return scenario == "Offline" ? "burst" : "";
}

void state_detail(const Json& detail, bool has_rows, Source& source) {
  Facts& facts = source.facts;
  source.tool_version = text_at(detail, "loadgen_version");
  source.started = text_at(detail, "test_datetime");
  const auto scenario = text_at(detail, "effective_scenario");
  if (const auto arrival = arrival_of(scenario); !arrival.empty()) facts.arrival = arrival;
  if (scenario == "Server") facts.request_rate = number_at(detail, "effective_target_qps");
  if (scenario == "SingleStream") facts.concurrency = 1;
  facts.seed = count_at(detail, "effective_schedule_rng_seed");
  const auto queries = count_at(detail, "result_query_count");
  if (has_rows && queries) {
    facts.rows_expected = *queries * count_at(detail, "effective_samples_per_query").value_or(1);
  }
  if (at_path(detail, "result_first_token_mean_latency_ns") != nullptr) {
    facts.ttft_measured = true;
    facts.tokens_counted_by = "server";  // the system under test states them with its answer
  }
  for (const auto& [key, value] : detail.items()) {
    if (key.rfind("effective_", 0) == 0) source.config[key] = value;
  }
}

bool fill(ElementRow& row, const Json* detail, Observation& out) {
  out.window = evidence::Window::request;
  if (detail != nullptr) {
    out.backend = text_at(*detail, "sut_name");
    out.scenario = text_at(*detail, "effective_scenario");
  }
  const double complete = row.required_number("args/complete_ns");
  const auto issue = row.number("args/issue_start_ns");
  if (complete < 0) row.fail("args/complete_ns", "a number that is not negative", core::shortest(complete));
  out.latency_ms = {complete / 1e6};
  if (issue) out.numbers["issue_delay_ms"] = *issue / 1e6;
  for (const char* name : {"sample_seq", "query_seq", "sample_idx"}) {
    if (const auto value = row.number(fmt::format("args/{}", name))) out.numbers[name] = *value;
  }
  if (const auto at = row.number("ts")) out.numbers["start_time"] = *at / 1e6;  // us of the trace's own clock
  out.source = row.raw();
  return row.ok();
}

// {"name":"Sample", …, "ph":"b", … "complete_ns":…}: the beginning of a sample; its end has no arguments.
bool is_sample(std::string_view line) {
  const auto name = line.find("\"Sample\"");
  return name != std::string_view::npos && name < 24 && line.find("\"complete_ns\"") != std::string_view::npos;
}

core::Status read_trace(const SourceRun& run, const SourceFile& file, const Json* detail, Source& source,
                        const Visit& visit) {
  PHASEGATE_TRY(lines, LineFile::open(run, file));
  ElementRow row(file.path);
  while (true) {
    std::string_view line;
    PHASEGATE_TRY(step, lines.next(line));
    if (step == LineFile::Step::end) break;
    if (!is_sample(line)) continue;
    while (!line.empty() && (line.back() == ',' || line.back() == ' ')) line.remove_suffix(1);
    auto event = parse_source_json(line, fmt::format("{}:{}", file.path, lines.number()));
    if (!event) {
      add_bad(source, {file.path, lines.number(), {}, "a sample event", event.error().what, std::string(line)});
      continue;
    }
    row.set(lines.number(), *event);
    Observation out;
    out.file = file.path;
    out.line = lines.number();
    if (!fill(row, detail, out)) {
      add_bad(source, row.bad());
      continue;
    }
    source.facts.intended_times = true;
    PHASEGATE_CHECK_OK(visit(out));
  }
  PHASEGATE_TRY(sha, lines.finish());
  set_hash(source, file.path, std::move(sha));
  return {};
}

core::Status keep_text(const SourceRun& run, const SourceFile& file, Source& source) {
  std::string sha;
  PHASEGATE_TRY(text, read_text(path_of(run, file), file.path, kMaxSummaryBytes, &sha));
  set_hash(source, file.path, std::move(sha));
  source.documents.emplace(file.path, Json(printable(text, kMaxSummaryBytes)));
  return {};
}

// Outputs are of no use here; the file is hashed as part of the run.
core::Status hash_only(const SourceRun& run, const SourceFile& file, Source& source) {
  PHASEGATE_TRY(lines, LineFile::open(run, file));
  PHASEGATE_TRY(sha, lines.finish());
  set_hash(source, file.path, std::move(sha));
  return {};
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "MLPerf LoadGen");
  source.facts.sessions = 1;
  source.facts.warmup_labelled = false;
  source.facts.intended_times = false;
  const SourceFile* trace = find_kind(run, kTrace);
  const Json* detail = nullptr;
  if (const SourceFile* file = find_kind(run, kDetail)) {
    PHASEGATE_CHECK_OK(read_detail(run, *file, source));
    detail = &source.documents.at(file->path);
    state_detail(*detail, trace != nullptr, source);
  }
  for (const auto& file : run.files) {
    if (file.kind == kSummary) PHASEGATE_CHECK_OK(keep_text(run, file, source));
    if (file.kind == kAccuracy) PHASEGATE_CHECK_OK(hash_only(run, file, source));
  }
  if (trace != nullptr) PHASEGATE_CHECK_OK(read_trace(run, *trace, detail, source, visit));
  return source;
}

}  // namespace

FormatReader mlperf_loadgen_reader() { return {Format::mlperf_loadgen, kind_of, group, read_run}; }

}  // namespace phasegate::readers
