// Wires the program by hand: reading this file shows which engines and commands it contains.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>

#include "bench/session.h"
#include "cli/context.h"
#include "cli/options.h"
#include "cli/output.h"
#include "core/log.h"
#include "engines/llamacpp/llamacpp_engine.h"
#include "engines/llamacpp/vocabulary.h"
#include "engines/onnx/onnx_engine.h"
#include "engines/sim/sim_engine.h"

namespace {

using namespace phasegate;

std::atomic<bool> interrupted = false;  // set by SIGINT and SIGTERM; read by whatever runs long

void on_signal(int signal) {
  interrupted.store(true, std::memory_order_relaxed);
  std::signal(signal, SIG_DFL);  // a second Ctrl-C ends the program at once
}

std::vector<engines::EngineFactory> engine_factories() {
  std::vector<engines::EngineFactory> factories;
  factories.push_back(engines::llamacpp::factory());
  factories.push_back(engines::onnx::factory());
  factories.push_back(engines::sim::factory());
  return factories;
}

core::Result<bench::Tokenizer> make_tokenizer(const std::filesystem::path& gguf) {
  PHASEGATE_TRY(loaded, engines::llamacpp::Vocabulary::load(gguf.string()));
  // Shared, because std::function copies: the tokenizer is handed on by value.
  auto vocabulary = std::make_shared<engines::llamacpp::Vocabulary>(std::move(loaded));
  return bench::Tokenizer([vocabulary](std::string_view text) { return vocabulary->tokenize(text, false); });
}

int dispatch(cli::Context& context) {
  const auto& command = context.options.command;
  if (std::holds_alternative<cli::DoctorOptions>(command)) return cli::cmd_doctor(context);
  if (std::holds_alternative<cli::VersionOptions>(command)) return cli::cmd_version(context);
  if (const auto* run = std::get_if<cli::RunOptions>(&command)) return cli::cmd_run(context, *run);
  if (const auto* measure = std::get_if<cli::MeasureOptions>(&command)) return cli::cmd_measure(context, *measure);
  if (const auto* step = std::get_if<cli::StepOptions>(&command)) return cli::cmd_step(context, *step);
  if (const auto* card = std::get_if<cli::CardOptions>(&command)) return cli::cmd_card(context, *card);
  if (const auto* explain = std::get_if<cli::ExplainOptions>(&command)) return cli::cmd_explain(context, *explain);
  if (const auto* forge = std::get_if<cli::ForgeOptions>(&command)) return cli::cmd_forge(context, *forge);
  if (const auto* bound = std::get_if<cli::BoundCommand>(&command)) return bound->run(context);
  return cli::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  auto parsed = cli::parse_options(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  cli::Context context;
  context.options = std::move(std::get<cli::Options>(parsed));
  if (context.options.verbose) core::set_log_level(core::LogLevel::debug);
  context.factories = engine_factories();
  if (const auto* session = std::get_if<cli::SessionOptions>(&context.options.command)) {
    return bench::run_session(session->in_fd, session->out_fd, context.factories);
  }
  context.argv.assign(argv, argv + argc);
  context.stop = &interrupted;
  context.make_tokenizer = make_tokenizer;
  context.thresholds = evidence::default_thresholds();
  if (!context.options.thresholds.empty()) {
    auto loaded = evidence::load_thresholds(context.options.thresholds);
    if (!loaded) return cli::report_error(loaded.error(), context.options.json);
    context.thresholds = *loaded;
  }
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return dispatch(context);
}
