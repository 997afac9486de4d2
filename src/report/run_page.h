// The page of a native run: what `phasegate analyze RUN --report html` writes. Every number names its key in
// analysis/cells.json.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/run_analysis.h"
#include "report/page.h"

namespace phasegate::report {

[[nodiscard]] Page run_page(const analysis::RunAnalysis& analysis,
                            std::vector<std::pair<std::string, std::string>> facts = {});

}  // namespace phasegate::report
