#include "evidence/candidate.h"

#include "core/sha256.h"
#include "evidence/candidate_fields.h"

namespace phasegate::evidence {

core::Json to_json(const CandidateIdentity& identity) {
  return write_fields(identity, [](auto& v, auto& i) { identity_fields(v, i); });
}

core::Json to_json(const Candidate& candidate) {
  return write_fields(candidate, [](auto& v, auto& c) { candidate_fields(v, c); });
}

core::Result<Candidate> candidate_from_json(const core::Json& json) {
  return from_json<Candidate>(json, [](auto& v, auto& c) { candidate_fields(v, c); });
}

core::CandidateId candidate_id(const CandidateIdentity& identity) {
  auto hash = core::json_hash(to_json(identity));
  // Fails only on invalid UTF-8: then the id is that of the bytes with the bad ones replaced, and stays deterministic.
  if (!hash)
    return core::CandidateId(
        core::sha256_hex(to_json(identity).dump(-1, ' ', true, core::Json::error_handler_t::replace)));
  return core::CandidateId(*std::move(hash));
}

}  // namespace phasegate::evidence
