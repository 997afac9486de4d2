#include "bench/progress_meter.h"

namespace phasegate::bench {
namespace {

// A decode step reads all weights for one token of each row; a prefill reads them once for all. The factor only has to
// be of the right size: the estimate corrects itself as the run goes on.
double weight(const evidence::Scenario& scenario) {
  return static_cast<double>(scenario.batch) * (scenario.depth + scenario.prompt_tokens) +
         2.0 * static_cast<double>(scenario.gen_tokens);
}

}  // namespace

ProgressMeter::ProgressMeter(const Plan& plan, const RunOptions& options, const core::Clock& clock)
    : options_(options), clock_(clock), start_(clock.now()) {
  progress_.rounds = static_cast<int>(plan.rounds.size());
  for (int round = 0; round < progress_.rounds; ++round) expect(calls_of_round(plan, round));
}

void ProgressMeter::expect(const std::vector<PlannedCall>& calls) {
  progress_.total += static_cast<std::int64_t>(calls.size());
  for (const PlannedCall& call : calls) weight_left_ += weight(call.scenario);
}

void ProgressMeter::doing(const std::string& what, const std::string& cell) {
  progress_.doing = what;
  progress_.cell = cell;
  tell();
}

void ProgressMeter::done(const PlannedCall& call) {
  ++progress_.done;
  weight_left_ -= weight(call.scenario);
  weight_measured_ += weight(call.scenario);
  const double elapsed_s = core::to_seconds(core::between(start_, clock_.now()));
  progress_.eta_s = elapsed_s / weight_measured_ * weight_left_;
  tell();
}

void ProgressMeter::was_done(const PlannedCall& call) {
  ++progress_.done;
  weight_left_ -= weight(call.scenario);
}

void ProgressMeter::tell() {
  if (options_.on_progress) options_.on_progress(progress_);
}

}  // namespace phasegate::bench
