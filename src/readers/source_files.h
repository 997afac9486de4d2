// What every format's read() does around its rows: a Source with its fixed parts, the files' hashes, the bad rows.
// One thread. Internal to this module.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "readers/source.h"

namespace phasegate::readers {

// Format, run name, files (hashes still empty) and every key of the environment as null, "not stated by the source".
// rows and seq are counted by read() of source.h around the format's own.
[[nodiscard]] Source start_source(const SourceRun& run, std::string tool);

// Sets a key of the environment; one that is not in kEnvironmentKeys is a programmer's error.
void set_environment(Source& source, std::string_view key, core::Json value);

// Counts a bad row and keeps it when there is room: `found` cut to 200 characters, `raw` to 4096 bytes, both made valid
// UTF-8.
void add_bad(Source& source, BadRow row);
inline constexpr std::size_t kMaxFoundBytes = 200;
inline constexpr std::size_t kMaxRawBytes = 4096;

// The hash of a file that was read, by its path in the run.
void set_hash(Source& source, const std::string& path, std::string sha256);

[[nodiscard]] std::filesystem::path path_of(const SourceRun& run, const SourceFile& file);

// The first file of that kind; nullptr = the run has none.
[[nodiscard]] const SourceFile* find_kind(const SourceRun& run, std::string_view kind);

// Cut to at most `most` bytes at a character; bytes that are no UTF-8 as \xNN.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t most);

// A path that a file names, with '/' between folders and without a drive or leading "./": "runs\\a.json" ->
// "runs/a.json".
[[nodiscard]] std::string portable_path(std::string_view path);

}  // namespace phasegate::readers
