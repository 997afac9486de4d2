// One candidate in one round: a fresh session that is loaded, introspected and warmed, and then makes the calls that
// the round hands to it. A session that ends early (crash, hang) is started again under the next attempt number,
// without the scenario that ended it; after kMaxAttempts the rest of the round has no result. One owner, one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/campaign.h"
#include "bench/ledger.h"

namespace phasegate::bench {

enum class Step { done, stopped };  // stopped: by the user, nothing was recorded for the call that ran

class CandidateSession {
 public:
  struct Place {
    int candidate = 0;
    int round = 0;
    int first_attempt = 1;
    std::optional<int> repeats_round;
  };
  static constexpr int kMaxAttempts = 3;

  CandidateSession(const Campaign& campaign, Ledger& ledger, Place place, std::set<evidence::Scenario> scenarios);

  // Loads and warms up. An engine that fails is no error here: its calls will have a reason.
  [[nodiscard]] core::Result<Step> open();
  // Instead of open: every call gets this outcome.
  void give_up(Outcome outcome);
  // Set when it never loaded, or ended too often.
  [[nodiscard]] const std::optional<Outcome>& failed() const { return failed_; }
  // Makes the call, or writes why not. Errors are faults of the store.
  [[nodiscard]] core::Result<Step> call(const PlannedCall& planned);
  // Writes the call without making it.
  [[nodiscard]] core::Status write_off(const PlannedCall& planned, const Outcome& outcome);
  // Says goodbye and writes what the manifest shall know.
  void close();

  [[nodiscard]] int attempt() const { return attempt_; }
  // Names of all attempts.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  [[nodiscard]] core::Result<Step> open_once();
  [[nodiscard]] core::Result<Step> restart_if_needed();
  [[nodiscard]] core::Result<Step> attribute();
  [[nodiscard]] core::Result<Step> warm_up();
  [[nodiscard]] core::Result<Step> warm_path(const evidence::Scenario& shape);
  [[nodiscard]] std::vector<evidence::Scenario> warmup_shapes() const;
  // True when a warm-up call of `shape` warms `scenario`.
  [[nodiscard]] bool warms(const evidence::Scenario& shape, const evidence::Scenario& scenario) const;
  [[nodiscard]] CallContext context(const PlannedCall& planned, evidence::Regime regime);
  [[nodiscard]] engines::Placement placement() const;
  void name_attempt();
  void note(const char* key, core::Json value);
  void fail(const Outcome& outcome);

  // One call to the session. Fills the records; e2e is null without a whole result.
  struct Called {
    std::vector<evidence::Record> records;
    std::optional<core::Nanos> e2e;
    bool stopped = false;
  };
  [[nodiscard]] Called make_call(const PlannedCall& planned, evidence::Regime regime);
  void judge_contention(std::vector<evidence::Record>& records, const CallAnswer& answer) const;

  const Campaign& campaign_;
  Ledger& ledger_;
  Place place_;
  std::set<evidence::Scenario> scenarios_;
  int attempt_;
  std::string name_;
  std::vector<std::string> names_;
  std::unique_ptr<SessionLink> link_;
  LoadAnswer loaded_;
  std::optional<Outcome> failed_;                  // no session: the outcome of all its calls
  std::map<evidence::Scenario, Outcome> blocked_;  // ended a session in this round
  evidence::Candidate candidate_;
  Outcome doubt_;
  int number_ = 0;
  std::int64_t warmup_row_ = 0;
  std::map<int, std::vector<double>> control_;  // block -> e2e of its calls, ns
};

// The drift of a session out of its control calls: median of each block, against the first block.
struct SessionDrift {
  std::optional<double> relative;  // the largest, null with fewer than two blocks
  bool alarm = false;
};
[[nodiscard]] SessionDrift session_drift(const std::map<int, std::vector<double>>& control_by_block,
                                         const evidence::Thresholds& thresholds);

}  // namespace phasegate::bench
