#include "readers/sample_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "readers/csv.h"
#include "readers/element_row.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using core::Status;
using evidence::Observation;

// Columns of the table and the lists of the JSON that hold the same.
struct Pair {
  std::string_view column;
  std::string_view list;
};
constexpr std::array<Pair, 5> kPairs = {{{"latency_ms", "latencies_ms"},
                                         {"cuda_event_ms", "cuda_event_ms"},
                                         {"ttft_ms", "ttft_ms"},
                                         {"tokens", "tokens"},
                                         {"tokens_per_s", "tokens_per_s"}}};

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::size_t common_end(const std::string& a, const std::string& b) {
  const auto ends = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<std::size_t>(ends.first - a.rbegin());
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b)); }

const Json* list_at(const Json& document, std::string_view key) {
  const Json* list = at_path(document, key);
  return list != nullptr && list->is_array() ? list : nullptr;
}

// One call of a JSON with the names that a table has, so that one code reads both.
Json sample_at(const Json& document, std::size_t index) {
  Json sample = Json::object();
  for (const auto* key : {"scenario", "prompt_set", "backend", "model", "quantization"}) {
    if (const Json* value = at_path(document, std::string("spec/") + key)) sample[key] = *value;
  }
  for (const auto& pair : kPairs) {
    const Json* list = list_at(document, pair.list);
    if (list != nullptr && index < list->size()) sample[std::string(pair.column)] = (*list)[index];
  }
  const Json* outputs = list_at(document, "outputs");
  if (outputs != nullptr && index < outputs->size()) sample["output"] = (*outputs)[index];
  for (const auto* key : {"status", "error", "accuracy", "degraded_count", "degraded_reasons"}) {
    if (const Json* value = at_path(document, key)) sample[key] = *value;
  }
  sample["sample_idx"] = index;
  return sample;
}

std::vector<std::string> reasons_of(Row& row) {
  if (const auto* element = dynamic_cast<const ElementRow*>(&row)) {
    std::vector<std::string> out;
    const Json* reasons = element->element("degraded_reasons");
    if (reasons == nullptr) return out;
    for (const auto& reason : *reasons) {
      if (reason.is_string()) out.push_back(reason.get<std::string>());
    }
    return out;
  }
  return reasons_in_cell(row.text("degraded_reasons"));
}

}  // namespace

SampleReader::SampleReader(const SourceRun& run, SampleRules rules, Source& source)
    : run_(run), rules_(std::move(rules)), source_(source) {
  for (const auto& file : run.files) {
    if (file.kind == rules_.list_kind) lists_.emplace(name_of(file.path), List{&file, 0, 0, false, false});
  }
}

Status SampleReader::read(const Visit& visit) {
  for (const auto& file : run_.files) {
    if (file.kind == rules_.table_kind) PHASEGATE_CHECK_OK(read_table(file, visit));
  }
  for (auto& [name, list] : lists_) {
    if (!list.named) PHASEGATE_CHECK_OK(read_list(list, visit));
  }
  return {};
}

SampleReader::List* SampleReader::find_list(const std::string& path) {
  const auto [begin, end] = lists_.equal_range(name_of(path));
  List* found = nullptr;
  for (auto at = begin; at != end; ++at) {
    const bool better =
        found == nullptr || common_end(path, at->second.file->path) > common_end(path, found->file->path);
    if (better) found = &at->second;
  }
  return found;
}

Status SampleReader::load(List& list) {
  if (loaded_ == &list) return {};
  PHASEGATE_TRY(document, keep_document(run_, *list.file, source_));
  document_ = std::move(document);
  loaded_ = &list;
  const Json* latencies = list_at(document_, "latencies_ms");
  list.size = latencies == nullptr ? 0 : latencies->size();
  widen(source_, number_at(document_, "started_at"), std::nullopt);
  keep(list);
  return {};
}

// The lists of numbers are the rows; what is left of the document stays as it is.
void SampleReader::keep(List& list) {
  const auto at = source_.documents.find(list.file->path);
  if (at == source_.documents.end() || !at->second.is_object()) return;
  Json& kept = at->second;
  for (const auto& pair : kPairs) kept.erase(std::string(pair.list));
  if (const Json* outputs = list_at(kept, "outputs")) {
    std::size_t bytes = 0;
    for (const auto& output : *outputs) bytes += output.is_string() ? output.get_ref<const std::string&>().size() : 16;
    if (!list.kept) output_bytes_ += bytes;
    if (output_bytes_ > kMaxOutputBytes) {
      kept["outputs"] =
          fmt::format("left out: {} texts, the run has more than {} bytes of them", outputs->size(), kMaxOutputBytes);
    }
  }
  list.kept = true;
}

bool SampleReader::same(Row& row, std::string_view column, std::string_view key, std::size_t index) const {
  const Json* list = list_at(document_, key);
  if (list == nullptr || index >= list->size() || !(*list)[index].is_number()) return true;
  const auto value = row.number(column);
  return !value || near(*value, (*list)[index].get<double>());
}

