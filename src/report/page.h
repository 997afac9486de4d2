// A page of tables with plots beside them. One model for the terminal and for HTML, so that both say the same.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace phasegate::report {

// One entry of a table. A number carries the path of keys by which the artifact named in its table holds it.
struct Cell {
  std::string text;  // as shown; "—" with a note when there is no value
  std::string note;  // interval, or why there is no value
  std::optional<double> value;
  std::optional<double> low;
  std::optional<double> high;
  std::string key;  // "cells.hf_cpu_fp32/….latency_ms.median.value"; empty = not a number of the artifact
};

[[nodiscard]] Cell words(std::string text);
// `reason` is the note of a value that is absent.
[[nodiscard]] Cell figure(std::optional<double> value, std::string key, std::string reason = {});

struct Column {
  std::string title;
  bool number = false;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
  std::string artifact;                 // "analysis/observed.json": where the keys lead
};

// Which columns of the section's table become a plot.
struct PlotSpec {
  std::vector<std::size_t> labels;    // joined, they name a row of the plot
  std::optional<std::size_t> series;  // its different texts become marks; none = one series
  std::size_t value = 0;              // its value, low and high
  std::string unit;
  bool logarithmic = false;
  std::optional<double> reference;
};

struct Section {
  std::string title;
  std::string lead;  // what the table is, in a sentence or two
  Table table;       // without rows the section says `empty`
  std::string empty;
  std::vector<PlotSpec> plots;
};

void drop_column(Table& table, std::size_t column);
// A column in which no cell has a value becomes a sentence of the lead. Plots that name later columns come after it.
void drop_unless_given(Section& section, std::size_t column);

struct Page {
  std::string kicker;
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> notes;  // what limits every number of the page
  std::vector<Section> sections;
};

// One file: no script, nothing fetched; light and dark, wide and narrow.
[[nodiscard]] std::string render_html(const Page& page);
// Plain text, tables aligned.
[[nodiscard]] std::string render_text(const Page& page);

}  // namespace phasegate::report
