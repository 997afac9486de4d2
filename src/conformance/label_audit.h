// TR120's audit of TR117's compile label: 42 files of TR117, of which cold_start_by_file.csv keeps a line each. Medians
// and percentiles over all samples need the samples and are absent here; sums, maxima and counts are exact.
#pragma once

#include "conformance/derived.h"
#include "conformance/run_data.h"

namespace phasegate::conformance {

void audit_labels(const RunData& run, DerivedSet& out);  // nothing for a run without that table

// Two-sided p of Mann-Whitney's U by the normal approximation with continuity correction and no ties.
[[nodiscard]] double mann_whitney_p(double u, double n_a, double n_b);

}  // namespace phasegate::conformance
