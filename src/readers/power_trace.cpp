#include "readers/power_trace.h"

#include <array>
#include <cmath>
#include <limits>

#include "core/json.h"
#include "core/limits.h"
#include "readers/number.h"

namespace phasegate::readers {
namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> names = {"t_ns",          "power_w",  "temp_c",   "sm_clock_mhz",
                                                 "mem_clock_mhz", "util_gpu", "util_mem", "vram_used_mb",
                                                 "read_ok",       "dt_s"};
  return names;
}

std::string cell(double value) { return std::isnan(value) ? std::string() : core::shortest(value); }

std::optional<double> value_of(const std::string& cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto number = parse_number(cell);
  return number.kind == NumberKind::number ? std::optional(number.value) : std::nullopt;
}

}  // namespace

Table table_of_trace(const PowerTrace& trace) {
  Table table{columns(), {}};
  table.rows.reserve(trace.t_ns.size());
  for (std::size_t i = 0; i < trace.t_ns.size(); ++i) {
    table.rows.push_back({std::to_string(trace.t_ns[i]), cell(trace.power_w[i]), cell(trace.temp_c[i]),
                          cell(trace.sm_clock_mhz[i]), cell(trace.mem_clock_mhz[i]), cell(trace.util_gpu[i]),
                          cell(trace.util_mem[i]), cell(trace.vram_used_mb[i]),
                          trace.read_ok[i] != 0 ? "True" : "False", cell(trace.dt_s[i])});
  }
  return table;
}

bool is_trace(const Table& table) { return table.columns == columns(); }

std::optional<PowerTrace> trace_of_table(const std::string& file, const Table& table) {
  PowerTrace trace;
  trace.file = file;
  for (const auto& row : table.rows) {
    if (row.size() != columns().size()) return std::nullopt;
    const auto t = parse_integer(row[0]);
    const auto ok = parse_flag(row[8]);
    std::array<double, 10> values{};
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (i == 8) continue;
      const auto value = value_of(row[i]);
      if (!value) return std::nullopt;
      values[i] = *value;
    }
    if (!t || !ok) return std::nullopt;
    trace.t_ns.push_back(*t);
    trace.power_w.push_back(values[1]);
    trace.temp_c.push_back(static_cast<float>(values[2]));
    trace.sm_clock_mhz.push_back(static_cast<float>(values[3]));
    trace.mem_clock_mhz.push_back(static_cast<float>(values[4]));
    trace.util_gpu.push_back(static_cast<float>(values[5]));
    trace.util_mem.push_back(static_cast<float>(values[6]));
    trace.vram_used_mb.push_back(static_cast<float>(values[7]));
    trace.read_ok.push_back(*ok ? 1 : 0);
    trace.dt_s.push_back(values[9]);
  }
  return trace;
}

bool fits_a_table(const PowerTrace& trace) {
  return trace.t_ns.size() <= core::kMaxSourceTableCells / columns().size();
}

}  // namespace phasegate::readers
