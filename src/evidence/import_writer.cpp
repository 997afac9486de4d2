#include "evidence/import_writer.h"

#include <algorithm>

#include "core/clock.h"
#include "core/files.h"
#include "core/limits.h"
#include "evidence/run_writer.h"
#include "evidence/schema.h"
#include "evidence/store.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;  // stays in the cache while it is hashed and written

core::Status checked(Schema schema, const core::Json& document, const char* name) {
  auto status = check_schema(schema, document);
  if (status) return status;
  auto error = std::move(status).error();
  error.where = fmt::format("{} {}", name, error.where);
  error.next = "this is a fault of the code that made it";
  return core::fail(std::move(error));
}

core::Status write_document(const fs::path& path, const core::Json& document) {
  PHASEGATE_TRY(text, core::canonical_json(document));
  return core::write_file_atomic(path, text + "\n");
}

std::int64_t count_or_zero(const core::Json& value) {
  return value.is_number_integer() ? std::max<std::int64_t>(value.get<std::int64_t>(), 0) : 0;
}

// A finished import with the same files, byte for byte.
std::optional<std::string> same_content(const fs::path& runs, const Manifest& manifest) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(runs, code)) {
    if (entry.path().filename() == manifest.run_id) continue;
    const auto other = read_manifest(entry.path());
    if (other && is_imported(*other) && other->state == "complete" && other->files == manifest.files) {
      return entry.path().filename().string();
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_imported(const Manifest& manifest) { return manifest.mode == kImportedMode; }

Manifest begin_imported_manifest(const std::vector<std::string>& argv, const Thresholds& thresholds) {
  Manifest manifest;
  manifest.argv = argv;
  manifest.mode = kImportedMode;
  manifest.generator = "the source's own";
  manifest.thresholds = to_json(thresholds);
  manifest.thresholds_sha256 = thresholds_hash(thresholds);
  return manifest;
}

core::Status ImportWriter::State::flush() {
  hash.update(buffer);
  PHASEGATE_CHECK_OK(rows.append(buffer));
  buffer.clear();
  return {};
}

core::Status ImportWriter::State::complete_manifest(const ImportedSource& imported) {
  const auto& facts = imported.source["facts"];
  PHASEGATE_TRY(plan_hash, core::json_hash(imported.plan));
  manifest.plan_sha256 = plan_hash;
  manifest.matrix = imported.source["config"];
  manifest.seed = static_cast<std::uint64_t>(count_or_zero(facts["seed"]));
  for (const auto key : kEnvironmentKeys) {
    const auto at = imported.environment.find(std::string(key));
    manifest.environment[std::string(key)] =
        at == imported.environment.end() ? EnvironmentValue{nullptr, "not stated by the source"} : at->second;
  }
  manifest.accuracy =
      imported_accuracy(imported.source["documents"], thresholds_from_json(manifest.thresholds).value_or(Thresholds{}));
  manifest.counts.expected = facts["rows_expected"].is_null() ? written : count_or_zero(facts["rows_expected"]);
  manifest.counts.written = written;
  for (std::size_t i = 0; i < by_status.size(); ++i) {
    if (by_status[i] > 0) manifest.counts.by_status[std::string(kStatusNames[i])] = by_status[i];
  }
  for (const char* name : {"plan.json", "source.json"}) {
    PHASEGATE_TRY(file_hash, core::sha256_file(folder / name));
    manifest.files[name] = file_hash;
  }
  manifest.files["observations.jsonl"] = hash.finish();
  manifest.finished = core::SystemClock().utc_stamp();
  manifest.state = "complete";
  return {};
}

ImportWriter::ImportWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ImportWriter::ImportWriter(ImportWriter&&) noexcept = default;
ImportWriter& ImportWriter::operator=(ImportWriter&&) noexcept = default;
ImportWriter::~ImportWriter() {
  if (!state_ || state_->finished) return;
  std::error_code code;
  fs::remove_all(state_->folder, code);
}

const std::string& ImportWriter::run_id() const { return state_->manifest.run_id; }
std::int64_t ImportWriter::written() const { return state_->written; }

core::Status ImportWriter::append(Observation& row) {
  if (state_->finished) {
    return core::fail(core::Error{
        core::ErrorKind::conflict, "the import is finished; its files do not change any more", run_id(), {}});
  }
  row.seq = state_->written;
  PHASEGATE_CHECK_OK(write_observation(row, state_->line));
  if (state_->line.size() > core::kMaxObservationLineBytes) {
    return core::fail(core::Error{
        core::ErrorKind::invalid_input,
        fmt::format("a row of {} bytes, the limit is {}", state_->line.size(), core::kMaxObservationLineBytes),
        fmt::format("{}:{}", row.file, row.line),
        {}});
  }
  if (state_->buffer.size() + state_->line.size() >= kBufferBytes) PHASEGATE_CHECK_OK(state_->flush());
  state_->buffer += state_->line;
  state_->buffer += '\n';
  ++state_->by_status[static_cast<std::size_t>(row.status)];
  ++state_->written;
  return {};
}

core::Result<ImportWriter::Finished> ImportWriter::finish(const ImportedSource& imported) {
  State& state = *state_;
  PHASEGATE_CHECK_OK(state.flush());
  PHASEGATE_CHECK_OK(state.rows.sync());
  PHASEGATE_CHECK_OK(checked(Schema::import, imported.plan, "plan.json"));
  PHASEGATE_CHECK_OK(checked(Schema::source, imported.source, "source.json"));
  if (imported.source["rows"] != state.written) {
    return core::fail(core::Error{
        core::ErrorKind::invalid_input,
        fmt::format("the source counts {} rows, {} were appended", imported.source["rows"].dump(), state.written),
        run_id(), "this is a fault of the code that reads the source"});
  }
  PHASEGATE_CHECK_OK(write_document(state.folder / "plan.json", imported.plan));
  PHASEGATE_CHECK_OK(write_document(state.folder / "source.json", imported.source));
  PHASEGATE_CHECK_OK(state.complete_manifest(imported));
  if (const auto same = same_content(state.folder.parent_path(), state.manifest)) {
    return Finished{*same, true};  // the destructor removes this one
  }
  PHASEGATE_CHECK_OK(write_manifest_file(state.folder, state.manifest));
  state.finished = true;
  return Finished{run_id(), false};
}

}  // namespace phasegate::evidence
