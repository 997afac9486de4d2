// The claims ledger: what somebody claims, on which evidence, and whether the data at hand carry it. The texts are data
// (data/claims/whitepaper.yaml); the status of each is computed by a rule and is never typed in.
//
// Values; pure functions, no files, no threads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/json.h"
#include "core/result.h"
#include "evidence/policy.h"

namespace phasegate::claims {

enum class Standing {
  supported,         // the data carry it
  not_supported,     // the data that it needs are not here, or do not measure what it says
  not_identifiable,  // measured, and the data do not decide it
  is_false,          // the data say otherwise
};
[[nodiscard]] std::string_view to_string(Standing standing);  // "supported", …, "false"

// One value that was derived from the rows of a run.
struct Fact {
  std::string report;  // "tr119"
  std::string run;
  std::string file;  // of the rows, inside what was read
  std::string key;   // name of the value ("winner/prefill/batch_short")
  std::variant<double, std::string> value;
};

// What the data at hand give, looked up by report and name, in any run.
class FactBook {
 public:
  void add(Fact fact) { facts_[fact.report].push_back(std::move(fact)); }
  void add_run(std::string report, std::string run, std::string place);

  // All facts of a report whose key starts and ends so, by run and key.
  [[nodiscard]] std::vector<const Fact*> matching(std::string_view report, std::string_view prefix,
                                                  std::string_view suffix = {}) const;
  [[nodiscard]] const Fact* find(std::string_view report, std::string_view key, std::string_view run = {}) const;
  [[nodiscard]] std::optional<std::string> place_of(const std::string& report, const std::string& run) const;
  [[nodiscard]] bool empty() const { return facts_.empty(); }

 private:
  std::map<std::string, std::vector<Fact>, std::less<>> facts_;
  std::map<std::pair<std::string, std::string>, std::string> runs_;
};

[[nodiscard]] std::optional<double> number_of(const Fact* fact);
[[nodiscard]] std::string text_of(const Fact* fact);

struct LedgerEvidence {
  std::string run;
  std::string file;
  std::string key;
  std::string value;
};

// The evidence that the publication itself names, and where that run is among the data at hand.
struct Anchor {
  std::string path;   // as published
  std::string run;    // of which run it is a file
  std::string place;  // where that run is here; empty = it is not here
};

struct LedgerClaim {
  std::string id;
  std::string kind;  // decision, finding, rule, run
  std::string text;
  std::string where;  // in the publication, policy or run
  Standing status = Standing::not_supported;
  std::string because;
  std::vector<LedgerEvidence> evidence;
  std::vector<Anchor> anchors;
};

struct Ledger {
  std::string subject;  // what was judged: a folder, run or policy
  std::vector<LedgerClaim> claims;

  [[nodiscard]] std::size_t count(Standing standing) const;
};

// The whitepaper's decisions and findings against the facts.
[[nodiscard]] Ledger judge_whitepaper(const FactBook& facts, std::string subject);

// What one run of ours carries: that it is canonical, that decode dominates at 64 tokens and more, that a first call is
// a regime of its own. `canonical`: the verdict of validation.
[[nodiscard]] Ledger judge_run(const analysis::RunAnalysis& run, bool canonical);

// A claim for each rule of a policy: that its winner is faster, or that nothing separates the candidates and the rule
// therefore routes to default-safe. `alpha`: of the policy's own thresholds.
[[nodiscard]] Ledger judge_policy(const evidence::Policy& policy, std::string subject);

// Every rule of the policy has at least one supported claim (requirement 40).
[[nodiscard]] bool every_rule_is_supported(const evidence::Policy& policy, const Ledger& ledger);

[[nodiscard]] core::Json to_json(const LedgerClaim& claim);
[[nodiscard]] core::Json to_json(const Ledger& ledger);
[[nodiscard]] std::string to_text(const Ledger& ledger);

}  // namespace phasegate::claims
