#include "readers/report_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "evidence/failure.h"
#include "readers/csv.h"
#include "readers/element_row.h"
#include "readers/json_file.h"
#include "readers/lines.h"
#include "readers/number.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::ErrorKind;
using core::Json;
using core::Result;
using core::Status;
using evidence::Observation;
using evidence::Reason;

// A file beside the rows that is broken in itself, not one that changed or is gone.
bool is_broken(const core::Error& error) { return error.kind == ErrorKind::invalid_input; }

void note_broken(const SourceFile& file, const char* expected, const core::Error& error, Source& source) {
  add_bad(source, {file.path, 0, {}, expected, error.message(), {}});
}

struct StatusName {
  std::string_view text;
  evidence::Status status;
  Reason reason;  // none = from the error's text
};
constexpr std::array<StatusName, 9> kStatusNames = {{
    {"ok", evidence::Status::ok, Reason::none},
    {"degraded", evidence::Status::degraded, Reason::none},
    {"error", evidence::Status::error, Reason::none},
    {"baseline_error", evidence::Status::error, Reason::none},
    {"fail_accuracy", evidence::Status::degraded, Reason::accuracy_failed},
    {"timeout", evidence::Status::timeout, Reason::deadline_passed},
    {"skipped", evidence::Status::skipped, Reason::none},
    {"skip", evidence::Status::skipped, Reason::none},
    {"aborted", evidence::Status::aborted, Reason::stopped_by_user},
}};

}  // namespace

Result<Json> keep_document(const SourceRun& run, const SourceFile& file, Source& source) {
  auto document = read_source_json(run, file, source);
  if (document) {
    source.documents[file.path] = *document;
    return std::move(*document);
  }
  if (!is_broken(document.error())) return core::fail(document.error());
  note_broken(file, "a JSON document", document.error(), source);
  return Json();
}

Result<Json> keep_yaml(const SourceRun& run, const SourceFile& file, Source& source) {
  auto document = read_source_yaml(run, file, source);
  if (document) {
    source.documents[file.path] = *document;
    return std::move(*document);
  }
  if (!is_broken(document.error())) return core::fail(document.error());
  note_broken(file, "a YAML document", document.error(), source);
  return Json();
}

Status keep_table(const SourceRun& run, const SourceFile& file, Source& source) {
  const auto read = read_table(run, file, source);
  if (read || !is_broken(read.error())) return read;
  note_broken(file, "a CSV table", read.error(), source);
  return {};
}

Status keep_text(const SourceRun& run, const SourceFile& file, Source& source) {
  std::string sha;
  PHASEGATE_TRY(text, read_text(path_of(run, file), file.path, core::kMaxSourceYamlBytes, &sha));
  set_hash(source, file.path, sha);
  source.documents[file.path] = printable(text, core::kMaxSourceYamlBytes);
  return {};
}

std::optional<Json> open_document(const FileHead& head, std::vector<std::string>& unplaced) {
  const auto text = read_text(head.absolute, head.path, core::kMaxSourceDocumentBytes, nullptr);
  auto document = text ? parse_source_json(*text, head.path) : core::fail(text.error());
  if (document) return std::move(*document);
  unplaced.push_back(fmt::format("{}: {}", head.path, document.error().what));
  return std::nullopt;
}

Json first_row(const FileHead& head) {
  const std::size_t feed = head.text.find('\n');
  if (feed == std::string::npos && head.text.size() < head.bytes) return {};
  auto row = parse_source_json(std::string_view(head.text).substr(0, feed), head.path);
  return row ? std::move(*row) : Json();
}

std::string first_cell(const FileHead& head, std::string_view column) {
  auto csv = CsvFile::open(head.absolute, head.path);
  if (!csv || !csv->has(column)) return {};
  Source unused;
  const auto more = csv->next(unused);
  return more && *more ? std::string(csv->row().text(column)) : std::string();
}

std::string id_at(const Json& document, std::string_view key) {
  const Json* id = at_path(document, key);
  if (id == nullptr) return {};
  if (id->is_number_integer()) return id->dump();
  return id->is_string() ? printable(id->get_ref<const std::string&>(), 128) : std::string();
}

void begin_observation(const Row& row, Observation& out) {
  Observation next;
  next.numbers = std::move(out.numbers);
  next.latency_ms = std::move(out.latency_ms);
  next.tok_s = std::move(out.tok_s);
  next.file = std::move(out.file);
  next.backend = std::move(out.backend);
  next.model = std::move(out.model);
  next.scenario = std::move(out.scenario);
  next.source = std::move(out.source);
  next.latency_ms.clear();
  next.tok_s.clear();
  next.backend.clear();
  next.model.clear();
  next.scenario.clear();
  next.file = row.file();
  next.line = row.line();
  next.source = row.raw();
  out = std::move(next);
}

