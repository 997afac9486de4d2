// Reading a run's files: needs no store and takes no lock.
#include "core/files.h"
#include "core/limits.h"
#include "evidence/lines.h"
#include "evidence/record_line.h"
#include "evidence/sealed.h"
#include "evidence/store.h"

namespace phasegate::evidence {

core::Result<std::string> seal(core::Json document) {
  document.erase("sha256");
  PHASEGATE_TRY(hash, core::json_hash(document));
  document["sha256"] = hash;
  PHASEGATE_TRY(text, core::canonical_json(document));
  return text + "\n";
}

core::Result<core::Json> unseal(std::string_view text, const std::string& source) {
  PHASEGATE_TRY(document, core::parse_json(text, source));
  const auto damaged = [&](const char* what) {
    return core::fail(
        core::Error{core::ErrorKind::evidence, what, source, "restore the file from a copy, or measure again"});
  };
  if (!document.is_object() || !document.contains("sha256")) return damaged("has no sha256 of its own content");
  PHASEGATE_TRY(expected, seal(document));
  if (expected != text) return damaged("was changed after it was written: its sha256 does not match its content");
  document.erase("sha256");
  return std::move(document);
}

core::Result<Manifest> read_manifest(const std::filesystem::path& run) {
  const auto path = run / "manifest.json";
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxManifestBytes));
  PHASEGATE_TRY(json, unseal(text, path.string()));
  auto manifest = manifest_from_json(json);
  if (manifest) return manifest;
  auto error = manifest.error();
  error.where = path.string() + ": " + error.where;
  return core::fail(std::move(error));
}

core::Result<core::Json> read_plan(const std::filesystem::path& run) {
  const auto path = run / "plan.json";
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxPolicyBytes));
  return core::parse_json(text, path.string());
}

core::Result<Policy> read_policy(const std::filesystem::path& file) {
  PHASEGATE_TRY(text, core::read_file(file, core::kMaxPolicyBytes));
  const auto damaged = [&](const char* what, const char* next) {
    return core::fail(core::Error{core::ErrorKind::evidence, what, file.string(), next});
  };
  if (!is_sha256(file.stem().string())) {
    return damaged("is not named after its sha256", "a policy file keeps the name that `decide` gave it");
  }
  if (core::sha256_hex(text) != file.stem().string()) {
    return damaged("was changed: its content does not have the sha256 of its name", "run `phasegate decide` again");
  }
  PHASEGATE_TRY(json, core::parse_json(text, file.string()));
  auto policy = policy_from_json(json);
  if (policy) return policy;
  auto error = policy.error();
  error.where = file.string() + ": " + error.where;
  return core::fail(std::move(error));
}

core::Status for_each_record(const std::filesystem::path& run,
                             const std::function<core::Status(const Record&)>& visit) {
  const auto path = run / "records.jsonl";
  PHASEGATE_TRY(lines, LineReader::open(path));
  RecordParser parser;
  Record record;
  std::string_view line;
  for (;;) {
    const auto step = lines.next(line);
    if (step == LineReader::Step::end) return {};
    const auto where = [&] { return fmt::format("{}:{}", path.string(), lines.number()); };
    if (step == LineReader::Step::too_long) {
      return core::fail(core::Error{core::ErrorKind::invalid_input,
                                    fmt::format("the line is longer than {} bytes", core::kMaxRecordLineBytes),
                                    where(),
                                    {}});
    }
    if (step == LineReader::Step::read_error) {
      return core::fail(core::Error{core::ErrorKind::io, "reading failed", path.string(), {}});
    }
    if (lines.torn()) {
      return core::fail(core::Error{core::ErrorKind::evidence, "the last line is cut off", where(),
                                    "go on with the run (--resume), which removes it"});
    }
    if (const auto problem = parser.parse(line, record); problem.found()) {
      auto error = problem.error();
      error.where = error.where.empty() ? where() : where() + ": " + error.where;
      return core::fail(std::move(error));
    }
    PHASEGATE_CHECK_OK(visit(record));
  }
}

}  // namespace phasegate::evidence
