// What a reader makes of somebody else's files: rows (evidence::Observation, streamed) and what the files say beside
// them. Nothing is repaired and nothing is guessed: a fact that the files do not state stays absent, and the checks
// (claims/check.h) say which claims that forbids.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/manifest.h"
#include "evidence/observation.h"

namespace phasegate::readers {

enum class Format { tr117, tr118, tr119, tr120, tr121, tr122, aiperf, guidellm, vllm, llama_bench, mlperf_loadgen };
[[nodiscard]] std::string_view to_string(Format format);
[[nodiscard]] std::optional<Format> parse_format(std::string_view text);

struct SourceFile {
  std::string path;  // relative to the root of its run, '/' between folders
  std::string kind;  // what its content is: "tr118_bench", "tr120_metrics", …
  std::uint64_t bytes = 0;
  std::string sha256;  // filled by read()
};

// The files of one run, put together by what they contain; folder names decide nothing.
struct SourceRun {
  Format format = Format::tr117;
  std::string name;            // id that the files give, else the name of the folder or file
  std::filesystem::path root;  // folder that all paths are relative to
  std::vector<SourceFile> files;
};

// A row or value that could not be taken; the rows around it are.
struct BadRow {
  std::string file;
  std::int64_t line = 0;
  std::string key;  // of the value, empty when the row as a whole is broken
  std::string expected;
  std::string found;  // at most 200 characters
  std::string raw;    // the row, at most 4096 bytes; bytes that are no UTF-8 as \xNN
};
inline constexpr std::size_t kMaxBadRowsKept = 100;  // more are counted

// A table that the source published beside its rows. Cells as text: what is a number is decided by whoever compares.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

// The readings of a power sensor over a run, in the order of their file; what integrates energy again needs them all.
// The vectors have one length. NaN = the cell was empty: a reading that failed has no watts. What is no power is held
// in single precision.
struct PowerTrace {
  std::string file;
  std::vector<std::int64_t> t_ns;  // the source's monotonic clock, the one that its rows' t_start_ns is of
  std::vector<double> power_w;
  std::vector<std::uint8_t> read_ok;  // 1 or 0
  std::vector<double> dt_s;           // since the reading before, as the source has it
  std::vector<float> temp_c;
  std::vector<float> sm_clock_mhz;
  std::vector<float> mem_clock_mhz;
  std::vector<float> util_gpu;  // percent
  std::vector<float> util_mem;  // percent
  std::vector<float> vram_used_mb;
};
inline constexpr std::size_t kMaxPowerSamples = 5'000'000;  // of one run; above it read() refuses the run

// What gates ask. Absent = the files do not say.
struct Facts {
  std::optional<std::int64_t> rows_expected;  // promised by the source itself
  std::optional<std::int64_t> sessions;       // independent processes behind the rows
  std::optional<bool> order_randomised;
  std::optional<bool> warmup_labelled;  // warm-up rows are told from measured ones
  std::optional<std::int64_t> seed;
  std::optional<std::string> arrival;  // "poisson", "constant", "closed_loop", "burst", "trace"
  std::optional<double> request_rate;  // a second
  std::optional<std::int64_t> concurrency;
  std::optional<bool> intended_times;            // each request's scheduled time is in the data
  std::optional<std::string> tokens_counted_by;  // "server", "client_tokenizer", "chunks"
  std::optional<bool> ttft_measured;             // a first token was timed apart from the end
  std::optional<double> duration_s;              // of the whole run
  std::optional<std::int64_t> failed;            // requests that the source itself counts as failed
  std::optional<std::string> hardware;           // as the files name it
  std::optional<std::string> model_identity;     // hash or file of the weights, never a served name
};

struct Source {
  Format format = Format::tr117;
  std::string run;
  std::string tool;          // "AIPerf"; the report's runner for a report
  std::string tool_version;  // empty = not stated
  std::string started;       // UTC, RFC 3339; empty = not stated
  std::string finished;
  std::vector<SourceFile> files;      // with hashes of what was read
  evidence::Environment environment;  // every key of kEnvironmentKeys; null with a reason where not stated
  core::Json config;                  // the run's own configuration, verbatim as far as JSON can; null = none
  Facts facts;
  std::map<std::string, core::Json> documents;  // further JSON and YAML files, by path
  std::map<std::string, Table> tables;          // CSV tables that were published beside the rows, by path
  std::vector<PowerTrace> power_traces;         // by file
  std::int64_t rows = 0;                        // handed to visit
  std::int64_t bad_rows = 0;
  std::vector<BadRow> bad;  // the first kMaxBadRowsKept
};

using Visit = std::function<core::Status(evidence::Observation&)>;  // the row is its own: it may move parts out

struct Discovery {
  std::vector<SourceRun> runs;        // ordered by root and name
  std::vector<std::string> unplaced;  // paths that belong to no run that we know, with the reason after ": "
};

// Every run under a folder, or the run that one file belongs to. Symbolic links that leave the folder are not followed
// (and are listed as unplaced). Errors: not_found, io, and limits.
[[nodiscard]] core::Result<Discovery> discover(const std::filesystem::path& path);

// Streams the rows of a run in the order of its files. Memory does not grow with the rows. A row that cannot be read is
// counted and kept raw (Source::bad), the others go on; an Error is a file that cannot be opened, is not what discover
// saw (changed while read), breaks a limit, or what `visit` returned.
[[nodiscard]] core::Result<Source> read(const SourceRun& run, const Visit& visit);

}  // namespace phasegate::readers
