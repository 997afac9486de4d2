// What one format gives to discover() and read(). Internal to this module: readers.cpp lists the formats; each format
// has its own file. A file is known by its content alone, so that a renamed or moved folder changes nothing.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "readers/source.h"

namespace phasegate::readers {

inline constexpr std::size_t kHeadBytes = 64 << 10;

struct FileHead {
  std::string path;  // relative to the folder that discover() was given, '/' between folders
  std::filesystem::path absolute;
  std::uint64_t bytes = 0;
  std::string text;  // the first kHeadBytes, without a byte order mark; all of it when the file is shorter
};

struct KnownFile {
  FileHead head;
  std::string kind;  // what kind_of said
};

struct FormatReader {
  Format format;
  // The kind of a file by its content ("tr118_bench"); empty = not of this format. Cheap: called for every file.
  std::string (*kind_of)(const FileHead& head);
  // Puts the files of this format under `root` into runs: by ids inside the files where they have some, else by the
  // nearest common folder. What belongs to no run goes to `unplaced` as "path: reason".
  std::vector<SourceRun> (*group)(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                                  std::vector<std::string>& unplaced);
  core::Result<Source> (*read)(const SourceRun& run, const Visit& visit);
};

// All that are built in, in the order in which a file is offered to them; the first that knows it has it.
[[nodiscard]] const std::vector<FormatReader>& format_readers();

[[nodiscard]] FormatReader tr117_reader();
[[nodiscard]] FormatReader tr118_reader();
[[nodiscard]] FormatReader tr119_reader();
[[nodiscard]] FormatReader tr120_reader();
[[nodiscard]] FormatReader tr121_reader();
[[nodiscard]] FormatReader tr122_reader();
[[nodiscard]] FormatReader aiperf_reader();
[[nodiscard]] FormatReader guidellm_reader();
[[nodiscard]] FormatReader vllm_reader();
[[nodiscard]] FormatReader llama_bench_reader();
[[nodiscard]] FormatReader mlperf_loadgen_reader();

}  // namespace phasegate::readers
