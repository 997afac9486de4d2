// A record is one phase of one measured call: one line of records.jsonl (schemas/record.schema.json, docs/formats.md).
// A call runs prefill and decode and writes three records that share `call`: prefill, decode, e2e (one interval, not a
// sum). Times are ns of the clock that `timing_source` names. A phase without a good result has no duration, a status
// and a reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/units.h"
#include "evidence/reason.h"

namespace phasegate::evidence {

inline constexpr int kRecordVersion = 1;

enum class Phase { prefill, decode, e2e };
enum class Regime { cold, warmup, post_idle, steady };  // never averaged together

[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] std::string_view to_string(Regime regime);
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text);
[[nodiscard]] std::optional<Regime> parse_regime(std::string_view text);

struct Scenario {
  int prompt_tokens = 0;  // semantic tokens of each row
  int gen_tokens = 0;
  int batch = 1;
  int depth = 0;  // tokens already in the KV cache before the measured prefill (measure --depth); else 0

  friend auto operator<=>(const Scenario&, const Scenario&) = default;
  [[nodiscard]] std::string id() const;  // "p64-g64-b1", "p64-g64-b1-d512"
};

// Signs of other load on this machine while the call ran; a marked sample stays in the raw data and is counted.
struct Contention {
  std::int64_t involuntary_switches = 0;  // of the session process, during the call
  std::int64_t steal_ticks = 0;           // of the whole machine (/proc/stat)
  double run_queue = 0;                   // runnable tasks beside ours (/proc/loadavg), at the end of the call
  bool marked = false;
};

struct Record {
  std::int64_t seq = 0;         // 0, 1, 2 … in the order of writing; no gap, no repeat
  std::string cell;             // candidate name + "/" + scenario id
  core::CandidateId candidate;  // empty only when the engine never loaded
  std::string candidate_name;
  std::string set = "S1";  // scenario set S0..S3
  Scenario scenario;
  std::string prompt_hash;       // sha256 over the token ids of all rows
  bool prompts_distinct = true;  // rows of the batch differ from each other
  int padded_tokens = 0;         // row length that was computed
  int round = 0;                 // session round: the unit of statistics
  std::string session;           // "r3-llamacpp-q8_0-cpu-t1"
  int block = 0;                 // order of blocks inside the round
  int order = 0;                 // position inside the block (ABBA)
  int call = 0;                  // number of the call inside the session
  bool control = false;          // control cell: watched for drift, not part of results
  Phase phase = Phase::prefill;
  Regime regime = Regime::steady;
  Status status = Status::ok;
  Reason reason = Reason::none;
  std::string error;          // raw text, empty when ok
  std::string timing_source;  // "steady_clock" or "virtual"
  std::optional<core::Instant> start;
  std::optional<core::Instant> stop;
  std::optional<core::Nanos> ttft;  // e2e only: start of prefill to first token known on the host
  std::vector<core::Nanos> steps;   // decode only: duration of each step
  std::int64_t prompt_tokens_semantic = 0;
  std::int64_t prompt_tokens_computed = 0;
  std::int64_t generated_tokens = 0;  // over all rows
  std::int64_t target_tokens = 0;     // over all rows
  std::string output_hash;            // sha256 over the generated ids; empty when nothing was generated
  Contention contention;
  std::string backend_requested;  // engine name in the matrix
  std::string backend_actual;     // from attribution
  std::string compile_grade = "not_requested";

  [[nodiscard]] std::optional<core::Nanos> duration() const {
    if (!start || !stop) return std::nullopt;
    return core::between(*start, *stop);
  }
  // prefill: semantic prompt tokens / s; decode: generated tokens / s; e2e: generated tokens / s.
  [[nodiscard]] std::optional<double> tokens_per_second() const;
  // Total = prompt + generated tokens / s; e2e only (requirement 21 keeps the two apart).
  [[nodiscard]] std::optional<double> total_tokens_per_second() const;
};

[[nodiscard]] core::Json to_json(const Scenario& scenario);
[[nodiscard]] core::Result<Scenario> scenario_from_json(const core::Json& json);
[[nodiscard]] core::Json to_json(const Record& record);
// Strict: unknown or missing keys, wrong types, negative durations and values outside their set are errors that name
// the key.
[[nodiscard]] core::Result<Record> record_from_json(const core::Json& json);

}  // namespace phasegate::evidence
