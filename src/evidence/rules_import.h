// The rules for imported runs, as rules.h has them for our own: small functions in ordered lists. Rules over one row
// trip for that row; what a source lacks as a whole is one issue with a count. A new rule is one function, one line in
// its list, one mutation in validation_import_test.cpp and one line in docs/formats.md. Internal.
#pragma once

#include <set>
#include <unordered_map>
#include <vector>

#include "evidence/observation.h"
#include "evidence/rules.h"

namespace phasegate::evidence {

struct ImportFacts {
  const RunFacts& run;
  core::Json source;                           // source.json; null when unreadable
  std::set<std::string, std::less<>> files{};  // paths that source.json lists
};

// The same line in our file and in the source's.
[[nodiscard]] std::string where_of(std::int64_t line, const Observation& row);

// One row by itself: nullopt, or what is wrong.
struct RowRule {
  std::string_view name;
  bool warns = false;
  std::optional<std::string> (*check)(const Observation& row, const ImportFacts& facts) = nullptr;
};
[[nodiscard]] std::span<const RowRule> row_rules();

// The tokens that the row's window counts; absent when the source does not say.
[[nodiscard]] std::optional<std::int64_t> tokens_of(const Observation& row);

// 64-bit fingerprints of rows in bounded memory (kMaxSlots of 8 bytes).
class Fingerprints {
 public:
  explicit Fingerprints(std::int64_t rows_expected);
  // False when it was there. When the table is full nothing is kept any more and every row passes.
  [[nodiscard]] bool insert(std::uint64_t fingerprint);
  void prefetch(std::uint64_t fingerprint) const { __builtin_prefetch(&slots_[fingerprint & (slots_.size() - 1)]); }
  [[nodiscard]] bool full() const { return full_; }

 private:
  static constexpr std::size_t kMaxSlots = std::size_t{1} << 21U;
  std::vector<std::uint64_t> slots_;  // 0 = free
  std::size_t used_ = 0;
  bool full_ = false;
};

// What the pass over observations.jsonl counted.
struct ImportTotals {
  std::int64_t lines = 0;
  std::int64_t unreadable = 0;
  std::array<std::int64_t, kStatusNames.size()> by_status{};
  std::int64_t usable = 0;
  std::int64_t without_tokens = 0;  // of the usable rows, as the next two
  std::int64_t without_regime = 0;
  std::int64_t without_label = 0;  // backend or model
  std::int64_t requests = 0;       // rows of window request or service
  std::string sha256;
};

// Rules over the order of rows and over cells. Memory: a few words for each cell, of which kMaxCells are told apart.
class RowSequence {
 public:
  explicit RowSequence(std::int64_t rows_expected) : seen_(rows_expected) {}
  void check(const Observation& row, std::int64_t line, Findings& findings);
  void skip() { ++next_seq_; }  // a line that is no observation
  void close(const ImportFacts& facts, Findings& findings);

 private:
  static constexpr std::size_t kMaxCells = 65'536;
  struct Cell {
    std::int64_t rows = 0;    // measured: neither warm-up nor cold
    std::int64_t usable = 0;  // of them
    std::int64_t samples = 0;
  };
  void check_seq(const Observation& row, std::int64_t line, Findings& findings);
  [[nodiscard]] std::optional<std::uint64_t> fingerprint_of(const Observation& row);  // extends key_
  void check_clock(const Observation& row, std::int64_t line, Findings& findings);
  void count_cell(const Observation& row);

  std::int64_t next_seq_ = 0;
  Fingerprints seen_;
  std::string file_;  // that rows come from now
  std::optional<double> last_start_;
  std::string key_;  // of the row at hand; keeps its room
  std::unordered_map<std::string, Cell> cells_;
  bool too_many_cells_ = false;
};

// source.json: there, of its schema, and about the same files as plan.json. Fills facts.
void read_and_check_source(ImportFacts& facts, Findings& findings);

// After the pass: counts against what the source promised, and everything that the source lacks.
void check_import_totals(const ImportFacts& facts, const ImportTotals& totals, Findings& findings);

// The pass over observations.jsonl and all of the rules above.
[[nodiscard]] ImportTotals check_import(const RunFacts& facts, Findings& findings);

}  // namespace phasegate::evidence
