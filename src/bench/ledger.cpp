#include "bench/ledger.h"

#include "bench/identity.h"

namespace phasegate::bench {

core::Status Ledger::append(const std::vector<evidence::Record>& records) {
  for (const evidence::Record& record : records) {
    PHASEGATE_CHECK_OK(writer_.append(record));
    ++manifest_.counts.by_status[std::string(evidence::to_string(record.status))];
  }
  return {};
}

const evidence::Candidate* Ledger::candidate(const std::string& name) const {
  for (const evidence::Candidate& candidate : manifest_.candidates) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

std::string Ledger::learn(const evidence::Candidate& candidate) {
  if (const evidence::Candidate* known = this->candidate(candidate.name)) {
    return identity_difference(known->identity, candidate.identity);
  }
  manifest_.candidates.push_back(candidate);
  return {};
}

bool Ledger::has_session(const std::string& name) const {
  return manifest_.sessions.is_object() && manifest_.sessions.contains(name);
}

core::Json& Ledger::session(const std::string& name) {
  if (!manifest_.sessions.is_object()) manifest_.sessions = core::Json::object();
  return manifest_.sessions[name];
}

core::Status Ledger::finish(const std::string& state, const std::string& reason, const std::string& when) {
  manifest_.state = state;
  manifest_.state_reason = reason;
  manifest_.finished = when;
  manifest_.counts.written = writer_.written();
  return writer_.finish(manifest_);
}

}  // namespace phasegate::bench
