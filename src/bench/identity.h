// The one place where a candidate's identity is made: out of what the runtime says about itself in the session that
// measures, never out of the matrix. Pure.
#pragma once

#include <string>

#include "bench/matrix.h"
#include "bench/protocol.h"
#include "engines/engine.h"
#include "evidence/candidate.h"

namespace phasegate::bench {

struct IdentityInputs {
  const CandidateSpec& spec;
  const Model& model;
  const engines::ModelFacts& facts;
  const engines::Attribution& attribution;
  int slots = 1;  // rows that it was loaded for
};

[[nodiscard]] evidence::Candidate make_candidate(const IdentityInputs& inputs);

// Where two identities differ, "engine_build: a, then b"; empty when they are equal.
[[nodiscard]] std::string identity_difference(const evidence::CandidateIdentity& first,
                                              const evidence::CandidateIdentity& then);

}  // namespace phasegate::bench
