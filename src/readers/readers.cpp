// The formats that the program reads, and the way through one of them.
#include <array>
#include <utility>

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
  static const std::vector<FormatReader> readers = {};
  return readers;
}

Result<Source> read(const SourceRun& run, const Visit& visit) {
  for (const auto& reader : format_readers()) {
    if (reader.format != run.format) continue;
    std::int64_t rows = 0;
    bool refused = false;
    const Visit counted = [&](evidence::Observation& observation) -> Status {
      observation.seq = rows;
      auto status = visit(observation);
      refused = !status.has_value();
      if (status) ++rows;
      return status;
    };
    auto source = reader.read(run, counted);
    if (source) {
      source->rows = rows;
      if (auto hashed = hash_rest(run, *source); !hashed) source = core::fail(std::move(hashed).error());
    }
    if (!source && !refused) {  // places inside the run, so that the whole path stands in the message
      auto& where = source.error().where;
      where = where.empty() ? run.root.string() : (run.root / where).string();
    }
    return source;
  }
  return core::fail(
      Error{ErrorKind::unsupported, fmt::format("cannot read {}", to_string(run.format)), run.root.string(), {}});
}

}  // namespace phasegate::readers
