// One derivation for each report: rows, tables and documents in, named values out. Pure functions; a value that its
// inputs do not give is absent with a reason, and a run of another model or matrix gives whatever its rows give.
#pragma once

#include "conformance/derived.h"
#include "conformance/run_data.h"

namespace phasegate::conformance {

void derive_tr117(const ReportData& report, DerivedSet& out);
void derive_tr118(const ReportData& report, DerivedSet& out);
void derive_tr119(const ReportData& report, DerivedSet& out);
void derive_tr120(const ReportData& report, DerivedSet& out);
void derive_tr121(const ReportData& report, DerivedSet& out);
void derive_tr122(const ReportData& report, DerivedSet& out);

}  // namespace phasegate::conformance
