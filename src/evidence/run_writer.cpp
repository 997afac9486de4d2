#include "evidence/run_writer.h"

#include "core/clock.h"
#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"
#include "evidence/sealed.h"

namespace phasegate::evidence {
namespace {

core::Error already_finished(const std::string& run_id) {
  return {core::ErrorKind::conflict, "the run is finished; its files do not change any more", run_id, {}};
}

// Nothing gets into the store that its readers would refuse.
template <class T>
core::Status readable(const core::Result<T>& read_back, const char* kind) {
  if (read_back) return {};
  auto error = read_back.error();
  error.where = fmt::format("{} {}", kind, error.where);
  error.next = "this is a fault of the code that made it";
  return core::fail(std::move(error));
}

}  // namespace

core::Status write_manifest_file(const std::filesystem::path& run, const Manifest& manifest) {
  const auto json = to_json(manifest);
  PHASEGATE_CHECK_OK(readable(manifest_from_json(json), "manifest"));
  PHASEGATE_TRY(text, seal(json));
  return core::write_file_atomic(run / "manifest.json", text);
}

core::Status RunWriter::State::write_manifest(Manifest manifest) {
  manifest.run_id = run_id;
  manifest.started = started;
  manifest.plan_sha256 = plan_sha256;
  return write_manifest_file(folder, manifest);
}

RunWriter::RunWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunWriter::RunWriter(RunWriter&&) noexcept = default;
RunWriter& RunWriter::operator=(RunWriter&&) noexcept = default;
RunWriter::~RunWriter() = default;

const std::string& RunWriter::run_id() const { return state_->run_id; }
const std::filesystem::path& RunWriter::folder() const { return state_->folder; }
std::int64_t RunWriter::written() const { return state_->written; }

core::Status RunWriter::append(Record record) {
  if (state_->finished) return core::fail(already_finished(state_->run_id));
  record.seq = state_->written;
  const auto json = to_json(record);
  PHASEGATE_CHECK_OK(readable(record_from_json(json), "record"));
  auto line = core::canonical_json(json);
  if (!line) return core::at("record " + std::to_string(record.seq), std::move(line).error());
  if (line->size() > core::kMaxRecordLineBytes) {
    return core::fail(
        core::Error{core::ErrorKind::invalid_input,
                    fmt::format("a record of {} bytes, the limit is {}", line->size(), core::kMaxRecordLineBytes),
                    record.cell, "measure fewer decode steps in one call"});
  }
  if (!state_->last_session.empty() && state_->last_session != record.session) PHASEGATE_CHECK_OK(sync());
  *line += '\n';
  PHASEGATE_CHECK_OK(state_->records.append(*line));
  state_->last_session = record.session;
  ++state_->by_status[std::string(to_string(record.status))];
  ++state_->written;
  return {};
}

core::Status RunWriter::sync() { return state_->records.sync(); }

core::Status RunWriter::update(const Manifest& manifest) {
  if (state_->finished) return core::fail(already_finished(state_->run_id));
  Manifest first_phase = manifest;
  first_phase.state = "running";
  first_phase.finished.reset();
  first_phase.files.clear();
  return state_->write_manifest(std::move(first_phase));
}

core::Status RunWriter::finish(Manifest manifest) {
  if (state_->finished) return core::fail(already_finished(state_->run_id));
  if (manifest.state == "running") {
    return core::fail(core::Error{
        core::ErrorKind::invalid_input, "a finished run is complete, interrupted or provisional", state_->run_id, {}});
  }
  PHASEGATE_CHECK_OK(state_->records.sync());
  manifest.files.clear();
  for (const char* name : {"plan.json", "records.jsonl"}) {
    PHASEGATE_TRY(hash, core::sha256_file(state_->folder / name));
    manifest.files[name] = hash;
  }
  manifest.counts.written = state_->written;
  manifest.counts.by_status = state_->by_status;
  if (!manifest.finished) manifest.finished = core::SystemClock().utc_stamp();
  PHASEGATE_CHECK_OK(state_->write_manifest(std::move(manifest)));
  state_->finished = true;
  return {};
}

}  // namespace phasegate::evidence
