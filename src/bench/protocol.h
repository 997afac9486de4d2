// Commands and answers between the runner and a session, as values, and their JSON. An answer is {"ok": …} or
// {"error": {kind, what, where, next}}. What comes from a session is not trusted: reading it checks every type.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/contention.h"
#include "core/json.h"
#include "core/result.h"
#include "engines/engine.h"
#include "evidence/record.h"

namespace phasegate::bench {

struct LoadCommand {
  std::string engine;
  engines::ModelRef model;
  engines::Placement placement;
  double timeout_s = 0;
};

struct LoadAnswer {
  core::Nanos load_time;
  engines::ModelFacts facts;
  std::string timing_source;  // "steady_clock" or "virtual"
};

// One prefill and one decode from it, on a clean cache.
struct CallCommand {
  std::vector<std::vector<engines::TokenId>> rows;
  int steps = 0;
  double timeout_s = 0;  // of the engine's own clock
};

struct CallAnswer {
  std::optional<engines::PhaseSample> prefill;  // null when it failed
  std::optional<engines::PhaseSample> decode;
  std::vector<core::Nanos> steps;
  std::string output_hash;           // over the generated ids, row by row
  std::optional<core::Error> error;  // of the phase that failed
  evidence::Contention contention;   // `marked` is not set here
  ContentionWindow window;
};

// Teacher-forced: element i is about the prediction of token i + 1 from the tokens up to i.
struct ScoreAnswer {
  std::vector<double> nll;  // -ln p(token i + 1), natural logarithm; one less than the tokens
  std::vector<engines::TokenId> best;
};

struct GreedyAnswer {
  std::vector<engines::TokenId> tokens;  // the prefill's own choice first
  std::vector<double> gaps;              // largest minus second largest logit behind each choice
};

[[nodiscard]] core::Json to_json(const LoadCommand& command);
[[nodiscard]] core::Json to_json(const CallCommand& command);
[[nodiscard]] core::Json score_command(const std::vector<engines::TokenId>& tokens, double timeout_s);
[[nodiscard]] core::Json greedy_command(const std::vector<engines::TokenId>& tokens, int steps, double timeout_s);
[[nodiscard]] core::Json attribution_command(double timeout_s);
[[nodiscard]] core::Json quit_command();

[[nodiscard]] core::Result<LoadCommand> load_command_from(const core::Json& json);
[[nodiscard]] core::Result<CallCommand> call_command_from(const core::Json& json);

[[nodiscard]] core::Json to_json(const LoadAnswer& answer);
[[nodiscard]] core::Json to_json(const CallAnswer& answer);
[[nodiscard]] core::Json to_json(const ScoreAnswer& answer);
[[nodiscard]] core::Json to_json(const GreedyAnswer& answer);
[[nodiscard]] core::Json to_json(const engines::Attribution& attribution);
[[nodiscard]] core::Json ok_answer(core::Json content);
[[nodiscard]] core::Json error_answer(const core::Error& error);

// The content of an answer, or the error that it carries.
[[nodiscard]] core::Result<core::Json> content_of(const core::Json& answer);
[[nodiscard]] core::Result<LoadAnswer> load_answer_from(const core::Json& content);
[[nodiscard]] core::Result<CallAnswer> call_answer_from(const core::Json& content);
[[nodiscard]] core::Result<ScoreAnswer> score_answer_from(const core::Json& content);
[[nodiscard]] core::Result<GreedyAnswer> greedy_answer_from(const core::Json& content);
[[nodiscard]] core::Result<engines::Attribution> attribution_from(const core::Json& content);

// Runs `read` and turns nlohmann's exceptions (missing key, wrong type) into an Error that quotes them.
template <class Read>
auto guarded(const char* what, Read&& read) -> core::Result<decltype(read())> {
  try {
    return read();
  } catch (const core::Json::exception& error) {
    return core::fail(core::ErrorKind::invalid_input, "{} is not as agreed: {}", what, error.what());
  }
}

}  // namespace phasegate::bench
