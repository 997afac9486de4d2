#include "control/watch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "control/words.h"

namespace phasegate::control {
namespace {

using core::Json;

void add_mix(const MixDistance& mix, Comparison& boundary) {
  if (mix.distance) {
    if (*mix.distance > mix.limit) {
      boundary.drifts.push_back({Trigger::mix, "mix.distance", fmt::format("at most {:.3g}", mix.limit),
                                 fmt::format("{:.3g}", *mix.distance)});
    } else {
      ++boundary.matched;
    }
  } else {
    boundary.unchecked.push_back({"mix.distance", mix.reason});
  }
  if (mix.out_of_envelope > mix.limit) {
    boundary.drifts.push_back({Trigger::mix, "mix.out_of_envelope", fmt::format("at most {:.3g}", mix.limit),
                               fmt::format("{:.3g}", mix.out_of_envelope)});
  }
}

std::vector<std::string> names_of(const std::vector<Trigger>& triggers) {
  std::vector<std::string> names;
  for (const Trigger trigger : triggers) names.emplace_back(to_string(trigger));
  return names;
}

Json drift_json(const Drift& drift) {
  return {{"trigger", to_string(drift.trigger)},
          {"field", drift.field},
          {"was", drift.was},
          {"is", drift.is},
          {"rerun", rerun_of(drift.trigger)}};
}

}  // namespace

WatchReport watch(const evidence::Policy& policy, const std::string& policy_id, const Here& here,
                  const std::optional<MixDistance>& mix, const Standing& standing, const Origin& origin) {
  WatchReport report;
  report.policy_id = policy_id;
  report.expires = policy.expires;
  report.now = here.now;
  report.boundary = compare_boundary(policy, here);
  report.mix = mix;
  if (mix) {
    add_mix(*mix, report.boundary);
  } else {
    report.boundary.unchecked.push_back({"mix", "no mix was given (--mix FILE)"});
  }
  report.stale_since = standing.stale_since;
  report.marked = standing.stale;
  for (const Drift& drift : report.boundary.drifts) {
    const bool known = std::any_of(standing.stale.begin(), standing.stale.end(), [&drift](const auto& before) {
      return before.field == drift.field && before.trigger == to_string(drift.trigger);
    });
    if (!known) report.unrecorded.push_back(drift);
  }
  report.proposals = propose(policy, policy_id, report.boundary.drifts, origin);
  return report;
}

std::optional<evidence::Step> stale_step(const WatchReport& report, const std::string& who) {
  if (report.unrecorded.empty()) return std::nullopt;
  evidence::Step step;
  step.kind = evidence::StepKind::stale;
  step.time = report.now;
  step.who = who;
  step.policy = report.policy_id;
  step.previous_policy = report.policy_id;
  std::vector<std::string> triggers;
  for (const Drift& drift : report.unrecorded) {
    const std::string name(to_string(drift.trigger));
    if (std::find(triggers.begin(), triggers.end(), name) == triggers.end()) triggers.push_back(name);
    step.drifts.push_back({name, drift.field, drift.was, drift.is});
  }
  step.why = fmt::format("the measured boundary does not match: {}", fmt::join(triggers, ", "));
  return step;
}

std::string to_text(const WatchReport& report) {
  const Comparison& boundary = report.boundary;
  std::string out = fmt::format("policy {} (expires {})\n", short_id(report.policy_id), report.expires);
  if (!report.stale()) {
    out += fmt::format("boundary matches: {} field(s) compared\n", boundary.matched);
  } else if (boundary.drifts.empty()) {
    out += fmt::format("STALE since {}; the boundary matches again: approve it again to clear the mark\n",
                       *report.stale_since);
  } else {
    out += fmt::format("STALE: {} field(s) differ, {} match\n", boundary.drifts.size(), boundary.matched);
  }
  for (const Drift& drift : boundary.drifts) {
    out += fmt::format("  {:15} {}: {} -> {}; rerun {}\n", to_string(drift.trigger), drift.field, drift.was, drift.is,
                       rerun_of(drift.trigger));
  }
  if (report.mix && report.mix->distance) {
    out += fmt::format("mix distance {:.3f} (limit {:.3g}), {:.1f} % outside of every bucket\n", *report.mix->distance,
                       report.mix->limit, report.mix->out_of_envelope * 100);
  }
  for (const Unchecked& one : boundary.unchecked) out += fmt::format("  not compared    {}: {}\n", one.field, one.why);
  for (const Proposal& proposal : report.proposals) {
    out += fmt::format("rerun {} ({}):\n", proposal.rerun, fmt::join(names_of(proposal.triggers), ", "));
    for (const std::string& command : proposal.commands) out += "  " + command + "\n";
    if (!proposal.note.empty()) out += "  (" + proposal.note + ")\n";
  }
  return out;
}

Json to_json(const WatchReport& report) {
  Json drifts = Json::array();
  for (const Drift& drift : report.boundary.drifts) drifts.push_back(drift_json(drift));
  Json unchecked = Json::array();
  for (const Unchecked& one : report.boundary.unchecked) {
    unchecked.push_back({{"field", one.field}, {"why", one.why}});
  }
  Json marked = Json::array();
  for (const auto& drift : report.marked) marked.push_back({{"trigger", drift.trigger}, {"field", drift.field}});
  Json proposals = Json::array();
  for (const Proposal& proposal : report.proposals) {
    proposals.push_back({{"rerun", proposal.rerun},
                         {"triggers", names_of(proposal.triggers)},
                         {"commands", proposal.commands},
                         {"note", or_null(proposal.note)}});
  }
  return {{"policy", report.policy_id},
          {"expires", report.expires},
          {"time", report.now},
          {"stale", report.stale()},
          {"stale_since", or_null(report.stale_since)},
          {"marked", std::move(marked)},
          {"matched", report.boundary.matched},
          {"drifts", std::move(drifts)},
          {"not_compared", std::move(unchecked)},
          {"mix", report.mix ? to_json(*report.mix) : Json(nullptr)},
          {"proposals", std::move(proposals)}};
}

}  // namespace phasegate::control
