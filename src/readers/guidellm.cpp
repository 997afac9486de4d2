// GuideLLM: one JSON document with a list of benchmarks (a sweep has several), each with its requests by outcome; and a
// CSV of the aggregates with three header rows. Layouts: 0.2 and 0.3 (`start_time`, `first_token_time`,
// `scheduler_info`), and 0.4 to 0.8 (`info/timings`, `request_start_time`). Instants are seconds since 1970.
//   time_to_first_token_ms  the first chunk that holds a token
//   inter_token_latency_ms  (last token - first token) / (tokens - 1): a mean of one request; the gaps are not kept
//   targeted_start          when the schedule wanted the request to start
// The lists of requests may be a sample of those that were made.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/limits.h"
#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_file.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using evidence::Observation;

constexpr std::array<const char*, 9> kNumbers = {"inter_token_latency_ms",
                                                 "time_per_output_token_ms",
                                                 "time_to_first_output_token_ms",
                                                 "request_dispatch_delay",
                                                 "request_scheduled_latency",
                                                 "output_tokens_per_second",
                                                 "tokens_per_second",
                                                 "cached_tokens",
                                                 "output_tokens_per_iteration"};

std::string kind_of(const FileHead& head) {
  const auto& text = head.text;
  const bool named = text.find("\"guidellm_version\"") != std::string::npos ||
                     text.find("\"generative_benchmark\"") != std::string::npos;
  if (named && !starts_with_list(text) && !head_keys(text).empty()) {
    const HeadKeys keys = head_keys(text);
    // `benchmarks` comes after the arguments, which may fill the head.
    if (has_all(keys, {"benchmarks"}) || has_all(keys, {"metadata", "args"}) || has_all(keys, {"metadata", "config"})) {
      return "guidellm_json";
    }
  }
  const auto first_line = text.substr(0, text.find('\n'));
  if (first_line.find("Run Info") == 0 && first_line.find("Scheduler Metrics") != std::string::npos)
    return "guidellm_csv";
  const bool old_csv = first_line.find("Type,Run Id,Id,Name") == 0;
  return old_csv ? "guidellm_csv" : "";
}

// out.json and out.csv of one folder are one run; otherwise each file is one.
std::vector<SourceRun> group(const std::filesystem::path&, const std::vector<KnownFile>& files,
                             std::vector<std::string>&) {
  std::vector<SourceRun> runs;
  for (const auto& file : files) {
    if (file.kind == "guidellm_json") runs.push_back(run_of_file(Format::guidellm, file));
  }
  for (const auto& file : files) {
    if (file.kind == "guidellm_json") continue;
    const auto folder = file.head.absolute.parent_path();
    const auto stem = file.head.absolute.stem().string();
    const auto owner = std::find_if(runs.begin(), runs.end(),
                                    [&](const SourceRun& run) { return run.root == folder && run.name == stem; });
    if (owner == runs.end()) {
      runs.push_back(run_of_file(Format::guidellm, file));
    } else {
      owner->files.push_back({file.head.absolute.filename().string(), file.kind, file.head.bytes, {}});
    }
  }
  return runs;
}

// The strategy of a benchmark: `config` since 0.4, `scheduler` for a short while, `args` before.
const Json* strategy_of(const Json& benchmark) {
  for (const char* path : {"config/strategy", "scheduler/strategy", "args/strategy"}) {
    if (const Json* found = at_path(benchmark, path)) return found;
  }
  return nullptr;
}

std::optional<double> rate_of(const Json* strategy) {
  if (strategy == nullptr) return std::nullopt;
  return number_at(*strategy, "rate");
}

std::optional<std::int64_t> streams_of(const Json* strategy) {
  if (strategy == nullptr) return std::nullopt;
  for (const char* key : {"streams", "max_concurrency"}) {
    // A constant rate has a technical limit that is no concurrency.
    if (const auto value = count_at(*strategy, key); value && !rate_of(strategy)) return value;
  }
  return std::nullopt;
}

std::string scenario_of(const Json& benchmark, std::size_t index) {
  const Json* strategy = strategy_of(benchmark);
  std::string text = strategy == nullptr ? "" : text_at(*strategy, "type_");
  if (text.empty()) text = fmt::format("benchmark {}", index + 1);
  if (const auto rate = rate_of(strategy)) text += fmt::format(" {:g}/s", *rate);
  if (const auto streams = streams_of(strategy)) text += fmt::format(" x{}", *streams);
  return text;
}

std::string model_of(const Json& document, const Json& benchmark) {
  for (const char* path :
       {"config/backend/model", "backend/model", "worker/backend_model", "benchmarker/backend/model"}) {
    if (auto model = text_at(benchmark, path); !model.empty()) return model;
  }
  for (const char* path : {"config/spec/backend/model", "args/model"}) {
    if (auto model = text_at(document, path); !model.empty()) return model;
  }
  return {};
}

