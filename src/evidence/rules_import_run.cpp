// Rules over an imported run as a whole: source.json, hashes and counts, and what nobody else's tool tells us.
#include <algorithm>

#include "core/sha256.h"
#include "evidence/import.h"
#include "evidence/rules_import.h"

namespace phasegate::evidence {
namespace {

constexpr std::array<std::string_view, 2> kMachineKeys = {"os", "cpu_model"};

std::string in_facts(std::string_view key) { return fmt::format("source.json facts.{}", key); }

std::int64_t failed_rows(const ImportTotals& totals) {
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < totals.by_status.size(); ++i) {
    if (static_cast<Status>(i) != Status::ok) failed += totals.by_status[i];
  }
  return failed;
}

void check_bad_rows(const core::Json& source, Findings& findings) {
  const auto all = source["bad_rows"].get<std::int64_t>();
  const auto kept = static_cast<std::int64_t>(source["bad"].size());
  for (const auto& row : source["bad"]) {
    const auto key = row["key"].is_null() ? std::string() : " " + row["key"].get<std::string>();
    findings.issue("bad_row",
                   fmt::format("{}:{}{}", row["file"].get<std::string>(), row["line"].get<std::int64_t>(), key),
                   fmt::format("{} was expected, {} was found", row["expected"].get<std::string>(),
                               row["found"].get<std::string>()));
  }
  if (all > kept) findings.issue("bad_row", "source.json bad_rows", fmt::format("{} rows could not be taken", all));
}

void check_row_counts(const ImportFacts& facts, const ImportTotals& totals, Findings& findings) {
  const auto& source = facts.source;
  const auto compare = [&](std::int64_t found, std::int64_t promised, const std::string& where, const char* who) {
    if (found == promised) return;
    findings.issue(found < promised ? "rows_missing" : "rows_extra", where,
                   fmt::format("{} rows, {} {}", found, promised, who));
  };
  if (facts.run.manifest && facts.run.manifest->finished && totals.lines != facts.run.manifest->counts.written) {
    return compare(totals.lines, facts.run.manifest->counts.written, "observations.jsonl", "in the manifest");
  }
  if (source.is_null()) return;
  const auto& promised = source["facts"]["rows_expected"];
  if (promised.is_number_integer()) {
    compare(totals.lines + source["bad_rows"].get<std::int64_t>(), promised.get<std::int64_t>(),
            in_facts("rows_expected"), "promised by the source");
  }
  if (totals.lines == 0) findings.issue("no_rows", "observations.jsonl", "the source has no row that could be read");
}

void check_failures(const ImportFacts& facts, const ImportTotals& totals, Findings& findings) {
  const auto& failed = facts.source["facts"]["failed"];
  if (!failed.is_number_integer() || failed == failed_rows(totals)) return;
  findings.issue("failed_mismatch", in_facts("failed"),
                 fmt::format("the source counts {} failed requests, its rows have {}", failed.get<std::int64_t>(),
                             failed_rows(totals)));
}

// One issue for what is missing from many rows.
void check_missing_values(const ImportTotals& totals, Findings& findings) {
  const auto report = [&](std::string_view rule, std::int64_t rows, const char* what) {
    if (rows == 0) return;
    findings.issue(rule, "observations.jsonl",
                   fmt::format("{} of {} usable rows have no {}", rows, totals.usable, what));
  };
  report("tokens_missing", totals.without_tokens, "token count: no tokens/s, no price of a token");
  report("regime_unknown", totals.without_regime, "regime: cold and warm calls cannot be told apart");
  report("label_missing", totals.without_label, "backend or model");
}

void check_environment_stated(const Manifest& manifest, Findings& findings) {
  const auto stated = [&](std::string_view key) {
    const auto at = manifest.environment.find(std::string(key));
    return at != manifest.environment.end() && !at->second.value.is_null();
  };
  if (std::all_of(kMachineKeys.begin(), kMachineKeys.end(), stated)) return;
  const auto count = std::count_if(kEnvironmentKeys.begin(), kEnvironmentKeys.end(), stated);
  findings.issue("no_environment", "manifest.json environment",
                 fmt::format("the source states {} of {} values; os and cpu_model must be among them", count,
                             kEnvironmentKeys.size()));
}

void check_accuracy(const Manifest& manifest, Findings& findings) {
  if (manifest.accuracy.empty()) {
    findings.issue("accuracy_missing", "manifest.json accuracy",
                   "the source measured no output quality: missing is a fail");
  }
  for (std::size_t i = 0; i < manifest.accuracy.size(); ++i) {
    const auto& accuracy = manifest.accuracy[i];
    const auto where = fmt::format("manifest.json accuracy[{}] {}", i, accuracy.candidate_name);
    if (accuracy.status == "missing") findings.issue("accuracy_missing", where, accuracy.reason);
    if (accuracy.status == "fail") findings.issue("accuracy_failed", where, accuracy.reason);
    if (accuracy.status == "pass" && !accuracy.reason.empty()) {
      findings.warning("accuracy_two_sided", where, accuracy.reason + ": better than the reference is odd too");
    }
  }
}

void check_sessions(const ImportFacts& facts, Findings& findings) {
  const auto& sessions = facts.source["facts"]["sessions"];
  const int floor = facts.run.thresholds.min_sessions;
  if (sessions.is_null()) {
    findings.issue("no_sessions", in_facts("sessions"), "the source does not say how many processes its rows are of");
  } else if (sessions < floor) {
    findings.issue("few_sessions", in_facts("sessions"),
                   fmt::format("{} of at least {}: no winner without repeats", sessions.get<std::int64_t>(), floor));
  }
}

// Requests need arrivals that do not wait for the system and the times that they were meant for; calls in a loop need
// an order that is not the order of what they compare.
void check_schedule(const ImportFacts& facts, const ImportTotals& totals, Findings& findings) {
  const auto& of = facts.source["facts"];
  if (totals.requests > 0) {
    if (of["arrival"].is_string() && of["intended_times"] == true) return;
    findings.issue("no_schedule", in_facts(of["arrival"].is_string() ? "intended_times" : "arrival"),
                   "without arrivals and intended times, latency under load hides the waiting");
  } else if (of["order_randomised"] != true) {
    findings.issue("no_schedule", in_facts("order_randomised"),
                   "the order of the calls was not randomised, or is not stated: drift looks like a difference");
  }
}

void check_claims_to_identity(const ImportFacts& facts, Findings& findings) {
  if (facts.run.manifest->candidates.empty()) {
    findings.issue("no_attribution", "manifest.json candidates",
                   "backend, precision and compile state are labels: nothing shows what ran");
  }
  if (facts.source["facts"]["model_identity"].is_null()) {
    findings.issue("model_unidentified", in_facts("model_identity"), "a served name does not identify weights");
  }
}

}  // namespace

void read_and_check_source(ImportFacts& facts, Findings& findings) {
  auto source = read_import_source(facts.run.folder);
  if (!source) {
    findings.issue("source_unreadable", "source.json", source.error().message());
    return;
  }
  for (const char* key : {"format", "run", "files"}) {
    if (facts.run.plan.is_null() || facts.run.plan[key] == (*source)[key]) continue;
    findings.issue("source_mismatch", fmt::format("source.json {}", key), "is not what plan.json says was read");
  }
  facts.source = std::move(*source);
  for (const auto& file : facts.source["files"]) facts.files.insert(file["path"].get<std::string>());
}

void check_import_totals(const ImportFacts& facts, const ImportTotals& totals, Findings& findings) {
  check_row_counts(facts, totals, findings);
  check_missing_values(totals, findings);
  if (!facts.run.manifest || facts.source.is_null()) return;
  check_bad_rows(facts.source, findings);
  check_failures(facts, totals, findings);
  check_environment_stated(*facts.run.manifest, findings);
  check_accuracy(*facts.run.manifest, findings);
  check_sessions(facts, findings);
  check_schedule(facts, totals, findings);
  check_claims_to_identity(facts, findings);
}

}  // namespace phasegate::evidence
