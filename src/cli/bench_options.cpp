#include "cli/bench_options.h"

#include <fmt/format.h>

namespace phasegate::cli {

bench::RunOptions bench_options(Context& context, const bench::Matrix& matrix, Progress& progress) {
  bench::RunOptions options;
  options.factories = context.factories;
  options.thresholds = context.thresholds;
  options.argv = context.argv;
  options.stop = context.stop;
  options.on_progress = [&progress](const bench::Progress& now) {
    const double fraction = now.total > 0 ? static_cast<double>(now.done) / static_cast<double>(now.total) : 0;
    progress.show(fraction, now.eta_s.value_or(-1),
                  fmt::format("round {}/{}  {}  {}", now.round + 1, now.rounds, now.doing, now.cell));
  };
  for (const auto& model : matrix.models) {
    if (std::filesystem::path(model.path).extension() != ".gguf" || !context.make_tokenizer) continue;
    if (auto tokenizer = context.make_tokenizer(model.path)) {
      options.tokenizer = std::move(*tokenizer);
      break;
    }
  }
  if (!options.tokenizer) progress.say("no vocabulary among the models: prompts are seeded token ids");
  return options;
}

}  // namespace phasegate::cli
