// State of an ImportWriter; made by Store::create_import. Internal.
#pragma once

#include <array>

#include "core/sha256.h"
#include "evidence/append_file.h"
#include "evidence/import.h"
#include "evidence/names.h"
#include "evidence/thresholds.h"

namespace phasegate::evidence {

struct ImportWriter::State {
  std::filesystem::path folder;
  Manifest manifest;
  AppendFile rows;
  core::Sha256 hash;
  std::string line;    // of the row at hand; keeps its room
  std::string buffer;  // whole lines that are not in the file yet
  std::int64_t written = 0;
  std::array<std::int64_t, kStatusNames.size()> by_status{};
  bool finished = false;

  [[nodiscard]] core::Status flush();
  [[nodiscard]] core::Status complete_manifest(const ImportedSource& imported);
};

// The first phase of an imported run's manifest; id and start are set by the store.
[[nodiscard]] Manifest begin_imported_manifest(const std::vector<std::string>& argv, const Thresholds& thresholds);

// Accuracy as the source's own perplexity documents have it, gated by our thresholds; empty when it has none.
[[nodiscard]] std::vector<Accuracy> imported_accuracy(const core::Json& documents, const Thresholds& thresholds);

}  // namespace phasegate::evidence
