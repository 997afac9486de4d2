// What a run writes: records through the store's writer, and the manifest that grows with it. One owner, one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "evidence/manifest.h"
#include "evidence/record.h"
#include "evidence/store.h"

namespace phasegate::bench {

class Ledger {
 public:
  Ledger(evidence::RunWriter writer, evidence::Manifest manifest)
      : writer_(std::move(writer)), manifest_(std::move(manifest)) {}

  [[nodiscard]] core::Status append(const std::vector<evidence::Record>& records);

  // The first sight of a candidate enters the manifest; a later session must show the same identity. Returns where it
  // differs, empty when it does not.
  [[nodiscard]] std::string learn(const evidence::Candidate& candidate);
  // nullptr before its first session loaded.
  [[nodiscard]] const evidence::Candidate* candidate(const std::string& name) const;

  [[nodiscard]] bool has_session(const std::string& name) const;
  // The entry of a session in manifest.sessions (runner.h), made on first use.
  [[nodiscard]] core::Json& session(const std::string& name);
  [[nodiscard]] evidence::Manifest& manifest() { return manifest_; }
  [[nodiscard]] const evidence::Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const evidence::RunWriter& writer() const { return writer_; }

  [[nodiscard]] core::Status save() { return writer_.update(manifest_); }
  [[nodiscard]] core::Status finish(const std::string& state, const std::string& reason, const std::string& when);

 private:
  evidence::RunWriter writer_;
  evidence::Manifest manifest_;
};

}  // namespace phasegate::bench
