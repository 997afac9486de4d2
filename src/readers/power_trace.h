// A power trace as the table that it came from, so that source.json of an imported run holds it and energy can be
// integrated again from the store. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "readers/source.h"

namespace phasegate::readers {

// Columns as TR122 names them; NaN is an empty cell. Reading the table back gives the same trace.
[[nodiscard]] Table table_of_trace(const PowerTrace& trace);
[[nodiscard]] bool is_trace(const Table& table);
// nullopt when a cell is not what table_of_trace writes.
[[nodiscard]] std::optional<PowerTrace> trace_of_table(const std::string& file, const Table& table);

// More readings than a table may have cells for stay out of source.json.
[[nodiscard]] bool fits_a_table(const PowerTrace& trace);

}  // namespace phasegate::readers
