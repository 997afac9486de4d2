// State of a RunWriter; made by Store::create_run and Store::resume_run. Internal.
#pragma once

#include "evidence/append_file.h"
#include "evidence/store.h"

namespace phasegate::evidence {

struct RunWriter::State {
  std::filesystem::path folder;
  std::string run_id;
  std::string started;
  std::string plan_sha256;
  AppendFile records;
  std::int64_t written = 0;
  std::map<std::string, std::int64_t> by_status;
  std::string last_session;
  bool finished = false;

  [[nodiscard]] core::Status write_manifest(Manifest manifest);
};

// Seals it into <run>/manifest.json. What its reader would refuse is not written.
[[nodiscard]] core::Status write_manifest_file(const std::filesystem::path& run, const Manifest& manifest);

}  // namespace phasegate::evidence
