// What main.cpp wires and every command gets.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/prompts.h"
#include "cli/options.h"
#include "core/clock.h"
#include "core/result.h"
#include "engines/engine.h"
#include "evidence/thresholds.h"

namespace phasegate::cli {

struct Context {
  Options options;
  std::vector<std::string> argv;
  std::vector<engines::EngineFactory> factories;
  // The vocabulary of a GGUF file as a tokenizer; an Error (unsupported) when the file has none.
  std::function<core::Result<bench::Tokenizer>(const std::filesystem::path& gguf)> make_tokenizer;
  evidence::Thresholds thresholds;
  const std::atomic<bool>* stop = nullptr;  // Ctrl-C
  core::SystemClock clock;
};

// Each command prints its result and returns an exit code (options.h).
int cmd_doctor(Context& context);
int cmd_version(Context& context);
int cmd_run(Context& context, const RunOptions& options);
int cmd_measure(Context& context, const MeasureOptions& options);
int cmd_step(Context& context, const StepOptions& options);
int cmd_card(Context& context, const CardOptions& options);
int cmd_explain(Context& context, const ExplainOptions& options);
int cmd_forge(Context& context, const ForgeOptions& options);

}  // namespace phasegate::cli
