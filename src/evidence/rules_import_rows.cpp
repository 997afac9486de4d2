// The pass over observations.jsonl, and rules over the order of rows and over cells.
#include <algorithm>
#include <bit>
#include <charconv>
#include <functional>

#include "core/limits.h"
#include "evidence/lines.h"
#include "evidence/observation_line.h"
#include "evidence/rules_import.h"

namespace phasegate::evidence {
namespace {

constexpr std::int64_t kFewRows = 50'000;  // above it the table has its full size from the start: memory stays flat
constexpr char kSeparator = '\x1f';

bool is_measured(const Observation& row) {
  return !row.regime || *row.regime == Regime::steady || *row.regime == Regime::post_idle;
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

// What names a cell: values that are compared with each other only when all of these are equal.
void append_cell(std::string& key, const Observation& row) {
  for (const std::string* part : {&row.backend, &row.model, &row.precision, &row.scenario}) {
    key += *part;
    key += kSeparator;
  }
  key += to_string(row.window);
  for (const auto& part : {row.batch, row.target_tokens}) {
    key += kSeparator;
    if (part) append_integer(key, *part);
  }
}

std::string readable_cell(std::string cell) {
  std::replace(cell.begin(), cell.end(), kSeparator, '/');
  return cell;
}

std::string_view rule_of_row(const Problem& problem) {
  if (problem.fault == Fault::newer_version) return "newer_version";
  if (problem.what.find("duplicate key") != std::string::npos) return "duplicate_json_key";
  return problem.path.empty() ? "not_json" : "observation_schema";
}

void count_row(const Observation& row, ImportTotals& totals) {
  ++totals.by_status[static_cast<std::size_t>(row.status)];
  if (row.window == Window::request || row.window == Window::service) ++totals.requests;
  if (!row.usable()) return;
  ++totals.usable;
  if (!tokens_of(row)) ++totals.without_tokens;
  if (!row.regime) ++totals.without_regime;
  if (row.backend.empty() || row.model.empty()) ++totals.without_label;
}

void check_row(const Observation& row, std::int64_t line, const ImportFacts& facts, Findings& findings) {
  for (const auto& rule : row_rules()) {
    auto what = rule.check(row, facts);
    if (!what) continue;
    if (rule.warns) {
      findings.warning(rule.name, where_of(line, row), *std::move(what));
    } else {
      findings.issue(rule.name, where_of(line, row), *std::move(what));
    }
  }
}

struct Pass {
  const ImportFacts& facts;
  Findings& findings;
  RowSequence sequence;
  ImportTotals totals{};
  ObservationParser parser{};
  Observation row{};  // its vectors keep their room from line to line
};

// One line; false when nothing behind it can be read.
bool check_line(LineReader::Step step, const LineReader& lines, std::string_view text, Pass& pass) {
  const auto where = [&] { return fmt::format("observations.jsonl:{}", lines.number()); };
  if (step != LineReader::Step::line) {
    pass.findings.issue("rows_unreadable", where(),
                        step == LineReader::Step::too_long ? "the line is too long" : "reading failed");
    return false;
  }
  if (lines.torn()) {
    pass.findings.issue("torn_line", where(), "the last line is cut off: import the source again");
    return true;
  }
  ++pass.totals.lines;
  if (const auto problem = pass.parser.parse(text, pass.row); problem.found()) {
    pass.findings.issue(rule_of_row(problem), problem.path.empty() ? where() : where() + " " + problem.path,
                        problem.what);
    ++pass.totals.unreadable;
    pass.sequence.skip();
    return true;
  }
  count_row(pass.row, pass.totals);
  check_row(pass.row, lines.number(), pass.facts, pass.findings);
  pass.sequence.check(pass.row, lines.number(), pass.findings);
  return true;
}

}  // namespace

Fingerprints::Fingerprints(std::int64_t rows_expected)
    : slots_(rows_expected > kFewRows
                 ? kMaxSlots
                 : std::bit_ceil(static_cast<std::size_t>(std::max<std::int64_t>(rows_expected, 0) * 2 + 64))) {}

bool Fingerprints::insert(std::uint64_t fingerprint) {
  if (full_) return true;
  fingerprint += fingerprint == 0 ? 1 : 0;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = fingerprint & mask;; at = (at + 1) & mask) {
    if (slots_[at] == fingerprint) return false;
    if (slots_[at] != 0) continue;
    full_ = used_ >= slots_.size() / 4 * 3;
    if (full_) return true;
    slots_[at] = fingerprint;
    ++used_;
    return true;
  }
}

void RowSequence::check(const Observation& row, std::int64_t line, Findings& findings) {
  key_.clear();
  append_cell(key_, row);
  const std::size_t cell_size = key_.size();
  const auto fingerprint = fingerprint_of(row);
  if (fingerprint) seen_.prefetch(*fingerprint);
  key_.resize(cell_size);
  check_seq(row, line, findings);
  check_clock(row, line, findings);
  count_cell(row);
  if (!fingerprint || seen_.insert(*fingerprint)) return;
  findings.issue("duplicate_row", where_of(line, row),
                 row.repetition ? fmt::format("repetition {} of {} stands here again", *row.repetition, row.scenario)
                                : "the same row stands here again: a copy, or a clock too coarse to tell them apart");
}

void RowSequence::check_seq(const Observation& row, std::int64_t line, Findings& findings) {
  if (row.seq != next_seq_) {
    findings.issue(row.seq > next_seq_ ? "seq_gap" : "seq_repeat", where_of(line, row),
                   fmt::format("seq {}, {} was expected", row.seq, next_seq_));
  }
  next_seq_ = row.seq + 1;
}

// Requests overlap, and tools write them as they end: their starts have no order.
void RowSequence::check_clock(const Observation& row, std::int64_t line, Findings& findings) {
  if (row.file != file_) {
    file_ = row.file;
    last_start_.reset();
  }
  if (!row.started_unix_s || row.window == Window::request) return;
  if (last_start_ && *row.started_unix_s < *last_start_) {
    findings.issue("clock_backwards", where_of(line, row),
                   fmt::format("starts {:.6f} s before the row before it", *last_start_ - *row.started_unix_s));
  }
  last_start_ = row.started_unix_s;
}

void RowSequence::count_cell(const Observation& row) {
  if (!is_measured(row)) return;
  auto at = cells_.find(key_);
  if (at == cells_.end()) {
    if (cells_.size() >= kMaxCells) {
      too_many_cells_ = true;
      return;
    }
    at = cells_.emplace(key_, Cell{}).first;
  }
  ++at->second.rows;
  if (!row.usable()) return;
  ++at->second.usable;
  at->second.samples += std::ssize(row.latency_ms);
}

// A row that names its repetition stands once for each of its cell; any other once as a text. A failed one may be the
// same text again.
std::optional<std::uint64_t> RowSequence::fingerprint_of(const Observation& row) {
  const std::hash<std::string_view> hash;
  if (!row.repetition) return row.latency_ms.empty() ? std::nullopt : std::optional(hash(row.source));
  key_ += kSeparator;
  key_ += row.file;
  const auto regime = row.regime ? std::optional<std::int64_t>(static_cast<int>(*row.regime)) : std::nullopt;
  for (const auto number : {row.repetition, row.prompt_tokens, regime}) {
    key_ += kSeparator;
    if (number) append_integer(key_, *number);
  }
  return hash(key_);
}

void RowSequence::close(const ImportFacts& facts, Findings& findings) {
  std::vector<std::pair<std::string, Cell>> sorted(cells_.begin(), cells_.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const int floor = facts.run.thresholds.min_n_p95;
  for (const auto& [key, cell] : sorted) {
    if (cell.usable == 0) {
      findings.issue("cell_without_result", "observations.jsonl",
                     fmt::format("none of {} rows of {} is usable", cell.rows, readable_cell(key)));
      continue;
    }
    if (cell.usable < cell.rows) {
      findings.warning("degraded_rows", "observations.jsonl",
                       fmt::format("{} of {} rows of {} are kept, but out of every aggregate", cell.rows - cell.usable,
                                   cell.rows, readable_cell(key)));
    }
    if (cell.samples < floor) {
      findings.warning("few_samples", "observations.jsonl",
                       fmt::format("{} samples of {}: no p95 below {}", cell.samples, readable_cell(key), floor));
    }
  }
  if (too_many_cells_) {
    findings.warning("cells_not_counted", "observations.jsonl", fmt::format("more than {} cells", kMaxCells));
  }
  if (seen_.full()) {
    findings.warning("duplicates_not_checked", "observations.jsonl", "too many rows to hold against each other");
  }
}

ImportTotals check_import(const RunFacts& run, Findings& findings) {
  ImportFacts facts{run, {}};
  read_and_check_source(facts, findings);
  Pass pass{facts, findings, RowSequence(run.manifest ? run.manifest->counts.written : 0)};
  auto lines = LineReader::open(run.folder / "observations.jsonl", core::kMaxObservationLineBytes);
  if (!lines) {
    findings.issue("rows_unreadable", "observations.jsonl", lines.error().what);
    return std::move(pass.totals);
  }
  std::string_view line;
  for (;;) {
    const auto step = lines->next(line);
    if (step == LineReader::Step::end) break;
    if (!check_line(step, *lines, line, pass)) return std::move(pass.totals);
  }
  pass.totals.sha256 = lines->sha256();
  pass.sequence.close(facts, findings);
  check_import_totals(facts, pass.totals, findings);
  return std::move(pass.totals);
}

}  // namespace phasegate::evidence
