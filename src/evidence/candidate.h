// A candidate is what can win: an engine with everything that its runtime says about how it runs a model.
// candidate_id = sha256 of the canonical JSON of `identity`. Nothing in it is a label: each value comes from runtime
// introspection in the session that measured, or from the hash of a file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/json.h"
#include "core/result.h"
#include "core/units.h"

namespace phasegate::evidence {

// The part that is hashed. Two sessions of the same candidate must give the same identity.
struct CandidateIdentity {
  std::string engine;
  std::string engine_version;
  std::string engine_build;  // commit or sha256 of the mapped library
  std::string backend;       // "ggml-cpu-haswell", "CPUExecutionProvider"
  std::string device;        // "CPU"
  std::string model_sha256;  // of the file in the engine's format
  std::string weight_set;    // the same logical weights over formats; empty when unknown
  std::string weight_type;
  std::string kv_type;
  std::string activation_type;
  std::string attention;
  int threads = 1;
  bool compile = false;
  int slots = 1;        // rows that it was loaded for
  std::string padding;  // "none" or "right"
};

struct Candidate {
  core::CandidateId id;
  CandidateIdentity identity;
  std::string name;        // short and unique in a run, for people: "llamacpp-q8_0-cpu-t1"
  std::string model_name;  // "SmolLM2-135M-Instruct"
  std::int64_t parameters = 0;
  std::map<std::string, int> prefill_nodes_by_device;
  std::map<std::string, int> decode_nodes_by_device;
  std::map<std::string, int> weight_tensors_by_type;
  bool fallback = false;
  std::string fallback_reason;
  std::string compile_grade;  // "not_requested", "witnessed", ...
};

[[nodiscard]] core::Json to_json(const CandidateIdentity& identity);
[[nodiscard]] core::Json to_json(const Candidate& candidate);
[[nodiscard]] core::Result<Candidate> candidate_from_json(
    const core::Json& json);  // checks that id is the identity's hash
[[nodiscard]] core::CandidateId candidate_id(const CandidateIdentity& identity);

}  // namespace phasegate::evidence
