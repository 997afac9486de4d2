// Any bytes as the files of one format: rows or errors, in bounded memory, and no row is lost. One program for all
// formats; the name that it is called by says which (fuzz_readers_tr121), so that each has its own corpus.
//
// An input is a bundle of files: a line "=== kind path" before each. The kind is used when the content says none, so
// that a mutated file still gets to the reader.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/json.h"
#include "readers/format.h"
#include "readers/source_json.h"

namespace {

using namespace phasegate;
namespace fs = std::filesystem;

constexpr std::string_view kMark = "=== ";
constexpr std::size_t kMaxFiles = 16;
// Each line of these that is not blank is one row.
constexpr std::array<std::string_view, 5> kRowPerLine = {"tr118_bench", "tr119_bench", "tr121_runs", "aiperf_records",
                                                         "llama_bench_jsonl"};

readers::Format format = readers::Format::tr121;
fs::path folder;

struct Part {
  std::string kind;
  std::string path;
  std::string_view bytes;
};

// A path that stays inside the folder, or nothing.
std::string safe_path(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/';
  });
  const bool inside = !text.starts_with('/') && !text.ends_with('/') && text.find("..") == std::string_view::npos &&
                      text.find("//") == std::string_view::npos && text.find("./") == std::string_view::npos;
  return plain && inside && text.size() < 100 && text.find_first_not_of('.') != std::string_view::npos
             ? std::string(text)
             : std::string();
}

std::vector<Part> parts_of(std::string_view input) {
  std::vector<Part> parts;
  while (input.starts_with(kMark) && parts.size() < kMaxFiles) {
    const std::string_view head = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(head.size() + 1, input.size()));
    std::size_t next = input.starts_with(kMark) ? 0 : input.find("\n=== ");
    next = next == std::string_view::npos ? input.size() : next == 0 ? 0 : next + 1;
    const std::string_view names = head.substr(kMark.size());
    const std::size_t space = names.find(' ');
    const std::string path = space == std::string_view::npos ? std::string() : safe_path(names.substr(space + 1));
    const std::string kind = safe_path(names.substr(0, space));  // a kind is made by our code: it is plain text
    if (!path.empty() && !kind.empty()) parts.push_back({kind, path, input.substr(0, next)});
    input.remove_prefix(next);
  }
  return parts;
}

bool write(const Part& part) {
  std::error_code code;
  fs::create_directories((folder / part.path).parent_path(), code);
  if (code || fs::is_directory(folder / part.path, code)) return false;
  std::ofstream out(folder / part.path, std::ios::binary | std::ios::trunc);
  out.write(part.bytes.data(), static_cast<std::streamsize>(part.bytes.size()));
  return out.good();
}

const readers::FormatReader& reader() {
  for (const auto& each : readers::format_readers()) {
    if (each.format == format) return each;
  }
  std::abort();
}

// Ends the program with the error's text: it is what a person needs to mend the reader.
template <class T>
void must(const core::Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  std::abort();
}

using Place = std::pair<std::string, std::int64_t>;

// Of a file with one row in each line: every line was handed over or counted as bad.
void check_lines(const readers::SourceRun& run, const std::string& path, const std::set<Place>& seen) {
  std::ifstream in(run.root / path, std::ios::binary);
  std::string line;
  for (std::int64_t number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.find_first_not_of(" \t\r") != std::string::npos) PHASEGATE_CHECK(seen.count({path, number}) != 0);
  }
}

void check_run(const readers::SourceRun& run) {
  std::set<Place> seen;
  std::int64_t rows = 0;
  std::string written;
  const auto source = readers::read(run, [&](evidence::Observation& row) -> core::Status {
    PHASEGATE_CHECK(row.seq == rows++ && row.line >= 1);
    PHASEGATE_CHECK(std::any_of(run.files.begin(), run.files.end(), [&](const auto& f) { return f.path == row.file; }));
    seen.insert({row.file, row.line});
    must(evidence::write_observation(row, written));
    must(evidence::read_observation(written, "row"));
    return {};
  });
  if (!source) {
    PHASEGATE_CHECK(!source.error().what.empty() && !source.error().where.empty());
    return;
  }
  PHASEGATE_CHECK(source->rows == rows && source->bad_rows >= static_cast<std::int64_t>(source->bad.size()));
  for (const auto& bad : source->bad) {
    PHASEGATE_CHECK(!bad.file.empty() && !bad.expected.empty());
    seen.insert({bad.file, bad.line});
  }
  // Texts that are no UTF-8 or numbers that are not finite would end an import here.
  const auto imported = readers::imported_source(*source);
  must(core::canonical_json(imported.source));
  must(core::canonical_json(imported.plan));
  if (source->bad_rows > static_cast<std::int64_t>(source->bad.size())) return;
  for (const auto& file : run.files) {
    if (std::find(kRowPerLine.begin(), kRowPerLine.end(), file.kind) == kRowPerLine.end()) continue;
    check_lines(run, file.path, seen);
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** argv) {
  const std::string name = fs::path((*argv)[0]).filename().string();
  const auto parsed = readers::parse_format(name.substr(name.rfind('_') + 1));
  PHASEGATE_CHECK(parsed.has_value());
  format = *parsed;
  std::error_code code;
  const fs::path base = fs::is_directory("/dev/shm", code) ? "/dev/shm" : fs::temp_directory_path();
  std::string pattern = (base / "phasegate-fuzz-XXXXXX").string();
  PHASEGATE_CHECK(::mkdtemp(pattern.data()) != nullptr);
  folder = fs::canonical(pattern);
  std::atexit([] {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parts = parts_of({reinterpret_cast<const char*>(data), size});
  std::vector<readers::KnownFile> files;
  for (const auto& part : parts) {
    if (!write(part)) continue;
    readers::FileHead head{part.path, folder / part.path, part.bytes.size(), {}};
    head.text = part.bytes.substr(0, readers::kHeadBytes);
    std::erase_if(files, [&](const auto& file) { return file.head.path == part.path; });
    std::string kind = reader().kind_of(head);
    files.push_back({std::move(head), kind.empty() ? part.kind : kind});
  }
  if (!files.empty()) {
    std::vector<std::string> unplaced;
    for (const auto& run : reader().group(folder, files, unplaced)) check_run(run);
    must(readers::discover(folder));  // all formats look at these bytes
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) fs::remove_all(entry.path(), ignored);
  return 0;
}
