// What may be said about a benchmark result. A claim has one verdict, one reason code and the place that it rests on;
// nothing here is a score. Plain values: copied, compared, written as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace phasegate::claims {

enum class Verdict {
  supported,      // the data carry it
  not_supported,  // the data are there and do not carry it
  no_data,        // the data that it needs are not there
  invalid,        // the file contradicts itself: nothing may be built on this value
};
[[nodiscard]] std::string_view to_string(Verdict verdict);

// Where a reader of the verdict can look. `key` is the source's own name.
struct Evidence {
  std::string file;
  std::string key;
  std::int64_t n = 0;  // samples that the claim rests on; 0 when it rests on none
};

// A group keeps claims together on the screen; it has no meaning of its own.
enum class Group { statistics, latency, load, regime, comparison, identity, economics, quality, consistency };
[[nodiscard]] std::string_view to_string(Group group);

struct Claim {
  std::string id;     // stable: "percentile.ttft_ms.p99"
  std::string claim;  // in words: "p99 of the time to first token"
  Group group = Group::statistics;
  Verdict verdict = Verdict::no_data;
  std::string reason;               // code, from a closed list in docs/check.md; empty when supported
  std::string because;              // one short sentence with the numbers; empty only when there is nothing to add
  std::string needs;                // what would make it supportable; empty when supported
  std::optional<double> value;      // derived from the rows; the unit is in the id
  std::optional<double> published;  // what the source says, when it says so
  Evidence evidence;
};

struct Report {
  std::string format;  // "vllm"
  std::string run;
  std::string tool;          // "vLLM bench serve", as docs name it; with its version when stated
  std::string tool_version;  // empty = not stated
  std::string what;          // "40 requests of one model, open loop at 2/s"
  std::vector<std::string> files;
  std::int64_t rows = 0;
  std::int64_t bad_rows = 0;
  std::vector<Claim> claims;

  [[nodiscard]] std::int64_t count(Verdict verdict) const;
};

[[nodiscard]] core::Json to_json(const Claim& claim);
[[nodiscard]] core::Json to_json(const Report& report);

}  // namespace phasegate::claims
