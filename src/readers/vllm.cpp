// vLLM's serving benchmark (`vllm bench serve --save-result`, before that benchmarks/benchmark_serving.py): one JSON
// object whose per-request values are parallel lists, there with --save-detailed only. --append-result writes several
// objects into one file, a line each. Times are seconds of the client's clock.
//   ttft  the first chunk that has a `choices` list, which may hold no text yet (a role chunk)
//   itl   gaps between chunks; a chunk may hold several tokens
// A failed request stands in the lists with zeros and a text in `errors`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/limits.h"
#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_file.h"
#include "readers/lines.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using evidence::Observation;

// What --save-detailed adds, and the name of one element of it.
struct Column {
  std::string_view list;
  std::string_view element;
};
constexpr std::array<Column, 10> kColumns = {{{"input_lens", "input_len"},
                                              {"output_lens", "output_len"},
                                              {"ttfts", "ttft"},
                                              {"itls", "itl"},
                                              {"tpots", "tpot"},
                                              {"latencies", "latency"},
                                              {"start_times", "start_time"},
                                              {"queue_times", "queue_time"},
                                              {"generated_texts", "generated_text"},
                                              {"errors", "error"}}};

std::string kind_of(const FileHead& head) {
  const HeadKeys keys = head_keys(head.text);
  const bool summary = has_all(keys, {"model_id", "num_prompts", "completed", "request_throughput", "duration"});
  return summary && !starts_with_list(head.text) ? "vllm_result" : "";
}

std::vector<SourceRun> group(const std::filesystem::path&, const std::vector<KnownFile>& files,
                             std::vector<std::string>&) {
  return one_run_each(Format::vllm, files);
}

// The requests of one result: columns of equal length, taken out of the document.
struct Requests {
  std::map<std::string, Json, std::less<>> columns;  // by the name of an element
  std::size_t count = 0;
};

core::Result<Requests> take_requests(Json& document, const std::string& where) {
  Requests requests;
  std::string first;
  for (const auto& column : kColumns) {
    const auto found = document.find(column.list);
    if (found == document.end() || !found->is_array()) continue;
    if (!first.empty() && found->size() != requests.count) {
      return core::fail({core::ErrorKind::evidence,
                         fmt::format("{} has {} elements and {} has {}: the lists do not describe the same requests",
                                     first, requests.count, column.list, found->size()),
                         fmt::format("{}: {}", where, column.list), "take the file as vLLM wrote it"});
    }
    first = column.list;
    requests.count = found->size();
    requests.columns.emplace(column.element, std::move(*found));
    document.erase(found);
  }
  // generated_texts alone says nothing about time.
  const bool timed = requests.columns.count("ttft") > 0 || requests.columns.count("latency") > 0;
  if (!timed) requests.count = 0;
  return requests;
}

Json request_at(const Requests& requests, std::size_t i) {
  Json row = Json::object();
  for (const auto& [name, column] : requests.columns) row[name] = column[i];
  return row;
}

std::string scenario_of(const Json& document) {
  std::string text;
  if (const auto rate = number_at(document, "request_rate")) {
    text = fmt::format("{:g} requests/s", *rate);
  } else if (text_at(document, "request_rate") == "inf") {
    text = "all at once";
  }
  if (const auto limit = count_at(document, "max_concurrency")) {
    text += fmt::format("{}at most {} at a time", text.empty() ? "" : ", ", *limit);
  }
  return text;
}

void fail_of(ElementRow& row, Observation& out) {
  out.error = row.text("error");
  const bool silent = !row.has("error") && row.element("error") == nullptr;
  // Without a list of errors a failed request shows only as zeros.
  const bool zeros = silent && out.generated_tokens == 0 && (out.ttft_ms.empty() || out.ttft_ms[0] == 0);
  if (out.error.empty() && !zeros) return;
  const bool timeout = out.error.find("Timeout") != std::string::npos;
  out.status = timeout ? evidence::Status::timeout : evidence::Status::error;
  out.reason = timeout ? evidence::Reason::deadline_passed : evidence::Reason::other;
  out.ttft_ms.clear();
  out.itl_ms.clear();
  out.latency_ms.clear();
}

// True when the row is whole.
bool fill(ElementRow& row, const Json& document, Observation& out) {
  out.backend = text_at(document, "backend");
  if (out.backend.empty()) out.backend = text_at(document, "endpoint_type");
  out.model = text_at(document, "model_id");
  out.scenario = scenario_of(document);
  out.window = evidence::Window::request;
  out.prompt_tokens = row.count("input_len");
  out.generated_tokens = row.count("output_len");
  const auto ttft = row.duration("ttft");
  if (ttft) out.ttft_ms = {*ttft * 1e3};
  row.durations("itl", 1e3, out.itl_ms);
  if (const auto latency = row.duration("latency")) {
    out.latency_ms = {*latency * 1e3};
  } else if (ttft && row.element("itl") != nullptr) {
    // Versions without `latencies`: their end-to-end latency is the time of the last chunk, which is this sum.
    double sum = *ttft * 1e3;
    for (const double gap : out.itl_ms) sum += gap;
    out.latency_ms = {sum};
  }
  for (const char* key : {"start_time", "queue_time", "tpot"}) {
    if (const auto value = row.number(key)) out.numbers[key] = *value;
  }
  fail_of(row, out);
  out.source = row.raw();
  return row.ok();
}

