// The cells of a TR121 run and the tables that follow from them alone: medians, aggregates, warm-up effect, capacity,
// decode fractions. Internal to this module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/derived.h"
#include "conformance/run_data.h"

namespace phasegate::conformance {

struct Tr121Cell {
  std::string backend, batch, model, scenario, mode;
  std::optional<double> parameters_m;  // millions: measured where it was, else from the configuration
  std::vector<double> latency;         // ms, measured calls in order
  std::vector<double> warmup;          // ms, warm-up calls
  Rows rows;                           // measured

  [[nodiscard]] std::string series() const { return name_of(backend, batch, mode); }
};

// One model over its scenarios.
struct Tr121Group {
  std::string backend, batch, model, mode;
  std::optional<double> parameters_m;
  std::size_t scenarios = 0;
  double latency_geomean_ms = 0;
  double latency_median_of_medians_ms = 0;
  std::optional<double> tok_s_geomean;
  std::vector<const Tr121Cell*> cells;

  [[nodiscard]] std::string series() const { return name_of(backend, batch, mode); }
};

[[nodiscard]] bool is_warmup(const evidence::Observation& row);
[[nodiscard]] std::optional<double> parameters_m(const evidence::Observation& row);

[[nodiscard]] std::vector<Tr121Cell> tr121_cells(const Rows& rows);  // ordered by backend, batch, model, scenario, mode
[[nodiscard]] std::vector<Tr121Group> aggregate(const std::vector<Tr121Cell>& cells);  // cells must outlive it

void write_cells(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out);
void write_warmup(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out);
void write_capacity(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out);
void write_row_agreement(const RunData& run, DerivedSet& out);
void write_model_fractions(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out);
void write_call_fractions(const RunData& run, DerivedSet& out);
void write_sweeps(const ReportData& report, DerivedSet& out);

}  // namespace phasegate::conformance