std::optional<double> first_of(ElementRow& row, std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (row.has(path)) return row.number(path);
  }
  return std::nullopt;
}

void take_outcome(ElementRow& row, std::string_view list, Observation& out) {
  if (list == "successful") return;
  out.error = row.has("error") ? row.text("error") : row.text("info/error");
  if (list == "incomplete") {
    out.status = evidence::Status::aborted;  // cut off by the end of the benchmark
    out.reason = evidence::Reason::budget_spent;
  } else {
    const bool timeout = out.error.find("imeout") != std::string::npos;
    out.status = timeout ? evidence::Status::timeout : evidence::Status::error;
    out.reason = timeout ? evidence::Reason::deadline_passed : evidence::Reason::other;
  }
}

void take_times(ElementRow& row, Observation& out) {
  out.started_unix_s = first_of(row, {"request_start_time", "info/timings/request_start", "start_time"});
  if (const auto latency = row.duration("request_latency")) out.latency_ms = {*latency * 1e3};
  // 0 stands for "no token" where the value is not nullable.
  if (const auto ttft = row.duration("time_to_first_token_ms"); ttft && *ttft > 0) out.ttft_ms = {*ttft};
  const auto targeted = first_of(row, {"info/timings/targeted_start", "scheduler_info/targeted_start_time"});
  if (targeted && out.started_unix_s) out.numbers["targeted_start_delay_ms"] = (*out.started_unix_s - *targeted) * 1e3;
  const auto first_chunk = first_of(row, {"info/timings/first_request_iteration"});
  if (first_chunk && out.started_unix_s) out.numbers["first_chunk_ms"] = (*first_chunk - *out.started_unix_s) * 1e3;
  for (const char* path : {"info/timings/token_iterations", "info/timings/request_iterations"}) {
    if (const auto value = row.number(path)) out.numbers[std::string(path).substr(13)] = *value;
  }
}

bool fill(ElementRow& row, std::string_view list, Observation& out) {
  out.window = evidence::Window::request;
  out.prompt_tokens = row.count("prompt_tokens");
  out.generated_tokens = row.count("output_tokens");
  take_outcome(row, list, out);
  take_times(row, out);
  for (const char* name : kNumbers) {
    if (row.has(name)) {
      if (const auto value = row.number(name)) out.numbers[name] = *value;
    }
  }
  if (out.status == evidence::Status::ok && out.latency_ms.empty()) {
    row.fail("request_latency", "a value for a successful request", "nothing");
  }
  if (out.status != evidence::Status::ok) {
    out.latency_ms.clear();
    out.ttft_ms.clear();
  }
  out.source = row.raw();
  return row.ok();
}

std::optional<std::int64_t> sum_of(std::optional<std::int64_t> total, std::optional<std::int64_t> more, bool first) {
  if (first) return more;
  if (!total || !more) return std::nullopt;
  return *total + *more;
}

std::string arrival_of(const Json* strategy) {
  const std::string type = strategy == nullptr ? "" : text_at(*strategy, "type_");
  if (type == "constant" || type == "poisson") return type;
  if (type == "async") return "poisson";
  if (type == "synchronous" || type == "concurrent") return "closed_loop";
  if (type == "throughput") return "burst";
  return type == "trace" || type == "replay" ? "trace" : type;
}

// A sweep has several benchmarks: what differs between them is no fact of all.
void state_benchmark(const Json& benchmark, bool first, Facts& facts) {
  const Json* strategy = strategy_of(benchmark);
  const auto arrival = arrival_of(strategy);
  const auto agree = [&](auto& fact, auto value) {
    if (first) {
      fact = value;
    } else if (fact != value) {
      fact.reset();
    }
  };
  agree(facts.arrival, arrival.empty() ? std::nullopt : std::optional(arrival));
  agree(facts.request_rate, rate_of(strategy));
  agree(facts.concurrency, streams_of(strategy));
  agree(facts.duration_s, number_at(benchmark, "duration"));
  const Json* from_response = at_path(benchmark, "config/prefer_response_metrics");
  const bool server = from_response != nullptr && *from_response == true;
  agree(facts.tokens_counted_by, server ? std::optional<std::string>("server") : std::nullopt);
  auto made = count_at(benchmark, "scheduler_state/created_requests");
  if (!made) made = count_at(benchmark, "run_stats/requests_made/total");
  if (!made) made = count_at(benchmark, "metrics/request_totals/total");
  facts.rows_expected = sum_of(facts.rows_expected, made, first);
  auto failed = count_at(benchmark, "metrics/request_totals/errored");
  if (!failed) failed = count_at(benchmark, "run_stats/requests_made/errored");
  facts.failed = sum_of(facts.failed, failed, first);
}