// A row that a table lost must not make all after it differ: the row is looked for from where it should be.
void SampleReader::compare(Row& row, List& list) {
  const auto has = [&](std::size_t index) { return same(row, "latency_ms", "latencies_ms", index); };
  if (list.size == 0) return;
  std::size_t index = list.next;
  while (index < list.size && !has(index)) ++index;
  if (index >= list.size) {
    const Json* latencies = list_at(document_, "latencies_ms");
    const bool there = latencies != nullptr && list.next < list.size;
    row.fail("latency_ms",
             there ? fmt::format("{} as in {}[{}]", (*latencies)[list.next].dump(), list.file->path, list.next)
                   : fmt::format("one of the {} calls of {}", list.size, list.file->path),
             describe(row.find("latency_ms")));
    ++list.next;
    return;
  }
  list.next = index + 1;
  for (const auto& pair : kPairs) {
    if (same(row, pair.column, pair.list, index)) continue;
    row.fail(pair.column,
             fmt::format("{} as in {}[{}]", (*list_at(document_, pair.list))[index].dump(), list.file->path, index),
             describe(row.find(pair.column)));
  }
}

Status SampleReader::take(Row& row, const SampleClues& clues, const Visit& visit) {
  Observation out = observation_of(row);
  out.backend = row.required_text("backend");
  out.model = row.text("model");
  out.precision = row.text("quantization");
  out.scenario = row.text("scenario");
  const auto latency = row.duration("latency_ms");
  if (latency) out.latency_ms.push_back(*latency);
  if (const auto rate = row.duration("tokens_per_s"); rate && latency) out.tok_s.push_back(*rate);
  // These runners write the latency under ttft_ms. Only another value is a time to the first token.
  if (const auto ttft = row.duration("ttft_ms"); ttft && latency && !near(*ttft, *latency))
    out.ttft_ms.push_back(*ttft);
  out.device_ms = row.duration("cuda_event_ms");
  for (const auto key : {"tokens", "accuracy"}) take_number(row, key, out);
  out.degraded_reasons = reasons_of(row);
  take_status(row, out);
  if (out.status == evidence::Status::ok && !latency) {
    row.fail("latency_ms", "a latency, for the status is ok", describe(row.find("latency_ms")));
  }
  rules_.finish(row, clues, out);
  if (!row.ok()) {
    add_bad(source_, row.bad());
    return {};
  }
  source_.facts.ttft_measured = source_.facts.ttft_measured.value_or(false) || !out.ttft_ms.empty();
  return visit(out);
}

Status SampleReader::read_table(const SourceFile& file, const Visit& visit) {
  PHASEGATE_TRY(csv, CsvFile::open(run_, file));
  const std::int64_t bad_before = source_.bad_rows;
  std::map<List*, bool> named;
  for (;;) {
    PHASEGATE_TRY(more, csv.next(source_));
    if (!more) break;
    CsvRow& row = csv.row();
    SampleClues clues{&file, nullptr, portable_path(row.text("path"))};
    if (List* list = find_list(clues.path)) {
      PHASEGATE_CHECK_OK(load(*list));
      list->named = named[list] = true;
      clues.spec = at_path(document_, "spec");
      const std::size_t before = list->next;
      compare(row, *list);
      const Json* event = list_at(document_, "cuda_event_ms");
      PHASEGATE_CHECK_OK(take(row, clues, [&](Observation& out) {
        const std::size_t index = std::max(before, list->next - 1);
        if (!out.device_ms && event != nullptr && index < event->size() && (*event)[index].is_number()) {
          out.device_ms = (*event)[index].get<double>();
        }
        return visit(out);
      }));
      continue;
    }
    PHASEGATE_CHECK_OK(take(row, clues, visit));
  }
  // Rows that are bad in themselves explain what is missing.
  for (const auto& [list, unused] : named) {
    if (list->next >= list->size || source_.bad_rows != bad_before) continue;
    add_bad(source_, {list->file->path,
                      static_cast<std::int64_t>(list->next) + 1,
                      "latencies_ms",
                      fmt::format("{} rows in {}", list->size, file.path),
                      std::to_string(list->next),
                      {}});
  }
  return csv.finish(source_);
}

Status SampleReader::read_list(List& list, const Visit& visit) {
  PHASEGATE_CHECK_OK(load(list));
  const SampleClues clues{nullptr, at_path(document_, "spec"), portable_path(text_at(document_, "path"))};
  for (std::size_t i = 0; i < list.size; ++i) {
    const Json sample = sample_at(document_, i);
    ElementRow row(list.file->path);
    row.set(static_cast<std::int64_t>(i) + 1, sample);
    PHASEGATE_CHECK_OK(take(row, clues, visit));
  }
  if (list.size > 0 || text_at(document_, "status").empty()) return {};
  // A cell that failed before its first call is a row without latencies.
  const Json sample = sample_at(document_, 0);
  ElementRow row(list.file->path);
  row.set(1, sample);
  return take(row, clues, visit);
}

}  // namespace phasegate::readers
