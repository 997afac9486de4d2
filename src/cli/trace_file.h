// A traffic trace: when requests arrived and how long they were. CSV with a header or JSON Lines, told apart by
// content.
//   timestamp      seconds (any epoch; --time-unit for ms, us, ns) or "2023-11-16 18:17:03.979", "2023-11-16T18:17:03Z"
//   prompt_tokens  optional
//   gen_tokens     optional
// Names under which public traces have the same columns are taken too: TIMESTAMP, Timestamp, arrival_time, t_s;
// ContextTokens, input_length, "Request tokens"; GeneratedTokens, output_length, "Response tokens". docs/capacity.md.
// A row that cannot be read is counted and the first one is named; the others are taken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/traffic.h"
#include "core/result.h"

namespace phasegate::cli {

inline constexpr std::size_t kMaxTraceRequests = 20'000'000;

struct Trace {
  std::vector<analysis::TraceRequest> requests;
  std::int64_t bad_rows = 0;
  std::string first_bad;  // "trace.csv:7: timestamp: expected …, found …"
};

// `seconds_per_unit` scales numeric timestamps. Errors: not_found, io, invalid_input (no timestamp column, no row that
// can be read, more than kMaxTraceRequests).
[[nodiscard]] core::Result<Trace> load_trace(const std::filesystem::path& path, double seconds_per_unit);

// "2023-11-16 18:17:03.979", with T for the blank, fraction and zone ("Z", "+01:00") optional: seconds since 1970.
[[nodiscard]] std::optional<double> parse_instant(std::string_view text);

}  // namespace phasegate::cli
