// What is known of the models before anything is loaded: how many tokens fit. Read from the files themselves.
#pragma once

#include "bench/plan.h"

namespace phasegate::cli {

// A model whose file cannot be read here has no entry: its load will say why.
[[nodiscard]] bench::PlanFacts plan_facts(const bench::Matrix& matrix);

}  // namespace phasegate::cli
