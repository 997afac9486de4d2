#include "conformance/run_data.h"

#include "analysis/moments.h"
#include "conformance/leaves.h"

namespace phasegate::conformance {
namespace {

std::optional<double> mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return analysis::mean(values);
}

template <class Map>
auto find_by_tail(const Map& map, std::string_view tail) -> const typename Map::mapped_type* {
  for (const auto& [path, value] : map) {
    if (!std::string_view(path).ends_with(tail)) continue;
    if (path.size() == tail.size() || path[path.size() - tail.size() - 1] == '/') return &value;
  }
  return nullptr;
}

}  // namespace

std::string_view mode_name(evidence::Window window) {
  switch (window) {
    case evidence::Window::prefill: return "prefill";
    case evidence::Window::decode: return "kv_decode";
    case evidence::Window::e2e:
    case evidence::Window::e2e_sum: return "e2e_kv";
    case evidence::Window::generate_uncached: return "generate";
    case evidence::Window::service: return "service";
    case evidence::Window::request: return "request";
  }
  return "";
}

Cells cells_of(const Rows& rows, const KeyOf& key) {
  Cells cells;
  for (const auto* row : rows) cells[key(*row)].push_back(row);
  return cells;
}

Rows rows_of(const RunData& run, const std::function<bool(const evidence::Observation&)>& take) {
  Rows rows;
  for (const auto& row : run.rows)
    if (take(row)) rows.push_back(&row);
  return rows;
}

std::vector<double> values_of(const Rows& rows, const ValueOf& value) {
  std::vector<double> values;
  for (const auto* row : rows)
    if (const auto found = value(*row)) values.push_back(*found);
  return values;
}

std::optional<double> latency_of(const evidence::Observation& row) { return mean_of(row.latency_ms); }
std::optional<double> tok_s_of(const evidence::Observation& row) { return mean_of(row.tok_s); }
std::optional<double> ttft_of(const evidence::Observation& row) { return mean_of(row.ttft_ms); }

std::optional<double> number_of(const evidence::Observation& row, const char* key) {
  const auto found = row.numbers.find(key);
  if (found == row.numbers.end()) return std::nullopt;
  return found->second;
}

const core::Json* document(const RunData& run, std::string_view tail) {
  return find_by_tail(run.source.documents, tail);
}

const readers::Table* table(const RunData& run, std::string_view tail) { return find_by_tail(run.source.tables, tail); }

const core::Json* at(const core::Json& json, std::initializer_list<const char*> path) {
  const core::Json* here = &json;
  for (const char* key : path) {
    if (!here->is_object()) return nullptr;
    const auto next = here->find(key);
    if (next == here->end()) return nullptr;
    here = &*next;
  }
  return here;
}

std::optional<double> number_at(const core::Json& json, std::initializer_list<const char*> path) {
  const auto* value = at(json, path);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::string text_at(const core::Json& json, std::initializer_list<const char*> path) {
  const auto* value = at(json, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

TableView::TableView(const readers::Table& table) : table_(&table) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) columns_.emplace(table.columns[i], i);
}

std::string TableView::text(std::size_t row, const std::string& column) const {
  const auto found = columns_.find(column);
  if (found == columns_.end() || row >= table_->rows.size() || found->second >= table_->rows[row].size()) return {};
  return table_->rows[row][found->second];
}

std::optional<double> TableView::number(std::size_t row, const std::string& column) const {
  return cell_number(text(row, column));
}

}  // namespace phasegate::conformance