void state_facts(const Json& document, Source& source) {
  Facts& facts = source.facts;
  facts.rows_expected = count_at(document, "num_prompts");
  facts.sessions = 1;
  facts.warmup_labelled = false;  // --num-warmups and the first trial request leave no trace in the file
  facts.intended_times = false;   // start_times are when a request was sent
  facts.duration_s = number_at(document, "duration");
  facts.failed = count_at(document, "failed");
  facts.concurrency = count_at(document, "max_concurrency");
  facts.request_rate = number_at(document, "request_rate");
  if (!text_at(document, "ramp_up_strategy").empty()) {
    facts.arrival = "ramp";
  } else if (facts.request_rate) {
    const auto burstiness = number_at(document, "burstiness");
    if (!burstiness || *burstiness == 1) {
      facts.arrival = "poisson";  // vLLM's documented default
    } else {
      facts.arrival = "gamma";
    }
  } else if (text_at(document, "request_rate") == "inf") {
    facts.arrival = facts.concurrency ? "closed_loop" : "burst";
  }
}

core::Status visit_requests(const SourceFile& file, const Json& document, const Requests& requests, std::int64_t offset,
                            Source& source, const Visit& visit) {
  ElementRow row(file.path);
  for (std::size_t i = 0; i < requests.count; ++i) {
    const Json element = request_at(requests, i);
    const auto position = offset + static_cast<std::int64_t>(i) + 1;
    row.set(position, element);
    Observation observation;
    observation.file = file.path;
    observation.line = position;
    if (!fill(row, document, observation)) {
      add_bad(source, row.bad());
      continue;
    }
    if (!observation.ttft_ms.empty()) source.facts.ttft_measured = true;
    PHASEGATE_CHECK_OK(visit(observation));
  }
  return {};
}

// One object, or one in each line (--append-result).
core::Result<std::vector<Json>> results_of(const SourceRun& run, const SourceFile& file, Source& source) {
  std::vector<Json> results;
  std::string sha;
  PHASEGATE_TRY(text, read_text(path_of(run, file), file.path, core::kMaxSourceDocumentBytes, &sha));
  set_hash(source, file.path, std::move(sha));
  if (!looks_like_json_lines(text)) {
    PHASEGATE_TRY(document, parse_source_json(text, file.path));
    results.push_back(std::move(document));
    return results;
  }
  std::string_view rest = text;
  for (std::int64_t line = 1; !rest.empty(); ++line) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const bool whole = line == 1 && rest.empty();
    auto document = parse_source_json(one, whole ? file.path : fmt::format("{}:{}", file.path, line));
    if (document && document->is_object()) {
      results.push_back(std::move(*document));
    } else if (results.empty() && rest.empty() && !document) {
      return core::fail(std::move(document).error());  // the whole file is one broken object
    } else {
      add_bad(
          source,
          {file.path, line, {}, "a JSON object", document ? "another value" : document.error().what, std::string(one)});
    }
  }
  return results;
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "vLLM bench serve");
  const SourceFile& file = run.files.front();
  PHASEGATE_TRY(results, results_of(run, file, source));
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    Json& document = results[i];
    const auto path = results.size() == 1 ? file.path : fmt::format("{}#{}", file.path, i + 1);
    PHASEGATE_TRY(requests, take_requests(document, path));
    if (i == 0) {
      state_facts(document, source);
    } else {
      // Several results: what they promise adds up, and what differs between them is no fact of all.
      Source other;
      state_facts(document, other);
      auto& facts = source.facts;
      if (facts.rows_expected && other.facts.rows_expected) *facts.rows_expected += *other.facts.rows_expected;
      if (facts.failed && other.facts.failed) *facts.failed += *other.facts.failed;
      if (facts.arrival != other.facts.arrival) facts.arrival.reset();
      if (facts.request_rate != other.facts.request_rate) facts.request_rate.reset();
      if (facts.concurrency != other.facts.concurrency) facts.concurrency.reset();
      facts.duration_s.reset();
      facts.sessions.reset();
    }
    if (requests.count == 0) source.facts.rows_expected.reset();  // aggregates alone: no rows were promised
    PHASEGATE_CHECK_OK(visit_requests(file, document, requests, offset, source, visit));
    offset += static_cast<std::int64_t>(requests.count);
    if (i == 0) source.config = document;
    source.documents.emplace(path, std::move(document));
  }
  return source;
}

}  // namespace

FormatReader vllm_reader() { return {Format::vllm, kind_of, group, read_run}; }

}  // namespace phasegate::readers
