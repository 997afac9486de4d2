// For the tests of this folder: CSV tables under tests/conformance, as lists of {column: text}.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace phasegate::analysis {

using PublishedRow = std::map<std::string, std::string>;

inline std::vector<std::string> split_csv(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

inline std::string conformance_path(const std::string& path) {
  return std::string(PHASEGATE_SOURCE_DIR) + "/tests/conformance/reports/" + path;
}

inline std::vector<PublishedRow> published_table(const std::string& path) {
  std::ifstream file(conformance_path(path));
  EXPECT_TRUE(file.is_open()) << path;
  std::vector<PublishedRow> rows;
  std::string line;
  std::vector<std::string> columns;
  while (std::getline(file, line)) {
    const auto cells = split_csv(line);
    if (columns.empty()) {
      columns = cells;
      continue;
    }
    PublishedRow row;
    for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) row[columns[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  EXPECT_FALSE(rows.empty()) << path;
  return rows;
}

inline double number_in(const PublishedRow& row, const std::string& column) {
  const auto cell = row.find(column);
  EXPECT_TRUE(cell != row.end() && !cell->second.empty()) << column;
  return std::stod(cell->second);
}

}  // namespace phasegate::analysis