void state_document(const Json& document, Source& source) {
  source.tool_version = text_at(document, "metadata/guidellm_version");
  if (const auto platform = text_at(document, "metadata/platform"); !platform.empty()) {
    set_environment(source, "os", platform);
  }
  for (const char* key : {"config", "args"}) {
    if (const Json* config = member(&document, key)) source.config = *config;
  }
  for (const char* path : {"config/spec/seed/value", "args/random_seed", "config/spec/random_seed"}) {
    if (!source.facts.seed) source.facts.seed = count_at(document, path);
  }
}

struct Reading {
  const SourceFile& file;
  Source& source;
  const Visit& visit;
  std::int64_t position = 0;
};

core::Status read_benchmark(const Json& document, Json& benchmark, std::size_t index, Reading& reading) {
  const auto scenario = scenario_of(benchmark, index);
  const auto model = model_of(document, benchmark);
  const auto requests = benchmark.find("requests");
  if (requests == benchmark.end() || !requests->is_object()) return {};
  ElementRow row(reading.file.path);
  for (const char* list : {"successful", "errored", "incomplete"}) {
    const Json* elements = member(&*requests, list);
    if (elements == nullptr || !elements->is_array()) continue;
    for (const auto& element : *elements) {
      row.set(++reading.position, element);
      Observation out;
      out.file = reading.file.path;
      out.line = reading.position;
      out.model = model;
      out.scenario = scenario;
      if (!element.is_object()) row.fail("", "an object", element.type_name());
      if (!row.ok() || !fill(row, list, out)) {
        add_bad(reading.source, row.bad());
        continue;
      }
      auto& facts = reading.source.facts;
      if (!out.ttft_ms.empty()) facts.ttft_measured = true;
      if (out.numbers.count("targeted_start_delay_ms") > 0) facts.intended_times = true;
      PHASEGATE_CHECK_OK(reading.visit(out));
    }
  }
  benchmark.erase("requests");
  return {};
}

core::Status read_document(const SourceRun& run, const SourceFile& file, Source& source, const Visit& visit) {
  PHASEGATE_TRY(document, read_source_json(run, file, source));
  const auto benchmarks = document.is_object() ? document.find("benchmarks") : document.end();
  if (benchmarks == document.end() || !benchmarks->is_array()) {
    return core::fail({core::ErrorKind::invalid_input, "no list \"benchmarks\" in a GuideLLM result", file.path,
                       "take the whole export"});
  }
  state_document(document, source);
  source.facts.intended_times = false;
  source.facts.warmup_labelled = false;  // warm-up requests are left out of the file, so nothing tells what they were
  Reading reading{file, source, visit};
  for (std::size_t i = 0; i < benchmarks->size(); ++i) {
    Json& benchmark = (*benchmarks)[i];
    if (!benchmark.is_object()) {
      add_bad(source, {file.path, static_cast<std::int64_t>(i) + 1, "benchmarks", "an object", benchmark.type_name(),
                       benchmark.dump(-1, ' ', false, Json::error_handler_t::replace)});
      continue;
    }
    state_benchmark(benchmark, i == 0, source.facts);
    if (i == 0) source.started = utc_text(number_at(benchmark, "start_time").value_or(-1));
    if (const auto end = number_at(benchmark, "end_time")) source.finished = utc_text(*end);
    PHASEGATE_CHECK_OK(read_benchmark(document, benchmark, i, reading));
  }
  source.documents.emplace(file.path, std::move(document));
  return {};
}

// The header of the new layout is three rows (group, name, unit or statistic); together they name a column once.
core::Status read_csv(const SourceRun& run, const SourceFile& file, Source& source) {
  PHASEGATE_TRY(grid, read_grid(run, file, source));
  Table table;
  if (grid.empty()) return {};
  const bool three = grid.size() >= 3 && !grid[0].empty() && grid[0][0] == "Run Info";
  const std::size_t header_rows = three ? 3 : 1;
  for (std::size_t column = 0; column < grid[0].size(); ++column) {
    std::string name;
    for (std::size_t i = 0; i < header_rows; ++i) {
      const std::string part = column < grid[i].size() ? grid[i][column] : "";
      if (!part.empty()) name += (name.empty() ? "" : " / ") + part;
    }
    table.columns.push_back(std::move(name));
  }
  for (std::size_t i = header_rows; i < grid.size(); ++i) {
    if (!grid[i].empty()) table.rows.push_back(std::move(grid[i]));
  }
  source.tables.emplace(file.path, std::move(table));
  return {};
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "GuideLLM");
  source.facts.sessions = 1;
  for (const auto& file : run.files) {
    if (file.kind == "guidellm_json") {
      PHASEGATE_CHECK_OK(read_document(run, file, source, visit));
    } else {
      PHASEGATE_CHECK_OK(read_csv(run, file, source));
    }
  }
  return source;
}

}  // namespace

FormatReader guidellm_reader() { return {Format::guidellm, kind_of, group, read_run}; }

}  // namespace phasegate::readers
