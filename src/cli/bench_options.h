// The options that run and measure hand to bench: engines, tokenizer, progress, Ctrl-C.
#pragma once

#include <filesystem>

#include "bench/runner.h"
#include "cli/context.h"
#include "cli/progress.h"

namespace phasegate::cli {

// Borrows context and progress. The tokenizer comes from the first GGUF of the matrix; without one prompts are seeded
// ids, which is said.
[[nodiscard]] bench::RunOptions bench_options(Context& context, const bench::Matrix& matrix, Progress& progress);

}  // namespace phasegate::cli
