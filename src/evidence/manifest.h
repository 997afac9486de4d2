// manifest.json: what a run was, where it ran and what it must contain. Written before the first record and completed
// after the last one; a run without the second phase is not canonical.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/units.h"
#include "evidence/candidate.h"

namespace phasegate::evidence {

inline constexpr int kManifestVersion = 1;

// A value read from the machine, or null with the reason why it could not be read.
struct EnvironmentValue {
  core::Json value;    // null when absent
  std::string reason;  // empty when present
};

// Requirement 34: fixed keys (schemas/manifest.schema.json); each is there in every manifest.
inline constexpr std::array<std::string_view, 26> kEnvironmentKeys = {"os",
                                                                      "kernel",
                                                                      "cpu_model",
                                                                      "cpu_cores",
                                                                      "cpu_governor",
                                                                      "cpu_flags",
                                                                      "virtualisation",
                                                                      "ram_bytes",
                                                                      "gpu",
                                                                      "driver",
                                                                      "cuda",
                                                                      "power_limit",
                                                                      "gpu_clocks",
                                                                      "gpu_state",
                                                                      "power_plan",
                                                                      "locale",
                                                                      "clock_source",
                                                                      "clock_resolution_ns",
                                                                      "libc",
                                                                      "compiler",
                                                                      "build_type",
                                                                      "phasegate_version",
                                                                      "git_commit",
                                                                      "git_dirty",
                                                                      "sanitizer",
                                                                      "hostname_hash"};
using Environment = std::map<std::string, EnvironmentValue>;

// Reads this machine. Slow parts are bounded; nothing here throws or fails: what cannot be read is null with a reason.
[[nodiscard]] Environment read_environment();

// The boundary: the values whose change makes a policy stale, and their hash.
[[nodiscard]] core::Json boundary_of(const Environment& environment, const std::vector<Candidate>& candidates);

struct RunCounts {
  // Records that the plan promises, and those of repeated rounds: regime steady or post_idle, whatever their status.
  // Warm-up and cold records come on top; how many is decided while running.
  std::int64_t expected = 0;
  std::int64_t written = 0;  // all lines of records.jsonl; filled in by the store
  std::map<std::string, std::int64_t> by_status;
};

struct Accuracy {  // per candidate, measured in the run on hashed text (S0)
  std::string candidate_name;
  std::optional<double> perplexity;
  std::optional<double> reference_perplexity;  // the same weights in fp32
  std::optional<double> delta_fraction;        // perplexity / reference - 1
  std::optional<double> top1_agreement;        // teacher-forced, against the reference; 0..1
  std::optional<int> greedy_equal_tokens;      // length of the equal greedy prefix
  std::optional<double> gap_at_divergence;     // reference's own top-two gap where greedy tokens part
  std::int64_t scored_tokens = 0;
  std::string text_sha256;
  std::string reference;  // what it was compared with
  std::string status;     // "pass", "fail", "missing"
  std::string reason;
};

struct Manifest {
  std::string run_id;
  std::string started;                  // UTC
  std::optional<std::string> finished;  // second phase
  std::string state = "running";        // running | complete | interrupted | provisional
  std::string state_reason;
  std::vector<std::string> argv;
  core::Json matrix;  // verbatim, as parsed
  std::string matrix_sha256;
  std::string plan_sha256;
  std::string mode;  // quick | full | custom | measure | imported (store.h: ImportWriter)
  std::uint64_t seed = 0;
  std::string generator;
  core::Json thresholds;
  std::string thresholds_sha256;
  std::string default_safe;  // candidate name
  Environment environment;
  std::vector<Candidate> candidates;
  std::vector<Accuracy> accuracy;
  core::Json instrument;  // S0: recorder overhead, clock resolution, noise
  core::Json sessions;    // per session: load ns, warm-up trajectory and whether it converged, drift, repeats
  RunCounts counts;
  std::map<std::string, std::string> files;  // name -> sha256; second phase
};

[[nodiscard]] core::Json to_json(const Accuracy& accuracy);
[[nodiscard]] core::Result<Accuracy> accuracy_from_json(const core::Json& json);
[[nodiscard]] core::Json to_json(const Manifest& manifest);
[[nodiscard]] core::Result<Manifest> manifest_from_json(const core::Json& json);

}  // namespace phasegate::evidence
