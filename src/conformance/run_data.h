// A report's runs as the derivations see them: rows in memory, tables and documents by path. Rows are an import's
// Observations without their raw text; a run of a million rows takes about 400 MB.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/derived.h"
#include "conformance/published.h"
#include "evidence/observation.h"
#include "readers/source.h"

namespace phasegate::conformance {

struct RunData {
  std::string id;                           // the published id when it is one of those, else the run's own
  const PublishedRun* published = nullptr;  // null: a run that no report published
  std::filesystem::path root;
  readers::Source source;
  std::vector<evidence::Observation> rows;  // without their text
  std::string first_row;                    // the first one's text: a run without ids is known by the paths in it
};

struct ReportData {
  readers::Format format = readers::Format::tr117;
  std::string study;  // id of values over all runs: "<report> study" when it is the published one, else "study"
  std::vector<RunData> runs;
};

// The window's name in the reports: prefill, kv_decode, e2e_kv, generate, service, request.
[[nodiscard]] std::string_view mode_name(evidence::Window window);

// Fields of a row by which cells are formed.
using KeyOf = std::function<std::string(const evidence::Observation&)>;
using Rows = std::vector<const evidence::Observation*>;
using Cells = std::map<std::string, Rows>;

[[nodiscard]] Cells cells_of(const Rows& rows, const KeyOf& key);
[[nodiscard]] Rows rows_of(const RunData& run, const std::function<bool(const evidence::Observation&)>& take);

// One value of each row; rows that lack it are left out.
using ValueOf = std::function<std::optional<double>(const evidence::Observation&)>;
[[nodiscard]] std::vector<double> values_of(const Rows& rows, const ValueOf& value);
[[nodiscard]] std::optional<double> latency_of(const evidence::Observation& row);  // mean of its timed calls, ms
[[nodiscard]] std::optional<double> tok_s_of(const evidence::Observation& row);    // mean of its calls
[[nodiscard]] std::optional<double> ttft_of(const evidence::Observation& row);     // mean of its calls, ms
[[nodiscard]] std::optional<double> number_of(const evidence::Observation& row, const char* key);

// The first document or table whose path ends in `tail` ("crossover_fit.json"); null when there is none.
[[nodiscard]] const core::Json* document(const RunData& run, std::string_view tail);
[[nodiscard]] const readers::Table* table(const RunData& run, std::string_view tail);

// What a JSON value holds, or nothing when it is absent, null or of another type.
[[nodiscard]] std::optional<double> number_at(const core::Json& json, std::initializer_list<const char*> path);
[[nodiscard]] std::string text_at(const core::Json& json, std::initializer_list<const char*> path);
[[nodiscard]] const core::Json* at(const core::Json& json, std::initializer_list<const char*> path);

// Cells of a table by column name; empty when the column or the row is not there.
class TableView {
 public:
  explicit TableView(const readers::Table& table);
  [[nodiscard]] std::size_t size() const { return table_->rows.size(); }
  [[nodiscard]] std::string text(std::size_t row, const std::string& column) const;
  [[nodiscard]] std::optional<double> number(std::size_t row, const std::string& column) const;

 private:
  const readers::Table* table_;
  std::map<std::string, std::size_t> columns_;
};

}  // namespace phasegate::conformance
