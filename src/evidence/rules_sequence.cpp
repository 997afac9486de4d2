// Rules over the order of records: numbering, keys, clocks, regimes.
#include <algorithm>
#include <cmath>

#include "evidence/rules.h"

namespace phasegate::evidence {

bool SequenceRules::CallSet::insert(int call) {
  auto after = intervals_.upper_bound(call);
  if (after != intervals_.begin()) {
    const auto before = std::prev(after);
    if (call <= before->second) return false;
    if (call - 1 == before->second) {
      before->second = call;
      if (after != intervals_.end() && after->first - 1 == call) {
        before->second = after->second;
        intervals_.erase(after);
      }
      return true;
    }
  }
  if (after != intervals_.end() && after->first - 1 == call) {
    const int last = after->second;
    intervals_.erase(after);
    intervals_.emplace(call, last);
  } else {
    intervals_.emplace(call, call);
  }
  return true;
}

void SequenceRules::check(const Record& record, Line line, const RunFacts& facts, Findings& findings) {
  check_seq(record, line, findings);
  auto at = sessions_.find(record.session);
  if (at == sessions_.end()) at = sessions_.emplace(record.session, Session{}).first;
  Session& session = at->second;
  if (!session.calls[static_cast<std::size_t>(record.phase)].insert(record.call)) {
    findings.issue(
        "duplicate_record", line.where(),
        fmt::format("session {} call {} {} stands here again", record.session, record.call, to_string(record.phase)));
    return;  // what it repeats says nothing about the order of the others
  }
  check_clock(record, session, line, findings);
  check_e2e(record, session, line, facts, findings);
  check_regime(record, session, line, findings);
}

void SequenceRules::check_seq(const Record& record, Line line, Findings& findings) {
  if (record.seq > next_seq_) {
    findings.issue("seq_gap", line.where(), fmt::format("seq {} follows, {} was expected", record.seq, next_seq_));
  } else if (record.seq < next_seq_) {
    findings.issue("seq_repeat", line.where(), fmt::format("seq {} again, {} was expected", record.seq, next_seq_));
  }
  next_seq_ = record.seq + 1;
}

void SequenceRules::check_clock(const Record& record, Session& session, Line line, Findings& findings) {
  if (record.call != session.call) {
    session.call = record.call;
    if (session.latest && (!session.last_stop || *session.latest > *session.last_stop)) {
      session.last_stop = session.latest;
    }
    session.prefill.reset();
    session.decode.reset();
  }
  if (record.start && session.last_stop && *record.start < *session.last_stop) {
    findings.issue("clock_backwards", line.where(),
                   fmt::format("starts {} ns before the call before it ended",
                               core::between(*record.start, *session.last_stop).value));
  }
  if (record.stop && (!session.latest || *record.stop > *session.latest)) session.latest = record.stop;
}

void SequenceRules::check_e2e(const Record& record, Session& session, Line line, const RunFacts& facts,
                              Findings& findings) {
  if (record.phase == Phase::prefill) session.prefill = record.duration();
  if (record.phase == Phase::decode) session.decode = record.duration();
  if (record.phase != Phase::e2e || !record.duration() || !session.prefill || !session.decode) return;
  const auto whole = static_cast<double>(record.duration()->value);
  const double parts = static_cast<double>(session.prefill->value) + static_cast<double>(session.decode->value);
  if (std::abs(whole - parts) <= facts.thresholds.e2e_tolerance * whole) return;
  findings.warning("e2e_discrepancy", line.where(),
                   fmt::format("e2e took {} ns, prefill and decode {} ns", whole, parts));
}

void SequenceRules::check_regime(const Record& record, Session& session, Line line, Findings& findings) {
  const bool planned = record.regime == Regime::steady || record.regime == Regime::post_idle;
  if (auto cell = cells_.find(record.cell); cell == cells_.end()) {
    cells_.emplace(record.cell, planned);
  } else {
    cell->second = cell->second || planned;
  }
  if (record.regime == Regime::steady) {
    if (!session.steady_seen.contains(record.cell)) session.steady_seen.emplace(record.cell, true);
  } else if (record.regime == Regime::warmup && session.steady_seen.contains(record.cell)) {
    findings.issue("warmup_after_steady", line.where(),
                   fmt::format("{} was already measured in session {}", record.cell, record.session));
  }
}

void SequenceRules::close(Findings& findings) {
  for (const auto& [cell, planned] : cells_) {
    if (!planned) findings.issue("cell_not_measured", "records.jsonl", cell + " has warm-up records alone");
  }
}

}  // namespace phasegate::evidence
