// The rules of validation, one small function each; the lists in rules_*.cpp are the order in which they are asked.
// A new rule is one function, one line in its list, one mutation in validation_test.cpp and one line in
// docs/formats.md. Internal.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "evidence/codec.h"
#include "evidence/manifest.h"
#include "evidence/record.h"
#include "evidence/thresholds.h"
#include "evidence/validation.h"

namespace phasegate::evidence {

// Collects issues; bounded.
class Findings {
 public:
  void issue(std::string_view rule, std::string where, std::string what);
  void warning(std::string_view rule, std::string where, std::string what);
  // Adds "and n more" for what was not kept.
  void close(Validation& into);

 private:
  struct List {
    std::vector<Issue> kept;
    std::map<std::string, std::int64_t, std::less<>> count;
  };
  static void add(List& list, std::string_view rule, std::string where, std::string what);
  static void close(List& list, std::vector<Issue>& into);
  List issues_;
  List warnings_;
};

// What the other files of the run say, for rules over records.
struct RunFacts {
  std::filesystem::path folder;
  core::Json manifest_json;                                       // unsealed; null when unreadable
  std::optional<Manifest> manifest;                               // absent when it does not fit its schema
  core::Json plan;                                                // null when unreadable
  Thresholds thresholds;                                          // the run's own copy
  std::map<std::string, std::string, std::less<>> candidate_ids;  // by name
};

// A line of records.jsonl; its text is made for an issue only.
struct Line {
  std::int64_t number = 0;
  [[nodiscard]] std::string where() const { return fmt::format("records.jsonl:{}", number); }
};

// What the pass over records.jsonl counted.
struct RecordTotals {
  std::int64_t lines = 0;
  std::int64_t planned = 0;     // regime steady or post_idle
  std::int64_t unreadable = 0;  // lines that are no record: what they were cannot be counted
  std::array<std::int64_t, kStatusNames.size()> by_status{};
  bool real_time = false;  // some ok record was timed by the steady clock
  std::string sha256;
};

// Manifest, plan and their hashes. Fills what the record rules need.
void read_and_check_manifest(RunFacts& facts, Findings& findings);

// One record by itself: nullopt, or what is wrong.
struct RecordRule {
  std::string_view name;
  bool warns = false;
  std::optional<std::string> (*check)(const Record& record, const RunFacts& facts) = nullptr;
};
[[nodiscard]] std::span<const RecordRule> record_rules();

// Rules over the order of records. Memory: a few words for each session and for each cell of a session.
class SequenceRules {
 public:
  void check(const Record& record, Line line, const RunFacts& facts, Findings& findings);
  void skip() { ++next_seq_; }     // a line that is no record
  void close(Findings& findings);  // after the last record

 private:
  // Call numbers seen, as intervals: one interval as long as they come in order.
  class CallSet {
   public:
    [[nodiscard]] bool insert(int call);  // false when it was there

   private:
    std::map<int, int> intervals_;  // first -> last
  };
  struct Session {
    std::array<CallSet, kPhaseNames.size()> calls;
    std::map<std::string, bool, std::less<>> steady_seen;  // by cell
    int call = -1;                                         // the one that records come from now
    std::optional<core::Instant> last_stop;                // of calls before it
    std::optional<core::Instant> latest;                   // of it
    std::optional<core::Nanos> prefill, decode;            // of it
  };
  void check_seq(const Record& record, Line line, Findings& findings);
  static void check_clock(const Record& record, Session& session, Line line, Findings& findings);
  static void check_e2e(const Record& record, Session& session, Line line, const RunFacts& facts, Findings& findings);
  void check_regime(const Record& record, Session& session, Line line, Findings& findings);

  std::int64_t next_seq_ = 0;
  std::map<std::string, Session, std::less<>> sessions_;
  std::map<std::string, bool, std::less<>> cells_;  // has planned records
};

// After the pass: hashes, counts, build, derived files.
void check_totals(const RunFacts& facts, const RecordTotals& totals, Findings& findings);

// Hashes of the raw and the derived files alone: what an imported run shares with ours.
void check_files(const RunFacts& facts, std::string_view raw, const std::string& raw_sha256, Findings& findings);

// The rule that a reader's problem with a line belongs to.
[[nodiscard]] std::string_view rule_of(const Problem& problem);

}  // namespace phasegate::evidence
