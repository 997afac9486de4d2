#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace phasegate::report {
namespace {

// Columns on a terminal: a code point is one column, a continuation byte none.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string plain(const Cell& cell) {
  if (cell.note.empty()) return cell.text;
  return cell.value ? cell.text + " " + cell.note : fmt::format("{} ({})", cell.text, cell.note);
}

// No line feed, escape or other control of the source reaches the terminal.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

std::string aligned(const Table& table) {
  std::vector<std::vector<std::string>> rows(1);
  for (const Column& column : table.columns) rows[0].push_back(column.title);
  for (const auto& row : table.rows) {
    auto& line = rows.emplace_back();
    for (const Cell& cell : row) line.push_back(printable(plain(cell)));
  }
  std::vector<std::size_t> widths(table.columns.size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - columns_of(row[i]), ' ');
      line += " " + (table.columns[i].number ? padding + row[i] : row[i] + padding) + " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

Cell words(std::string text) {
  Cell cell;
  cell.text = std::move(text);
  return cell;
}

Cell figure(std::optional<double> value, std::string key, std::string reason) {
  Cell cell;
  cell.key = std::move(key);
  if (!value || !std::isfinite(*value)) {
    cell.text = "—";
    cell.note = std::move(reason);
    return cell;
  }
  cell.value = value;
  cell.text = figure_text(*value);
  return cell;
}

void drop_column(Table& table, std::size_t column) {
  const auto at = static_cast<std::ptrdiff_t>(column);
  table.columns.erase(table.columns.begin() + at);
  for (auto& row : table.rows) row.erase(row.begin() + at);
}

void drop_unless_given(Section& section, std::size_t column) {
  auto& rows = section.table.rows;
  const auto given = [&](const std::vector<Cell>& row) { return row[column].value.has_value(); };
  if (rows.empty() || std::any_of(rows.begin(), rows.end(), given)) return;
  section.lead += fmt::format(" {}: in no cell ({}).", section.table.columns[column].title, rows.front()[column].note);
  drop_column(section.table, column);
}

std::string render_text(const Page& page) {
  std::string text = fmt::format("{}: {}\n", page.kicker, printable(page.title));
  for (const auto& [name, value] : page.facts) text += fmt::format("  {}: {}\n", name, printable(value));
  for (const std::string& note : page.notes) text += fmt::format("  note: {}\n", printable(note));
  for (const Section& section : page.sections) {
    text += fmt::format("\n{}\n", section.title);
    if (!section.lead.empty()) text += fmt::format("  {}\n", section.lead);
    text += section.table.rows.empty() ? fmt::format("  {}\n", section.empty) : aligned(section.table);
  }
  return text;
}

}  // namespace phasegate::report
