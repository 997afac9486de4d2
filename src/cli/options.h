// What the command line says, as plain structs: one for each command. options.cpp holds the table that fills them;
// commands read them and know nothing of the parser.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace phasegate::cli {

struct Context;

struct DoctorOptions {};
struct VersionOptions {};

struct RunOptions {
  std::string matrix;  // empty with quick or full
  bool quick = false;
  bool full = false;
  std::string budget;  // "10m"; empty = none
  std::vector<std::string> models;
  std::vector<std::string> engines;
  std::string resume;
  std::string pricing;
  std::string html;
  int rounds = 0;  // 0 = the matrix's own
  std::optional<std::uint64_t> seed;
  bool plan_only = false;
};

struct MeasureOptions {
  std::string engine;
  std::string model;
  std::vector<int> prompt = {512};
  std::vector<int> gen = {128};
  std::vector<int> batch = {1};
  int threads = 1;
  int depth = 0;
  int rounds = 1;
  int repetitions = 5;
};

struct RunsOptions {  // validate, price, decide
  std::vector<std::string> runs;
  std::string pricing;
  std::string mix;
};

struct CardOptions {
  std::string source = "last";  // policy id, policy file, or a folder with policy.json
  std::string html;
};

struct ExplainOptions {
  std::string policy = "last";
  int prompt_tokens = 0;
  int gen_tokens = 0;
  int batch = 1;
};

struct ForgeOptions {
  std::string from;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> to = {"gguf", "onnx"};
  std::string quant;
  std::string out;
};

struct SessionOptions {  // hidden: the child side of a session process
  int in_fd = 3;
  int out_fd = 4;
};

enum class RunStep { validate, price, decide };
struct StepOptions {
  RunStep step = RunStep::validate;
  RunsOptions runs;
};

// A command that keeps its options to itself (commands.h): run it.
struct BoundCommand {
  std::function<int(Context&)> run;
};

using Command = std::variant<std::monostate, DoctorOptions, VersionOptions, RunOptions, MeasureOptions, StepOptions,
                             CardOptions, ExplainOptions, ForgeOptions, SessionOptions, BoundCommand>;

struct Options {
  Command command;
  std::string store = ".phasegate";
  std::string thresholds;  // file; empty = compiled in
  bool json = false;
  bool verbose = false;
};

// Exit codes, documented in docs/cli.md.
inline constexpr int kExitDone = 0;      // a tie or a rejected candidate is a result
inline constexpr int kExitEvidence = 1;  // the evidence or a check failed
inline constexpr int kExitUsage = 2;
inline constexpr int kExitEnvironment = 3;  // something has to be installed or freed first

// Parses; prints help or a usage error itself and then returns the exit code instead of options.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace phasegate::cli
