// Does a row agree with itself? Reports publish a rate beside the tokens and the time that it is made of; a changed
// value in one row would drown in a median over repetitions, so the rows are asked one by one.
#pragma once

#include <functional>
#include <string>

#include "conformance/derived.h"
#include "conformance/run_data.h"

namespace phasegate::conformance {

[[nodiscard]] bool agree(double a, double b);  // to 1e-9 of the larger, or both 0

// Counts the usable rows for which `holds` is false under `name`; of a published run 0 is what the publication says.
void count_inconsistent(const RunData& run, const std::string& name, const std::string& identity,
                        const std::function<bool(const evidence::Observation&)>& holds, DerivedSet& out);

}  // namespace phasegate::conformance
