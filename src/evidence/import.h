// An imported run: somebody else's measurement as a run of the store.
//   <store>/runs/<run-id>/{manifest.json, plan.json, observations.jsonl, source.json, validation.json}
// The manifest is that of every run, with mode "imported" and no candidates: labels prove nothing. plan.json is what
// was read (schemas/import.schema.json), source.json what the files say beside their rows (schemas/source.schema.json).
// Rows are written in pieces of 256 KiB, since an import can be done again; until finish() the manifest says "running",
// and validation calls what a crash left unfinished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/manifest.h"
#include "evidence/observation.h"

namespace phasegate::evidence {

inline constexpr std::string_view kImportedMode = "imported";

// What reading the source brought, known after its last row.
struct ImportedSource {
  core::Json plan;          // schemas/import.schema.json
  core::Json source;        // schemas/source.schema.json
  Environment environment;  // as the source states it; keys that are absent become null with a reason
};

// One owner, one thread; holds no lock of its own: the Store that made it must live as long. Destroyed before a
// successful finish it removes its folder: an import that failed leaves nothing behind.
class ImportWriter {
 public:
  ImportWriter(ImportWriter&&) noexcept;
  ImportWriter& operator=(ImportWriter&&) noexcept;
  ~ImportWriter();

  [[nodiscard]] const std::string& run_id() const;
  [[nodiscard]] std::int64_t written() const;

  // Sets row.seq and writes the row. Errors: invalid_input names the row's file and line (a number that is not finite,
  // a row above kMaxObservationLineBytes); io.
  [[nodiscard]] core::Status append(Observation& row);

  struct Finished {
    std::string run_id;
    bool already_there = false;  // the store had the same content: that run stands, the new one is gone
  };
  // Plan, source and the manifest's second phase: counts, hashes, accuracy where the source published perplexities.
  // Nothing can be appended afterwards.
  [[nodiscard]] core::Result<Finished> finish(const ImportedSource& imported);

  struct State;

 private:
  friend class Store;
  explicit ImportWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

[[nodiscard]] bool is_imported(const Manifest& manifest);

// Streams observations.jsonl in bounded memory; the row is the visitor's until the next one. Stops at the first error,
// which names file and line.
[[nodiscard]] core::Status for_each_observation(const std::filesystem::path& run,
                                                const std::function<core::Status(Observation&)>& visit);
// source.json, checked against its schema.
[[nodiscard]] core::Result<core::Json> read_import_source(const std::filesystem::path& run);

}  // namespace phasegate::evidence
