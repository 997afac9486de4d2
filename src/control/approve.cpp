#include "control/approve.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/words.h"
#include "policy/stamp.h"

namespace phasegate::control {
namespace {

using core::ErrorKind;
using evidence::Step;
using evidence::StepKind;

core::Status check_author(const Author& author) {
  const bool blank = author.who.find_first_not_of(" \t\n") == std::string::npos ||
                     author.why.find_first_not_of(" \t\n") == std::string::npos;
  if (!blank) return {};
  return core::fail(
      core::Error{ErrorKind::invalid_input, "a step needs who takes it and why", {}, "--by NAME --why TEXT"});
}

Step step_of(StepKind kind, const Author& author) {
  Step step;
  step.kind = kind;
  step.who = author.who;
  step.why = author.why;
  step.time = author.now;
  return step;
}

core::Error refusal(const std::string& policy_id, std::string what, std::string next) {
  return {ErrorKind::evidence, "not approved: " + std::move(what), short_id(policy_id), std::move(next)};
}

core::Status check_comparison(const Standing& standing, const ApproveRequest& request) {
  const std::string current = standing.approved.value_or("");
  if (request.against == current) return {};
  if (request.against.empty() && request.policy_id == current) return {};  // approved again: nothing to compare
  if (request.against.empty()) {
    return core::fail(core::Error{ErrorKind::conflict, "another policy is in force, and nothing says that you compared",
                                  short_id(request.policy_id),
                                  fmt::format("read the diff, then repeat with --against {}", short_id(current))});
  }
  return core::fail(core::Error{ErrorKind::conflict,
                                fmt::format("was compared with {}, but {} is in force", short_id(request.against),
                                            current.empty() ? "no policy" : short_id(current)),
                                short_id(request.policy_id),
                                current.empty()
                                    ? "leave --against out"
                                    : fmt::format("`phasegate diff approved {}`", short_id(request.policy_id))});
}

core::Status check_machine(const Comparison& boundary, const ApproveRequest& request, Step& step) {
  std::string what;
  int count = 0;
  for (const Drift& drift : boundary.drifts) {
    if (!changes_the_machine(drift.trigger)) continue;
    if (++count > 3) continue;
    what += fmt::format("{}{}: {} there, {} here", what.empty() ? "" : "; ", drift.field, drift.was, drift.is);
  }
  if (count == 0) return {};
  if (count > 3) what += fmt::format("; and {} more", count - 3);
  if (request.other_machine.empty()) {
    return core::fail(refusal(request.policy_id, "it was measured on another machine or stack (" + what + ")",
                              "measure here, or say with --other-machine REASON why it holds"));
  }
  step.overrides.push_back({"other_machine", request.other_machine, what});
  return {};
}

core::Status check_freeze(const Standing& standing, const ApproveRequest& request, const Author& author, Step& step) {
  const Freeze* freeze = standing.frozen(author.now);
  if (freeze == nullptr) return {};
  const std::string what = fmt::format("frozen until {} by {}: {}", freeze->window.until, freeze->who, freeze->why);
  if (request.override_.empty()) {
    return core::fail(
        refusal(request.policy_id, what, "wait, lift it with `phasegate freeze --lift`, or --override REASON"));
  }
  step.overrides.push_back({"freeze", request.override_, what});
  return {};
}

core::Result<std::string> stamp_of(const std::string& text, const char* option) {
  const std::string stamp = text.size() == 10 ? text + "T00:00:00.000Z" : text;
  if (policy::seconds_of_stamp(stamp) && stamp.size() == 24 && stamp[10] == 'T' && stamp.back() == 'Z') return stamp;
  return core::fail(core::Error{ErrorKind::invalid_input, "is not a day or a UTC stamp",
                                fmt::format("{} {}", option, text), "as in 2026-12-20 or 2026-12-20T18:00:00.000Z"});
}

}  // namespace

core::Result<Step> approve(const evidence::Policy& policy, const Comparison& boundary, const Standing& standing,
                           const ApproveRequest& request, const Author& author) {
  PHASEGATE_CHECK_OK(check_author(author));
  Step step = step_of(StepKind::approve, author);
  step.policy = request.policy_id;
  step.previous_policy = standing.approved;
  if (policy.provisional) {
    return core::fail(refusal(request.policy_id, "PROVISIONAL, NOT FOR POLICY: " + policy.provisional_reason,
                              "measure again until the run is complete"));
  }
  if (policy.expires <= author.now) {
    return core::fail(refusal(request.policy_id, "it expired at " + policy.expires, "measure again and decide"));
  }
  PHASEGATE_CHECK_OK(check_machine(boundary, request, step));
  PHASEGATE_CHECK_OK(check_freeze(standing, request, author, step));
  PHASEGATE_CHECK_OK(check_comparison(standing, request));
  return step;
}

core::Result<std::string> rollback_target(const Standing& standing, const std::optional<std::string>& named) {
  if (!standing.approved) {
    return core::fail(core::Error{ErrorKind::not_found,
                                  "no policy is in force, so there is nothing to roll back",
                                  {},
                                  "`phasegate approve POLICY`"});
  }
  if (!named) {
    if (standing.line.size() >= 2) return standing.line[standing.line.size() - 2];
    return core::fail(core::Error{ErrorKind::not_found, "no policy was in force before this one",
                                  short_id(*standing.approved), "`phasegate history` lists what was approved"});
  }
  if (*named == *standing.approved) {
    return core::fail(core::Error{ErrorKind::conflict, "is in force already", short_id(*named), {}});
  }
  if (std::find(standing.ever.begin(), standing.ever.end(), *named) != standing.ever.end()) return *named;
  return core::fail(core::Error{ErrorKind::evidence, "was never approved here, so there is no way back to it",
                                short_id(*named), "`phasegate approve` it"});
}

core::Result<Step> rollback(const evidence::Policy& policy, const std::string& policy_id, const Standing& standing,
                            const std::string& override_reason, const Author& author) {
  PHASEGATE_CHECK_OK(check_author(author));
  Step step = step_of(StepKind::rollback, author);
  step.policy = policy_id;
  step.previous_policy = standing.approved;
  if (policy.expires <= author.now) {
    const std::string what = "it expired at " + policy.expires;
    if (override_reason.empty()) {
      return core::fail(core::Error{ErrorKind::evidence, "not rolled back: " + what, short_id(policy_id),
                                    "measure again, name another with --to, or say why with --override REASON"});
    }
    step.overrides.push_back({"expired", override_reason, what});
  }
  if (const Freeze* freeze = standing.frozen(author.now)) {
    step.overrides.push_back({"freeze", "a rollback is allowed inside a freeze",
                              fmt::format("frozen until {} by {}", freeze->window.until, freeze->who)});
  }
  return step;
}

core::Result<Step> freeze(const std::string& from, const std::string& until, const Author& author) {
  PHASEGATE_CHECK_OK(check_author(author));
  Step step = step_of(StepKind::freeze, author);
  PHASEGATE_TRY(start, from.empty() ? core::Result<std::string>(author.now) : stamp_of(from, "--from"));
  PHASEGATE_TRY(end, stamp_of(until, "--until"));
  if (end <= start || end <= author.now) {
    return core::fail(core::Error{ErrorKind::invalid_input,
                                  fmt::format("a window from {} until {} holds no moment to come", start, end),
                                  "freeze", "--until lies after --from and after now"});
  }
  step.window = evidence::FreezeWindow{start, end};
  return step;
}

core::Result<Step> lift(const Standing& standing, const Author& author) {
  PHASEGATE_CHECK_OK(check_author(author));
  if (standing.freezes.empty()) {
    return core::fail(core::Error{ErrorKind::not_found, "no freeze window is set", "freeze --lift", {}});
  }
  return step_of(StepKind::lift, author);
}

}  // namespace phasegate::control