void OrderedNumbers::take(Row& row, std::string_view key) {
  const auto value = row.number(key);
  while (at_ != numbers_.end() && std::string_view(at_->first) < key) at_ = numbers_.erase(at_);
  const bool there = at_ != numbers_.end() && at_->first == key;
  if (value && there) {
    at_++->second = *value;
  } else if (value) {
    numbers_.emplace_hint(at_, key, *value);
  } else if (there) {
    at_ = numbers_.erase(at_);
  }
}

Observation observation_of(const Row& row) {
  Observation out;
  out.file = row.file();
  out.line = row.line();
  out.source = row.raw();
  return out;
}

void take_status(Row& row, Observation& out) {
  const std::string_view text = row.required_text("status");
  out.error = row.text("error");
  const auto degraded = row.count("degraded_count");
  const auto known =
      std::find_if(kStatusNames.begin(), kStatusNames.end(), [&](const StatusName& name) { return name.text == text; });
  if (known == kStatusNames.end()) {
    row.fail("status", "ok, degraded, error, baseline_error, fail_accuracy, timeout, skipped or aborted",
             std::string(text));
    return;
  }
  out.status = known->status;
  out.reason = known->reason;
  if (degraded) out.numbers["degraded_count"] = static_cast<double>(*degraded);
  if (out.status == evidence::Status::ok && (degraded.value_or(0) > 0 || !out.degraded_reasons.empty())) {
    out.status = evidence::Status::degraded;
  }
  if (out.status == evidence::Status::ok || out.reason != Reason::none) return;
  // The error may be a summary ("2 degraded: …"); the codes name the cause themselves.
  const std::string& cause = out.degraded_reasons.empty() ? out.error : out.degraded_reasons.front();
  out.reason = evidence::classify_failure(cause);
  if (out.reason == Reason::none || out.reason == Reason::other) out.reason = evidence::classify_failure(out.error);
  if (out.reason == Reason::none) out.reason = Reason::other;
}

std::optional<evidence::Window> window_of_mode(std::string_view mode) {
  using evidence::Window;
  if (mode == "prefill") return Window::prefill;
  if (mode == "kv_decode" || mode == "decode") return Window::decode;
  if (mode == "e2e_kv") return Window::e2e_sum;
  if (mode == "generate") return Window::generate_uncached;
  return std::nullopt;
}

std::vector<std::string> reasons_in_cell(std::string_view cell) {
  std::string_view text = trimmed(cell);
  if (is_null_text(text)) return {};
  const bool list = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (list) text = text.substr(1, text.size() - 2);
  std::vector<std::string> out;
  std::string part;
  char quote = 0;
  const auto add = [&] {
    if (const auto clean = trimmed(part); !clean.empty()) out.emplace_back(clean);
    part.clear();
  };
  for (const char c : text) {
    if (list && quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && c == (list ? ',' : ';')) {
      add();
    } else {
      part += c;
    }
  }
  add();
  return out;
}

void take_number(Row& row, std::string_view key, Observation& out) {
  // Keys that are asked for in their order cost no search.
  if (const auto number = row.number(key)) out.numbers.insert_or_assign(out.numbers.end(), std::string(key), *number);
}

void set_runner_facts(Source& source, bool order_randomised) {
  source.facts.order_randomised = order_randomised;
  source.facts.arrival = "closed_loop";
  source.facts.concurrency = 1;
  source.facts.intended_times = false;
}

void widen(Source& source, std::optional<double> started_unix_s, std::optional<double> finished_unix_s) {
  // Texts of one form and zone compare as instants do.
  const std::string started = started_unix_s ? utc_text(*started_unix_s) : std::string();
  const std::string finished = finished_unix_s ? utc_text(*finished_unix_s) : std::string();
  if (!started.empty() && (source.started.empty() || started < source.started)) source.started = started;
  if (finished > source.finished) source.finished = finished;
}

std::string precision_in_label(std::string_view backend) {
  constexpr std::array<std::string_view, 7> kKnown = {"fp32", "fp16", "bf16", "int8", "int4", "fp8", "fp4"};
  while (!backend.empty()) {
    const auto cut = backend.find_last_of("-_");
    const std::string_view word = cut == std::string_view::npos ? backend : backend.substr(cut + 1);
    if (std::find(kKnown.begin(), kKnown.end(), word) != kKnown.end()) return std::string(word);
    if (cut == std::string_view::npos) break;
    backend = backend.substr(0, cut);
  }
  return {};
}

}  // namespace phasegate::readers
