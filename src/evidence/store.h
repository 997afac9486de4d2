// The evidence store: the only code that writes runs and policies. Plain files, so that anybody can read and hash them.
//   <store>/runs/<run-id>/{manifest.json, plan.json, records.jsonl, validation.json, analysis/*.json}
//   (an imported run has observations.jsonl and source.json instead of records.jsonl: import.h)
//   <store>/policies/<sha256>.json  and  policies/last, the id of the newest
//   <store>/approvals.jsonl, approvals.head, keys/  (approvals.h)  and  watch.json, what the last watch saw
//   <store>/claims.jsonl, the ledger: one claim a line, with the subject that it was judged for
//   <store>/version, lock
// The manifest is sealed (sealed.h); plan.json and derived files are canonical JSON and a newline; a policy file is
// exactly its canonical JSON, so that `sha256sum` of it is its name.
// Rules: a record is appended and flushed by itself, so a crash leaves a valid prefix (a torn last line is cut on
// resume and said); raw files are never rewritten; derived files name the hashes of their inputs. One writer at a time
// for the whole store (flock on <store>/lock, with the writer's pid inside); a store of a newer format version is
// refused. Threads: a Store and a RunWriter belong to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/approvals.h"
#include "evidence/import.h"
#include "evidence/manifest.h"
#include "evidence/policy.h"
#include "evidence/record.h"
#include "evidence/thresholds.h"

namespace phasegate::evidence {

inline constexpr int kStoreVersion = 1;

class RunWriter {
 public:
  RunWriter(RunWriter&&) noexcept;
  RunWriter& operator=(RunWriter&&) noexcept;
  ~RunWriter();

  [[nodiscard]] const std::string& run_id() const;
  [[nodiscard]] const std::filesystem::path& folder() const;

  // Assigns the next seq, writes one line, flushes it to the kernel: it survives the death of this process. An Error
  // with kind io (disk full) leaves whole lines; append may be tried again.
  [[nodiscard]] core::Status append(Record record);
  // To the disk, for a power cut. append does it when the session changes; call it where a pause disturbs nothing.
  [[nodiscard]] core::Status sync();
  [[nodiscard]] std::int64_t written() const;

  // Writes the manifest again (first phase may be updated while running: candidates and accuracy become known). Run id,
  // start and plan hash are the writer's own and replace what is in `manifest`, here and in finish.
  [[nodiscard]] core::Status update(const Manifest& manifest);
  // Second phase: hashes the files, counts written records and statuses; `state` must be complete, interrupted or
  // provisional. counts.expected is the caller's. Nothing can be appended afterwards.
  [[nodiscard]] core::Status finish(Manifest manifest);

  struct State;

 private:
  friend class Store;
  explicit RunWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Store {
 public:
  enum class Access { read, write };
  [[nodiscard]] static core::Result<Store> open(const std::filesystem::path& root, Access access);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  [[nodiscard]] const std::filesystem::path& root() const;
  [[nodiscard]] std::vector<std::string> runs() const;      // oldest first
  [[nodiscard]] std::vector<std::string> policies() const;  // ids

  // Writes plan.json and the first phase of the manifest before any record. An empty run_id or start is filled in (the
  // id sorts by start); plan_sha256 becomes the hash of the plan's canonical JSON.
  [[nodiscard]] core::Result<RunWriter> create_run(const Manifest& manifest, const core::Json& plan);
  // Goes on after a crash or an interrupt: cuts a torn last line, checks that what is there is valid, refuses a
  // complete or provisional run. `run_id` may be a unique prefix or "last".
  struct Resumed {
    RunWriter writer;
    Manifest manifest;
    core::Json plan;
    std::vector<Record> records;  // what is there already
    bool cut_torn_line = false;
  };
  [[nodiscard]] core::Result<Resumed> resume_run(const std::string& run_id);

  // A folder with the first phase of the manifest, in which an import writes. `intent` is what it is about to read and
  // stands as plan.json until finish() replaces it.
  [[nodiscard]] core::Result<ImportWriter> create_import(const std::vector<std::string>& argv, const core::Json& intent,
                                                         const Thresholds& thresholds = default_thresholds());

  // A run id, a unique prefix of one, "last", or a path of a run's folder (also outside the store: examples/…).
  [[nodiscard]] core::Result<std::filesystem::path> find_run(const std::string& name) const;
  // Derived artifact: adds {"inputs": {file: sha256}, "tool": …} and writes it atomically. Returns its hash.
  [[nodiscard]] core::Result<std::string> write_derived(const std::filesystem::path& run, const std::string& name,
                                                        core::Json content, const std::vector<std::string>& inputs);
  [[nodiscard]] core::Result<std::string> put_policy(const Policy& policy);  // id
  // A policy id or prefix, "last", "approved" (approvals.h, verified), or the path of a policy file; verifies that the
  // content has the hash of its name.
  [[nodiscard]] core::Result<Policy> get_policy(const std::string& name) const;
  [[nodiscard]] core::Result<std::string> find_policy_id(const std::string& name) const;  // not for paths

  // Change control (approvals.h). The key is that of `file`; an empty path is the store's own, which the first step
  // makes. `make_new` makes `file`. A key that signs here for the first time is published in <store>/keys.
  [[nodiscard]] core::Result<core::SigningKey> signing_key(const std::filesystem::path& file, bool make_new);
  [[nodiscard]] core::Result<History> history() const;
  [[nodiscard]] core::Result<Step> append_step(Step step, const core::SigningKey& key);
  // watch.json is no evidence: it says when somebody last looked, and is replaced each time.
  [[nodiscard]] core::Status note_watch(const core::Json& seen);
  [[nodiscard]] core::Result<core::Json> last_watch() const;  // null when nobody has

  // claims.jsonl: the claims judged for `subject` take the place of those that stood there for it; the others stay.
  // Each is an object and gets the key "subject". Derived: it can be computed again at any time.
  [[nodiscard]] core::Status put_claims(const std::string& subject, std::vector<core::Json> claims);

  struct State;

 private:
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reading a run or a policy needs no store: examples can live anywhere. A changed manifest or policy is an Error of
// kind evidence.
[[nodiscard]] core::Result<Manifest> read_manifest(const std::filesystem::path& run);
[[nodiscard]] core::Result<core::Json> read_plan(const std::filesystem::path& run);
[[nodiscard]] core::Result<Policy> read_policy(const std::filesystem::path& file);  // named <sha256>.json
// Streams records.jsonl line by line in bounded memory; stops at the first error, which names file and line.
[[nodiscard]] core::Status for_each_record(const std::filesystem::path& run,
                                           const std::function<core::Status(const Record&)>& visit);

}  // namespace phasegate::evidence
