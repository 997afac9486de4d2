// How much of a run is done and how long the rest will take: every call weighs its tokens, and the time a unit of
// weight took so far (with the loads and warm-ups that belong to it) is what the rest will take. One thread.
#pragma once

#include <string>
#include <vector>

#include "bench/plan.h"
#include "bench/runner.h"

namespace phasegate::bench {

class ProgressMeter {
 public:
  ProgressMeter(const Plan& plan, const RunOptions& options, const core::Clock& clock);

  void round(int number) { progress_.round = number; }
  void expect(const std::vector<PlannedCall>& calls);  // a repeated round
  void doing(const std::string& what, const std::string& cell);
  void done(const PlannedCall& call);
  void was_done(const PlannedCall& call);  // before this start of the run: no measure of time

  [[nodiscard]] std::int64_t calls_done() const { return progress_.done; }
  [[nodiscard]] std::int64_t calls_total() const { return progress_.total; }

 private:
  void tell();

  const RunOptions& options_;
  const core::Clock& clock_;
  core::Instant start_;
  Progress progress_;
  double weight_left_ = 0;
  double weight_measured_ = 0;
};

}  // namespace phasegate::bench
