#include "readers/source_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace phasegate::readers {
namespace {

// Bytes of the UTF-8 character at `at`, 0 when there is none.
std::size_t character_bytes(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + size > bytes.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  // Overlong forms, surrogates and what lies above U+10FFFF.
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return size;
}

}  // namespace

Source start_source(const SourceRun& run, std::string tool) {
  Source source;
  source.format = run.format;
  source.run = run.name;
  source.tool = std::move(tool);
  source.files = run.files;
  for (auto& file : source.files) file.sha256.clear();
  for (const auto key : evidence::kEnvironmentKeys) {
    source.environment[std::string(key)] = {nullptr, "not stated by the source"};
  }
  return source;
}

void set_environment(Source& source, std::string_view key, core::Json value) {
  const auto found = source.environment.find(std::string(key));
  PHASEGATE_CHECK(found != source.environment.end());
  if (value.is_null()) return;
  found->second = {std::move(value), {}};
}

void add_bad(Source& source, BadRow row) {
  ++source.bad_rows;
  if (source.bad.size() >= kMaxBadRowsKept) return;
  row.found = printable(row.found, kMaxFoundBytes);
  row.raw = printable(row.raw, kMaxRawBytes);
  row.key = printable(row.key, kMaxFoundBytes);
  source.bad.push_back(std::move(row));
}

void set_hash(Source& source, const std::string& path, std::string sha256) {
  for (auto& file : source.files) {
    if (file.path == path) file.sha256 = sha256;
  }
}

std::filesystem::path path_of(const SourceRun& run, const SourceFile& file) {
  return run.root / std::filesystem::path(file.path);
}

const SourceFile* find_kind(const SourceRun& run, std::string_view kind) {
  const auto found =
      std::find_if(run.files.begin(), run.files.end(), [&](const SourceFile& file) { return file.kind == kind; });
  return found == run.files.end() ? nullptr : &*found;
}

std::string printable(std::string_view bytes, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = character_bytes(bytes, at);
    std::string next = size > 0 ? std::string(bytes.substr(at, size))
                                : fmt::format("\\x{:02X}", static_cast<unsigned char>(bytes[at]));
    if (out.size() + next.size() > most) break;
    out += next;
    at += std::max<std::size_t>(size, 1);
  }
  return out;
}

std::string portable_path(std::string_view path) {
  std::string out(path);
  std::replace(out.begin(), out.end(), '\\', '/');
  const bool drive =
      out.size() > 1 && out[1] == ':' && ((out[0] >= 'A' && out[0] <= 'Z') || (out[0] >= 'a' && out[0] <= 'z'));
  std::size_t begin = drive ? 2 : 0;
  while (out.compare(begin, 2, "./") == 0) begin += 2;
  return out.substr(begin);
}

}  // namespace phasegate::readers
