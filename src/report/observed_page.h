// The page of an imported run: what `phasegate analyze RUN` shows. Every number names its key in
// analysis/observed.json.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/observed.h"
#include "report/page.h"

namespace phasegate::report {

// `facts` stand in the head: source, tool, when.
[[nodiscard]] Page observed_page(const analysis::ObservedAnalysis& analysis,
                                 std::vector<std::pair<std::string, std::string>> facts = {});

}  // namespace phasegate::report
