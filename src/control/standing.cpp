#include "control/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "control/words.h"

namespace phasegate::control {
namespace {

using core::Json;
using evidence::Step;
using evidence::StepKind;

struct Mark {  // of one policy, since it was approved
  std::vector<evidence::StepDrift> drifts;
  std::optional<std::string> since;
};
using Marks = std::map<std::string, Mark>;

void show_mark(const Marks& marks, Standing& standing) {
  const auto mark = standing.approved ? marks.find(*standing.approved) : marks.end();
  standing.stale = mark == marks.end() ? std::vector<evidence::StepDrift>() : mark->second.drifts;
  standing.stale_since = mark == marks.end() ? std::nullopt : mark->second.since;
}

// An approval is a fresh look at the policy; a rollback is not, so what was marked stays marked.
void enter_force(const Step& step, std::size_t at, Marks& marks, Standing& standing) {
  const std::string& policy = *step.policy;
  if (step.kind == StepKind::approve) marks.erase(policy);
  if (step.kind == StepKind::rollback) {
    const auto there = std::find(standing.line.begin(), standing.line.end(), policy);
    if (there != standing.line.end()) standing.line.erase(there, standing.line.end());
  }
  if (standing.line.empty() || standing.line.back() != policy) standing.line.push_back(policy);
  if (std::find(standing.ever.begin(), standing.ever.end(), policy) == standing.ever.end())
    standing.ever.push_back(policy);
  standing.approved = policy;
  standing.approved_at = at;
}

void mark_stale(const Step& step, Marks& marks) {
  Mark& mark = marks[*step.policy];
  mark.drifts.insert(mark.drifts.end(), step.drifts.begin(), step.drifts.end());
  if (!mark.since) mark.since = step.time;
}

void apply(const Step& step, std::size_t at, Marks& marks, Standing& standing) {
  switch (step.kind) {
    case StepKind::approve:
    case StepKind::rollback: return enter_force(step, at, marks, standing);
    case StepKind::freeze: standing.freezes.push_back({*step.window, step.who, step.why, step.seq}); return;
    case StepKind::lift: standing.freezes.clear(); return;
    case StepKind::stale: return mark_stale(step, marks);
  }
}

std::string what_text(const Step& step) {
  switch (step.kind) {
    case StepKind::approve:
    case StepKind::rollback:
      return fmt::format("{} {}{}", to_string(step.kind), short_id(*step.policy),
                         step.previous_policy ? fmt::format(" in place of {}", short_id(*step.previous_policy)) : "");
    case StepKind::freeze: return fmt::format("freeze from {} until {}", step.window->from, step.window->until);
    case StepKind::lift: return "lift the freeze";
    case StepKind::stale: return fmt::format("stale {}", short_id(*step.policy));
  }
  return {};
}

}  // namespace

const Freeze* Standing::frozen(const std::string& now) const {
  for (const Freeze& freeze : freezes) {
    if (freeze.window.from <= now && now < freeze.window.until) return &freeze;
  }
  return nullptr;
}

Standing standing_of(const evidence::History& history) {
  Standing standing;
  Marks marks;
  for (std::size_t i = 0; i < history.steps.size(); ++i) apply(history.steps[i], i, marks, standing);
  show_mark(marks, standing);
  return standing;
}

std::string history_text(const evidence::History& history) {
  if (history.steps.empty()) return "no steps: nothing was approved in this store\n";
  std::string out;
  for (const Step& step : history.steps) {
    out += fmt::format("{:4} {}  {}\n", step.seq, step.time, what_text(step));
    out += fmt::format("     by {}: {}\n", step.who, step.why);
    for (const evidence::Override& one : step.overrides) {
      out += fmt::format("     override {}: {}{}\n", one.rule, one.reason,
                         one.detail.empty() ? "" : fmt::format(" ({})", one.detail));
    }
    for (const evidence::StepDrift& drift : step.drifts) {
      out += fmt::format("     {} {}: {} -> {}\n", drift.trigger, drift.field, drift.was, drift.is);
    }
  }
  const Standing standing = standing_of(history);
  out += fmt::format("in force: {}{}\n", standing.approved.value_or("none"),
                     standing.stale_since ? fmt::format(", STALE since {}", *standing.stale_since) : "");
  for (const Freeze& freeze : standing.freezes) {
    out += fmt::format("freeze: from {} until {} by {}: {}\n", freeze.window.from, freeze.window.until, freeze.who,
                       freeze.why);
  }
  if (history.torn) out += "the last line was cut by a crash and is not a step; the next step removes it\n";
  out += fmt::format("verified: {} line(s), chain and signatures\n", history.steps.size());
  return out;
}

Json history_json(const evidence::History& history) {
  const Standing standing = standing_of(history);
  Json steps = Json::array();
  for (std::size_t i = 0; i < history.steps.size(); ++i) {
    Json step = evidence::to_json(history.steps[i]);
    step["sha256"] = history.hashes[i];
    steps.push_back(std::move(step));
  }
  Json freezes = Json::array();
  for (const Freeze& freeze : standing.freezes) {
    freezes.push_back({{"from", freeze.window.from},
                       {"until", freeze.window.until},
                       {"who", freeze.who},
                       {"why", freeze.why},
                       {"seq", freeze.seq}});
  }
  return {{"steps", std::move(steps)},
          {"approved", or_null(standing.approved)},
          {"line", standing.line},
          {"freezes", std::move(freezes)},
          {"stale_since", or_null(standing.stale_since)},
          {"torn_line", history.torn},
          {"verified", true}};
}

}  // namespace phasegate::control
