// The formats that the program reads, and the way through one of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/limits.h"
#include "readers/format.h"
#include "readers/lines.h"
#include "readers/source.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Error;
using core::ErrorKind;
using core::Result;
using core::Status;

constexpr std::array<std::pair<Format, std::string_view>, 11> kNames = {{
    {Format::tr117, "tr117"},
    {Format::tr118, "tr118"},
    {Format::tr119, "tr119"},
    {Format::tr120, "tr120"},
    {Format::tr121, "tr121"},
    {Format::tr122, "tr122"},
    {Format::aiperf, "aiperf"},
    {Format::guidellm, "guidellm"},
    {Format::vllm, "vllm"},
    {Format::llama_bench, "llama-bench"},
    {Format::mlperf_loadgen, "mlperf-loadgen"},
}};

// Hashes of files that the format only knew by their head.
Status hash_rest(const SourceRun& run, Source& source) {
  for (auto& file : source.files) {
    if (!file.sha256.empty()) continue;
    PHASEGATE_TRY(lines, LineFile::open(run, file));
    PHASEGATE_TRY(hash, lines.finish());
    file.sha256 = hash;
  }
  return {};
}

// Written as a JSON text a row of control characters takes six times its bytes; such a row would not fit into the
// store.
bool fits(std::string_view raw) {
  constexpr std::size_t kMost = core::kMaxObservationLineBytes / 2;  // its numbers stand there once more
  if (raw.size() <= kMost / 6) return true;
  std::size_t size = 0;
  for (const char c : raw) size += static_cast<unsigned char>(c) < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : 1;
  return size <= kMost;
}

bool finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}
bool finite(const std::optional<double>& value) { return !value || std::isfinite(*value); }

// A value that overflowed when its unit was changed ("1e308" seconds in milliseconds); empty = none.
std::string not_finite(const evidence::Observation& row) {
  if (!finite(row.latency_ms)) return "latency_ms";
  if (!finite(row.ttft_ms)) return "ttft_ms";
  if (!finite(row.itl_ms)) return "itl_ms";
  if (!finite(row.tok_s)) return "tok_s";
  if (!finite(row.warmup_ms)) return "warmup_ms";
  if (!finite(row.device_ms)) return "device_ms";
  if (!finite(row.started_unix_s)) return "started_unix_s";
  if (!finite(row.parameters)) return "parameters";
  for (const auto& [name, value] : row.numbers) {
    if (!std::isfinite(value)) return name;
  }
  if (!row.power) return {};
  const auto& power = *row.power;
  const bool good = std::isfinite(power.duration_s) && finite(power.gpu_mean_w) && finite(power.gpu_peak_w) &&
                    finite(power.cpu_mean_w) && finite(power.cpu_peak_w);
  return good ? std::string() : "power";
}

// What stands between a format and whoever asked for its rows: it numbers and counts them.
struct Counter {
  const Visit& visit;
  std::int64_t rows = 0;
  bool refused = false;  // by visit: the error is not ours
  std::int64_t bad_rows = 0;
  std::vector<BadRow> bad;

  void refuse(const evidence::Observation& row, std::string key, std::string expected, std::string found) {
    ++bad_rows;
    if (bad.size() >= kMaxBadRowsKept) return;
    bad.push_back({row.file, row.line, std::move(key), std::move(expected), std::move(found),
                   row.source.substr(0, kMaxRawBytes)});
  }

  [[nodiscard]] Status take(evidence::Observation& row) {
    if (!fits(row.source)) {
      refuse(row, {}, "a row that fits into the store", "one that is too long");
      return {};
    }
    if (auto key = not_finite(row); !key.empty()) {
      refuse(row, std::move(key), "a number that a double holds", "one that is too large");
      return {};
    }
    row.seq = rows;
    auto status = visit(row);
    refused = !status.has_value();
    if (status) ++rows;
    return status;
  }
};

}  // namespace

std::string_view to_string(Format format) {
  for (const auto& [value, name] : kNames) {
    if (value == format) return name;
  }
  return {};
}

std::optional<Format> parse_format(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

// In this order a file is asked for: formats whose files are told by more keys come first.
const std::vector<FormatReader>& format_readers() {
  static const std::vector<FormatReader> readers = {
      tr118_reader(),  tr119_reader(),    tr121_reader(), tr122_reader(),       tr120_reader(),         tr117_reader(),
      aiperf_reader(), guidellm_reader(), vllm_reader(),  llama_bench_reader(), mlperf_loadgen_reader()};
  return readers;
}

Result<Source> read(const SourceRun& run, const Visit& visit) {
  for (const auto& reader : format_readers()) {
    if (reader.format != run.format) continue;
    Counter counter{visit, 0, false, 0, {}};
    auto source = reader.read(run, [&](evidence::Observation& row) { return counter.take(row); });
    if (source) {
      source->rows = counter.rows;
      const auto unkept = counter.bad_rows - static_cast<std::int64_t>(counter.bad.size());
      for (auto& row : counter.bad) add_bad(*source, std::move(row));
      source->bad_rows += unkept;
      if (auto hashed = hash_rest(run, *source); !hashed) source = core::fail(std::move(hashed).error());
    }
    if (!source && !counter.refused) {  // places inside the run, so that the whole path stands in the message
      auto& where = source.error().where;
      where = where.empty() ? run.root.string() : (run.root / where).string();
    }
    return source;
  }
  return core::fail(
      Error{ErrorKind::unsupported, fmt::format("cannot read {}", to_string(run.format)), run.root.string(), {}});
}

}  // namespace phasegate::readers
