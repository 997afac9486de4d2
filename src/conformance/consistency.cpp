#include "conformance/consistency.h"

#include <algorithm>
#include <cmath>

namespace phasegate::conformance {

bool agree(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b)); }

void count_inconsistent(const RunData& run, const std::string& name, const std::string& identity,
                        const std::function<bool(const evidence::Observation&)>& holds, DerivedSet& out) {
  double inconsistent = 0;
  for (const auto& row : run.rows) inconsistent += row.usable() && !holds(row) ? 1 : 0;
  out.number(run.id, name, inconsistent);
  if (run.published != nullptr) out.state({run.id, name, Scalar(0.0), "each row: " + identity, {}});
}

}  // namespace phasegate::conformance
