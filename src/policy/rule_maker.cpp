#include "policy/rule_maker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "policy/classify.h"
#include "policy/settle.h"

namespace phasegate::policy {
namespace {

using evidence::Candidate;
using evidence::Phase;
using evidence::Rule;
using evidence::Scenario;

struct Entrant {
  const Candidate* candidate = nullptr;
  GateInput input;
  std::optional<Rejection> rejection;

  [[nodiscard]] bool competes() const { return !rejection || rejection->finding.kind == FindingKind::thin; }
};

// The same candidate without compilation.
const Candidate* eager_twin(const Pool& pool, const Candidate& compiled) {
  evidence::CandidateIdentity eager = compiled.identity;
  eager.compile = false;
  const core::CandidateId id = evidence::candidate_id(eager);
  const auto found = std::find_if(pool.candidates.begin(), pool.candidates.end(),
                                  [&id](const Candidate& other) { return other.id == id; });
  return found == pool.candidates.end() ? nullptr : &*found;
}

// The largest p99 of the runs: the claim has to hold in each of them.
std::optional<double> worst_p99(const PooledCell* cell) {
  if (cell == nullptr) return std::nullopt;
  std::optional<double> worst;
  for (const auto& [run, part] : cell->parts) {
    if (!part->calls_ms.p99.value) return std::nullopt;
    worst = std::max(worst.value_or(0), *part->calls_ms.p99.value);
  }
  return worst;
}

TailEvidence tail_of(const Pool& pool, const Candidate& compiled, const PooledCell* cell, const Scenario& scenario,
                     Phase phase) {
  TailEvidence tail;
  const Candidate* eager = eager_twin(pool, compiled);
  if (eager == nullptr) {
    tail.missing = "the same candidate without compilation was not measured";
    return tail;
  }
  tail.compiled_p99_ms = worst_p99(cell);
  tail.eager_p99_ms = worst_p99(pool.find(eager->name, scenario, phase));
  tail.missing = fmt::format("a p99 needs {} calls of each", pool.thresholds.min_n_p99);
  return tail;
}

void fill_contests(const RuleContext& context, Phase phase, const std::vector<const Candidate*>& competitors,
                   Entrant& entrant) {
  for (Corner& corner : entrant.input.corners) {
    for (const Candidate* other : competitors) {
      if (other == entrant.candidate) continue;
      auto contest = context.contests.between(entrant.candidate->name, other->name, {corner.scenario, phase});
      if (!contest) {
        contest.emplace();
        contest->a = entrant.candidate->name;
        contest->b = other->name;
        contest->scenario = corner.scenario;
        contest->phase = phase;
        contest->comparison.reason = contest->verdict.reason = "few_sessions";
      }
      corner.contests.push_back(std::move(*contest));
    }
  }
}

// Beaten by one and the same other at every corner: no longer among the tied.
bool dominated(const Entrant& entrant, const std::vector<const Candidate*>& competitors) {
  return std::any_of(competitors.begin(), competitors.end(), [&entrant](const Candidate* other) {
    if (other == entrant.candidate) return false;
    const auto& corners = entrant.input.corners;
    return std::all_of(corners.begin(), corners.end(), [other](const Corner& corner) {
      return std::any_of(corner.contests.begin(), corner.contests.end(),
                         [other](const Contest& contest) { return contest.b == other->name && contest.lost(); });
    });
  });
}

// Who beats all others at this corner; empty when nobody does.
std::string winner_at(const Scenario& scenario, const std::vector<const Entrant*>& field) {
  for (const Entrant* entrant : field) {
    for (const Corner& corner : entrant->input.corners) {
      if (corner.scenario != scenario || corner.contests.empty()) continue;
      const auto won = [](const Contest& contest) { return contest.won(); };
      if (std::all_of(corner.contests.begin(), corner.contests.end(), won)) return entrant->candidate->name;
    }
  }
  return {};
}

// "llamacpp wins at p64-g64-b1, onnx at p512-g64-b1": different winners are no tie to be settled by more rounds.
std::string inversion_of(const Box& box, const std::vector<const Entrant*>& field) {
  std::map<std::string, std::vector<std::string>> places;
  for (const Scenario& corner : box.corners) {
    const std::string winner = winner_at(corner, field);
    if (!winner.empty()) places[winner].push_back(corner.id());
  }
  if (places.size() < 2) return {};
  std::vector<std::string> parts;
  for (const auto& [winner, corners] : places) {
    parts.push_back(fmt::format("{} at {}", winner, fmt::join(corners, " and ")));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The contest that is hardest to decide among the tied: the one that more rounds would have to move.
const Contest* hardest(const std::vector<const Entrant*>& tied) {
  const Contest* hardest = nullptr;
  const auto p_of = [](const Contest& contest) { return contest.p_adjusted.value_or(2); };
  for (const Entrant* entrant : tied) {
    for (const Corner& corner : entrant->input.corners) {
      for (const Contest& contest : corner.contests) {
        const bool among = std::any_of(
            tied.begin(), tied.end(), [&contest](const Entrant* other) { return other->candidate->name == contest.b; });
        if (!among || contest.won() || contest.lost()) continue;
        if (hardest == nullptr || p_of(contest) > p_of(*hardest)) hardest = &contest;
      }
    }
  }
  return hardest;
}

void name_winner(const Entrant& winner, Rule& rule) {
  rule.winner = winner.candidate->name;
  rule.compile = winner.candidate->identity.compile ? "on" : "off";
  const Contest* closest = nullptr;
  for (const Corner& corner : winner.input.corners) {
    for (const Contest& contest : corner.contests) {
      if (closest == nullptr || *contest.comparison.ratio < *closest->comparison.ratio) closest = &contest;
    }
  }
  rule.effect = evidence::Effect{
      *closest->comparison.ratio,      closest->comparison.ci95->low,           closest->comparison.ci95->high,
      closest->p_adjusted.value_or(1), static_cast<int>(closest->comparison.n), closest->b};
}

std::string absent_text(const Absent& absent) {
  return fmt::format("{} never ran: {}", absent.candidate, absent.reason);
}

// Few competitors: says why nobody can win and what is missing.
void explain_no_competition(const std::vector<Entrant>& entrants, const Pool& pool, Rule& rule) {
  std::vector<std::string> clear;
  std::vector<std::string> thin;
  std::vector<std::string> unfit;
  std::string thin_reason;
  for (const Absent& absent : pool.absent) unfit.push_back(absent_text(absent));
  for (const Entrant& entrant : entrants) {
    if (!entrant.rejection) {
      clear.push_back(entrant.candidate->name);
    } else {
      const Finding& finding = entrant.rejection->finding;
      auto& list = finding.kind == FindingKind::thin ? thin : unfit;
      list.push_back(fmt::format("{}: {}", entrant.candidate->name, finding.detail));
      if (finding.kind == FindingKind::thin && thin_reason.empty()) thin_reason = finding.reason;
    }
  }
  if (!thin.empty()) {
    rule.reason = thin_reason;
    rule.settle = fmt::format("measure until each candidate has {} session rounds with a converged warm-up ({})",
                              pool.thresholds.min_sessions, fmt::join(thin, "; "));
    return;
  }
  if (clear.size() == 1) {
    rule.reason = "no_comparison";
    const std::string others = unfit.empty() ? "no other was measured" : fmt::format("{}", fmt::join(unfit, "; "));
    rule.settle = fmt::format(
        "{} is the only candidate that passes the gates here ({}): mend or add another one and "
        "measure both in one run",
        clear.front(), others);
    return;
  }
  rule.reason = entrants.empty() ? "not_measured" : entrants.front().rejection->finding.reason;
  rule.settle = fmt::format("no candidate passes the gates here ({})", fmt::join(unfit, "; "));
}

void explain_tie(const RuleContext& context, const Box& box, const std::vector<Entrant>& entrants,
                 const std::vector<const Entrant*>& field, Rule& rule) {
  std::vector<const Entrant*> tied;
  for (const Entrant* entrant : field) {
    if (std::find(rule.tied.begin(), rule.tied.end(), entrant->candidate->name) != rule.tied.end()) {
      tied.push_back(entrant);
    }
  }
  const Contest* contest = hardest(tied);
  const std::string inversion = inversion_of(box, field);
  if (!inversion.empty() && (contest == nullptr || !contest->conflict)) {
    rule.reason = "inversion";
    rule.settle = fmt::format("the winner changes inside this bucket ({}): measure shapes between them", inversion);
    return;
  }
  const bool someone_thin = std::any_of(entrants.begin(), entrants.end(), [](const Entrant& entrant) {
    return entrant.rejection && entrant.rejection->finding.kind == FindingKind::thin;
  });
  if (contest == nullptr && someone_thin) {
    explain_no_competition(entrants, context.pool, rule);
    return;
  }
  if (contest == nullptr) {
    rule.reason = "tie";
    rule.settle = "no candidate beats all others at every corner: measure shapes between the corners";
    return;
  }
  // The reason of the best of the tied: what still keeps it from winning.
  rule.reason = "tie";
  for (const Entrant* entrant : tied) {
    if (entrant->rejection && entrant->rejection->finding.reason != "slower") {
      rule.reason = entrant->rejection->finding.reason;
      break;
    }
  }
  rule.settle = settle_contest(*contest, context.pool, context.contests.family());
}

void add_warmup(const RuleContext& context, const Box& box, Rule& rule) {
  const std::string& served = rule.winner ? *rule.winner : context.default_safe;
  const evidence::Thresholds& thresholds = context.pool.thresholds;
  std::optional<double> ratio;
  std::optional<double> delta_ms;
  for (const Scenario& corner : box.corners) {
    for (const Phase phase : {Phase::prefill, Phase::decode, Phase::e2e}) {
      const PooledCell* cell = context.pool.find(served, corner, phase);
      if (cell == nullptr) continue;
      for (const auto& [run, part] : cell->parts) {
        if (part->warmup.ratio.value) ratio = std::max(ratio.value_or(0), *part->warmup.ratio.value);
        if (part->warmup.delta_ms.value) {
          delta_ms = std::max(delta_ms.value_or(*part->warmup.delta_ms.value), *part->warmup.delta_ms.value);
        }
      }
    }
  }
  if (!ratio || !delta_ms) {
    rule.warmup_reason = fmt::format("not_measured: no first call of {} beside a steady one", served);
    return;
  }
  rule.warm_pool = *ratio > thresholds.warm_pool_ratio || *delta_ms > thresholds.warm_pool_delta_ms;
  rule.warmup_reason = fmt::format(
      "first call of {} is up to {:.2g}x steady, {:.3g} ms longer; a warm pool is needed above {:g}x or {:g} ms",
      served, *ratio, std::max(*delta_ms, 0.0), thresholds.warm_pool_ratio, thresholds.warm_pool_delta_ms);
}

}  // namespace

GateInput gate_input(const Pool& pool, const std::string& scope, const Candidate& candidate, Phase phase,
                     const std::vector<Scenario>& corners) {
  const auto accuracy = pool.accuracy.find(candidate.name);
  const auto newest = pool.newest_finish.find(candidate.name);
  GateInput input{candidate,
                  accuracy == pool.accuracy.end() ? nullptr : accuracy->second,
                  pool.thresholds,
                  scope,
                  newest == pool.newest_finish.end() ? std::string() : newest->second,
                  pool.created,
                  {},
                  {}};
  for (const Scenario& scenario : corners) {
    Corner corner{scenario, pool.find(candidate.name, scenario, phase), {}, {}};
    if (candidate.identity.compile) corner.tail = tail_of(pool, candidate, corner.cell, scenario, phase);
    input.corners.push_back(std::move(corner));
  }
  return input;
}

std::vector<evidence::EvidenceRef> refs_of(const PooledCell& cell, const std::string& field) {
  std::vector<evidence::EvidenceRef> refs;
  for (const auto& [run, part] : cell.parts) {
    refs.push_back({run, analysis::kCellsFile, fmt::format("{}#{}", analysis::cell_key(*part), field)});
  }
  return refs;
}

evidence::Rule make_rule(const RuleContext& context, const Box& box) {
  Rule rule;
  rule.tier = context.tier;
  rule.workload = box.workload;
  rule.bucket = box.bucket;
  rule.objective = objective_of(box.workload);
  const Phase phase = phase_of(box.workload);
  std::vector<Entrant> entrants;
  std::vector<const Candidate*> competitors;
  for (const Candidate* candidate : context.pool.of_tier(context.tier)) {
    Entrant entrant{candidate, gate_input(context.pool, context.scope, *candidate, phase, box.corners), {}};
    entrant.rejection = ask_gates(entrant.input, false);
    if (entrant.competes()) competitors.push_back(candidate);
    entrants.push_back(std::move(entrant));
  }
  std::vector<const Entrant*> field;
  for (Entrant& entrant : entrants) {
    if (entrant.rejection) continue;
    fill_contests(context, phase, competitors, entrant);
    entrant.rejection = competitors.size() < 2 ? std::nullopt : ask_gates(entrant.input, true);
    field.push_back(&entrant);
  }
  for (const Entrant* entrant : field) {
    if (!entrant->rejection && competitors.size() >= 2) {
      name_winner(*entrant, rule);
    } else if (!dominated(*entrant, competitors)) {
      rule.tied.push_back(entrant->candidate->name);
    }
  }
  if (rule.winner) {
    rule.tied.clear();
  } else if (field.size() < 2) {
    explain_no_competition(entrants, context.pool, rule);
  } else {
    explain_tie(context, box, entrants, field, rule);
  }
  for (const Entrant& entrant : entrants) {
    if (!entrant.rejection) continue;
    const Finding& finding = entrant.rejection->finding;
    rule.rejected.push_back(
        {entrant.candidate->name, std::string(entrant.rejection->gate), finding.reason, finding.detail});
  }
  // Which tier a candidate would have been in is known only when there is but one.
  if (context.pool.tiers.names().size() == 1) {
    for (const Absent& absent : context.pool.absent) {
      rule.rejected.push_back({absent.candidate, "envelope", absent.reason,
                               fmt::format("never ran: {} planned calls were not made", absent.calls)});
    }
  }
  for (const Candidate* candidate : competitors) {
    for (const Scenario& corner : box.corners) {
      const PooledCell* cell = context.pool.find(candidate->name, corner, phase);
      if (cell == nullptr) continue;
      for (auto& ref : refs_of(*cell, phase == Phase::e2e ? "ms" : "tok_s")) rule.evidence.push_back(std::move(ref));
    }
  }
  add_warmup(context, box, rule);
  return rule;
}

}  // namespace phasegate::policy
