#include "bench/round.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace phasegate::bench {

using core::Result;
using core::Status;
using evidence::Reason;
using evidence::Scenario;

namespace {

class Round {
 public:
  Round(const Campaign& campaign, Ledger& ledger, const RoundWork& work, RoundMemory& memory)
      : campaign_(campaign), ledger_(ledger), work_(work), memory_(memory) {}

  Result<RoundEnd> run() {
    PHASEGATE_TRY(opened, open_sessions());
    RoundEnd end = opened;
    PHASEGATE_CHECK_OK(ledger_.save());  // load and warm-up are known from here on, whatever happens
    if (opened == RoundEnd::done) {
      PHASEGATE_TRY(called, make_calls());
      end = called;
    }
    close_sessions();
    PHASEGATE_CHECK_OK(ledger_.save());
    return end;
  }

 private:
  std::set<Scenario> scenarios_of(int candidate) const {
    std::set<Scenario> scenarios;
    for (const PlannedCall& call : work_.calls) {
      if (call.candidate == candidate) scenarios.insert(call.scenario);
    }
    return scenarios;
  }

  Result<RoundEnd> open_sessions() {
    for (const PlannedCall& call : work_.calls) {
      if (sessions_.count(call.candidate) != 0) continue;
      if (campaign_.stopped()) return RoundEnd::stopped;
      const std::string& label = campaign_.spec(call.candidate).label;
      const int attempt = memory_.attempts[session_base(work_.number, label)] + 1;
      auto session = std::make_unique<CandidateSession>(
          campaign_, ledger_, CandidateSession::Place{call.candidate, work_.number, attempt, work_.repeats_round},
          scenarios_of(call.candidate));
      CandidateSession& opened = *(sessions_[call.candidate] = std::move(session));
      if (campaign_.budget_spent()) continue;  // its calls will say so
      PHASEGATE_TRY(step, open(opened, call.candidate, label));
      if (step == Step::stopped) return RoundEnd::stopped;
    }
    return RoundEnd::done;
  }

  Result<Step> open(CandidateSession& session, int candidate, const std::string& label) {
    const auto hopeless = memory_.hopeless.find(candidate);
    if (hopeless != memory_.hopeless.end()) {
      session.give_up(hopeless->second);
      return Step::done;
    }
    memory_.on_step("load and warm-up", label);
    PHASEGATE_TRY(step, session.open());
    if (session.failed() && session.failed()->status == evidence::Status::timeout) {
      Outcome outcome = *session.failed();
      outcome.text = "not tried again: " + outcome.text;
      memory_.hopeless[candidate] = std::move(outcome);
    }
    return step;
  }

  Result<RoundEnd> make_calls() {
    for (const PlannedCall& call : work_.calls) {
      if (campaign_.stopped()) return RoundEnd::stopped;
      CandidateSession& session = *sessions_.at(call.candidate);
      if (campaign_.budget_spent()) {
        PHASEGATE_CHECK_OK(session.write_off(
            call, {evidence::Status::skipped, Reason::budget_spent, "the budget was spent before this call"}));
      } else {
        memory_.on_step(call.control ? "control" : "measure",
                        campaign_.spec(call.candidate).label + "/" + call.scenario.id());
        PHASEGATE_TRY(step, session.call(call));
        if (step == Step::stopped) return RoundEnd::stopped;
      }
      memory_.on_done(call);
    }
    return RoundEnd::done;
  }

  void close_sessions() {
    for (auto& [candidate, session] : sessions_) {
      session->close();
      memory_.attempts[session_base(work_.number, campaign_.spec(candidate).label)] = session->attempt();
    }
  }

  const Campaign& campaign_;
  Ledger& ledger_;
  const RoundWork& work_;
  RoundMemory& memory_;
  std::map<int, std::unique_ptr<CandidateSession>> sessions_;
};

}  // namespace

std::string session_base(int round, const std::string& label) { return fmt::format("r{}-{}", round, label); }

Result<RoundEnd> run_round(const Campaign& campaign, Ledger& ledger, const RoundWork& work, RoundMemory& memory) {
  return Round(campaign, ledger, work, memory).run();
}

}  // namespace phasegate::bench
