#include "bench/campaign.h"

#include <algorithm>
#include <utility>

namespace phasegate::bench {

using core::ErrorKind;
using evidence::Reason;
using evidence::Status;

namespace {

Outcome outcome_of(const SessionEnd& end) {
  return {end.reason == Reason::deadline_passed ? Status::timeout : Status::error, end.reason, end.text};
}

// Asked for in the parent, so that an engine that is not there costs no process.
std::optional<Outcome> absence(const Campaign& campaign, const CandidateSpec& spec) {
  const auto& factories = campaign.options.factories;
  const auto factory =
      std::find_if(factories.begin(), factories.end(), [&](const auto& f) { return f.name == spec.engine; });
  if (factory == factories.end()) {
    return Outcome{Status::skipped, Reason::engine_absent, "this build has no engine \"" + spec.engine + "\""};
  }
  const engines::EngineAvailability found = factory->probe();
  if (found.present) return std::nullopt;
  return Outcome{Status::skipped, Reason::toolchain_missing,
                 fmt::format("{} is not here: {} ({})", spec.engine, found.detail, found.how_to_get)};
}

core::Result<std::unique_ptr<SessionLink>> start(const Campaign& campaign) {
  if (campaign.options.starter) return campaign.options.starter();
  return start_session_process(campaign.options.self_exe);
}

// A load that fails says so, unless its reason is more exact.
Outcome load_outcome(Outcome outcome) {
  if (outcome.reason == Reason::other || outcome.reason == Reason::engine_error) outcome.reason = Reason::load_failed;
  return outcome;
}

}  // namespace

Asked ask(const Campaign& campaign, SessionLink& link, const core::Json& command, double timeout_s) {
  Asked asked;
  auto answer = link.ask(command, {core::seconds(timeout_s * 1.1 + 1), campaign.options.stop});
  if (!answer) {
    asked.outcome = outcome_of(answer.error());
    asked.stopped = answer.error().reason == Reason::stopped_by_user;
    return asked;
  }
  auto content = content_of(*answer);
  if (content) {
    asked.content = std::move(*content);
  } else {
    asked.outcome = classify(content.error());
    asked.stopped = content.error().kind == ErrorKind::aborted;
  }
  return asked;
}

Started start_and_load(const Campaign& campaign, const CandidateSpec& spec, const engines::Placement& placement) {
  Started started;
  if (auto absent = absence(campaign, spec)) {
    started.outcome = std::move(*absent);
    return started;
  }
  auto link = start(campaign);
  if (!link) {
    started.outcome = {Status::error, Reason::other, link.error().message()};
    return started;
  }
  const Model& model = *campaign.plan.matrix.find_model(spec.model);
  const double timeout_s = campaign.plan.matrix.timeouts.load_s;
  const LoadCommand command{spec.engine, {model.path, model.sha256, model.weight_set}, placement, timeout_s};
  Asked asked = ask(campaign, **link, to_json(command), timeout_s);
  if (asked.content) {
    auto loaded = load_answer_from(*asked.content);
    if (loaded) {
      started.link = std::move(*link);
      started.loaded = std::move(*loaded);
      return started;
    }
    asked.outcome = {Status::error, Reason::invalid_output, loaded.error().message()};
  }
  started.outcome = load_outcome(std::move(asked.outcome));
  started.stopped = asked.stopped;
  return started;
}

}  // namespace phasegate::bench
