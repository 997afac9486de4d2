// An observation is one row of somebody else's measurement: one line of observations.jsonl in an imported run
// (schemas/observation.schema.json). It is not a Record: nobody of ours saw the call, so there are no instants of our
// clock, no attribution and no session. Backend, model and precision are the source's labels, which prove nothing.
// A value that the source lacks is absent (null in JSON), never 0. The row itself is kept verbatim in `source`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "evidence/reason.h"
#include "evidence/record.h"

namespace phasegate::evidence {

inline constexpr int kObservationVersion = 1;

// What the source's clock enclosed. Values of different windows are never compared.
enum class Window {
  prefill,            // one forward over the prompt
  decode,             // cached steps after it
  e2e,                // both, as one interval
  e2e_sum,            // both, as a sum of two windows
  generate_uncached,  // a loop that computes the whole sequence for every token
  service,            // the whole call of a service: tokenization, queue, load if it happened
  request,            // an HTTP request as its client saw it
};
[[nodiscard]] std::string_view to_string(Window window);
[[nodiscard]] std::optional<Window> parse_window(std::string_view text);

// Power as an aggregate: without the samples nobody can tell how often the sensor really changed.
struct PowerAggregate {
  std::int64_t samples = 0;
  double duration_s = 0;  // sensor on to sensor off, not the window of the row
  std::optional<double> gpu_mean_w;
  std::optional<double> gpu_peak_w;
  std::optional<double> cpu_mean_w;  // package
  std::optional<double> cpu_peak_w;
};

struct Observation {
  std::int64_t seq = 0;   // 0, 1, 2 … as read
  std::string file;       // inside the source, '/' between folders
  std::int64_t line = 0;  // from 1; of a list in one JSON document the position of the element, from 1
  std::string backend;    // label
  std::string model;      // label
  std::string precision;  // label; empty = none given
  std::string scenario;   // the source's own name; empty = none given
  Window window = Window::request;
  std::optional<Regime> regime;  // absent: the source does not tell cold from warm
  Status status = Status::ok;
  Reason reason = Reason::none;
  std::string error;                          // raw text
  std::vector<std::string> degraded_reasons;  // raw codes of the source
  std::optional<std::int64_t> repetition;
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> prompt_tokens;     // semantic, over all rows of the batch
  std::optional<std::int64_t> padded_tokens;     // computed length of one row
  std::optional<std::int64_t> generated_tokens;  // over all rows
  std::optional<std::int64_t> target_tokens;
  std::vector<double> latency_ms;   // each timed call of this row in order; empty when nothing was timed
  std::vector<double> ttft_ms;      // only when the source measured it: a copy of the latency is left out
  std::vector<double> itl_ms;       // gaps between the tokens or chunks of one request
  std::vector<double> tok_s;        // as the source published them, one for each latency
  std::vector<double> warmup_ms;    // warm-up calls that belong to this row
  std::optional<double> device_ms;  // device-side interval of the one latency
  std::optional<double> started_unix_s;
  std::optional<double> parameters;  // of the model, from the source
  std::optional<PowerAggregate> power;
  std::map<std::string, double> numbers;  // further numbers under the source's own names ("ollama_load_ms")
  std::string source;                     // the row, verbatim

  // Mean of latency_ms: what one row of several prompts stands for in the reports. Absent when nothing was timed.
  [[nodiscard]] std::optional<double> mean_latency_ms() const;
  // Counted in aggregates: status ok, no degraded reason, something timed (requirement 43), and no latency that no
  // clock gives (zero, negative).
  [[nodiscard]] bool usable() const {
    return status == Status::ok && degraded_reasons.empty() && !latency_ms.empty() &&
           std::all_of(latency_ms.begin(), latency_ms.end(), [](double ms) { return ms > 0; });
  }
};

// One line of observations.jsonl, canonical JSON without the line feed, written straight into `out` (cleared first):
// an import writes hundreds of MB.
[[nodiscard]] core::Status write_observation(const Observation& observation, std::string& out);

// Strict, as record_from_json. `where` is what an error names ("observations.jsonl:12").
[[nodiscard]] core::Result<Observation> read_observation(std::string_view line, std::string_view where);

}  // namespace phasegate::evidence
