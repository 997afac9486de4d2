#include "evidence/validation.h"

#include <algorithm>

#include "core/sha256.h"
#include "evidence/import.h"
#include "evidence/lines.h"
#include "evidence/record_line.h"
#include "evidence/rules.h"
#include "evidence/rules_import.h"

namespace phasegate::evidence {
namespace {

void check_record(const Record& record, Line line, const RunFacts& facts, SequenceRules& sequence, Findings& findings) {
  for (const auto& rule : record_rules()) {
    auto what = rule.check(record, facts);
    if (!what) continue;
    if (rule.warns) {
      findings.warning(rule.name, line.where(), *std::move(what));
    } else {
      findings.issue(rule.name, line.where(), *std::move(what));
    }
  }
  sequence.check(record, line, facts, findings);
}

void count_record(const Record& record, RecordTotals& totals) {
  ++totals.by_status[static_cast<std::size_t>(record.status)];
  if (record.regime == Regime::steady || record.regime == Regime::post_idle) ++totals.planned;
  if (record.status == Status::ok && record.timing_source == "steady_clock") totals.real_time = true;
}

// One line; false when nothing behind it can be read.
bool check_line(LineReader::Step step, const LineReader& lines, std::string_view text, RecordParser& parser,
                const RunFacts& facts, SequenceRules& sequence, RecordTotals& totals, Findings& findings) {
  const Line line{lines.number()};
  if (step == LineReader::Step::too_long || step == LineReader::Step::read_error) {
    findings.issue("records_unreadable", line.where(),
                   step == LineReader::Step::too_long ? "the line is too long for a record" : "reading failed");
    return false;
  }
  if (lines.torn()) {
    findings.issue("torn_line", line.where(),
                   "the last line is cut off; go on with the run (--resume), which removes it");
    return true;
  }
  ++totals.lines;
  thread_local Record record;  // its vectors keep their room from line to line
  if (const auto problem = parser.parse(text, record); problem.found()) {
    findings.issue(rule_of(problem), problem.path.empty() ? line.where() : line.where() + " " + problem.path,
                   problem.what);
    ++totals.unreadable;
    sequence.skip();
    return true;
  }
  count_record(record, totals);
  check_record(record, line, facts, sequence, findings);
  return true;
}

void check_records(const RunFacts& facts, RecordTotals& totals, Findings& findings) {
  auto lines = LineReader::open(facts.folder / "records.jsonl");
  if (!lines) {
    findings.issue("records_unreadable", "records.jsonl", lines.error().what);
    return;
  }
  RecordParser parser;
  SequenceRules sequence;
  std::string_view line;
  for (;;) {
    const auto step = lines->next(line);
    if (step == LineReader::Step::end) break;
    if (!check_line(step, *lines, line, parser, facts, sequence, totals, findings)) return;
  }
  totals.sha256 = lines->sha256();
  sequence.close(findings);
}

void count_into(Validation& validation, std::int64_t lines,
                const std::array<std::int64_t, kStatusNames.size()>& by_status) {
  validation.records = lines;
  for (std::size_t i = 0; i < by_status.size(); ++i) {
    if (by_status[i] > 0) validation.by_status[std::string(kStatusNames[i])] = by_status[i];
  }
}

core::Json list_of(const std::vector<Issue>& issues) {
  auto list = core::Json::array();
  for (const auto& issue : issues) {
    list.push_back({{"rule", issue.rule}, {"where", issue.where}, {"what", issue.what}});
  }
  return list;
}

}  // namespace

void Findings::add(List& list, std::string_view rule, std::string where, std::string what) {
  auto at = list.count.find(rule);
  if (at == list.count.end()) at = list.count.emplace(rule, 0).first;
  if (++at->second <= kMaxIssuesOfRule) list.kept.push_back({std::string(rule), std::move(where), std::move(what)});
}

void Findings::close(List& list, std::vector<Issue>& into) {
  into = std::move(list.kept);
  for (const auto& [rule, count] : list.count) {
    if (count > kMaxIssuesOfRule) into.push_back({rule, "", fmt::format("and {} more", count - kMaxIssuesOfRule)});
  }
}

void Findings::issue(std::string_view rule, std::string where, std::string what) {
  add(issues_, rule, std::move(where), std::move(what));
}
void Findings::warning(std::string_view rule, std::string where, std::string what) {
  add(warnings_, rule, std::move(where), std::move(what));
}
void Findings::close(Validation& into) {
  close(issues_, into.issues);
  close(warnings_, into.warnings);
}

core::Result<Validation> validate_run(const std::filesystem::path& run) {
  Validation validation;
  auto manifest_hash = core::sha256_file(run / "manifest.json");
  if (!manifest_hash) {
    return core::fail(core::Error{core::ErrorKind::not_found, "holds no manifest.json, so it is not a run",
                                  run.string(), "name a run id, \"last\", or the folder of a run"});
  }
  validation.manifest_sha256 = *manifest_hash;
  RunFacts facts;
  facts.folder = run;
  Findings findings;
  read_and_check_manifest(facts, findings);
  std::error_code code;
  // A manifest that cannot be read does not say what its run is; its files do.
  const bool imported =
      facts.manifest ? is_imported(*facts.manifest) : std::filesystem::exists(run / "observations.jsonl", code);
  if (imported) {
    const auto totals = check_import(facts, findings);
    check_files(facts, "observations.jsonl", totals.sha256, findings);
    count_into(validation, totals.lines, totals.by_status);
  } else {
    RecordTotals totals;
    check_records(facts, totals, findings);
    check_totals(facts, totals, findings);
    count_into(validation, totals.lines, totals.by_status);
  }
  findings.close(validation);
  validation.canonical = validation.issues.empty();
  return validation;
}

bool only_provisional(const Validation& validation) {
  return !validation.issues.empty() && std::all_of(validation.issues.begin(), validation.issues.end(),
                                                   [](const Issue& issue) { return issue.rule == "run_provisional"; });
}

core::Json to_json(const Validation& validation) {
  return {{"schema", "phasegate.validation"},
          {"version", kValidationVersion},
          {"valid", validation.canonical},
          {"issues", list_of(validation.issues)},
          {"warnings", list_of(validation.warnings)},
          {"records", validation.records},
          {"by_status", validation.by_status},
          {"manifest_sha256", validation.manifest_sha256}};
}

}  // namespace phasegate::evidence
