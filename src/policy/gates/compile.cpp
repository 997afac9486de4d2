// A compiled candidate needs a witness: proof, for each call of the phase at this shape, that the compiled artifact
// ran. Counters and labels are not enough. And its p99 may not be worse than that of the same candidate without
// compilation (requirement 120); a p99 that nobody could measure is not "not worse". A compiled candidate that passes
// still has to win, so decode stays eager unless a measured win says otherwise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/gates/gates.h"

namespace phasegate::policy {
namespace {

bool witnessed(const Corner& corner) {
  return corner.cell != nullptr && corner.cell->compile_grades.size() == 1 &&
         *corner.cell->compile_grades.begin() == "witnessed";
}

std::string grades_of(const Corner& corner) {
  if (corner.cell == nullptr || corner.cell->compile_grades.empty()) return "no grade";
  return fmt::format("{}", fmt::join(corner.cell->compile_grades, ", "));
}

}  // namespace

std::optional<Finding> compile_gate(const GateInput& input) {
  if (!input.candidate.identity.compile) return std::nullopt;
  for (const Corner& corner : input.corners) {
    if (!witnessed(corner)) {
      return Finding{"compile_unproven", fmt::format("compile evidence at {} is {}, needed is witnessed for each call",
                                                     corner.scenario.id(), grades_of(corner))};
    }
    const TailEvidence& tail = corner.tail;
    if (!tail.compiled_p99_ms || !tail.eager_p99_ms) {
      return Finding{"compile_unproven",
                     fmt::format("p99 at {} cannot be compared with eager: {}", corner.scenario.id(), tail.missing)};
    }
    if (*tail.compiled_p99_ms > *tail.eager_p99_ms) {
      return Finding{"slower", fmt::format("p99 at {} is {:.4g} ms compiled and {:.4g} ms eager", corner.scenario.id(),
                                           *tail.compiled_p99_ms, *tail.eager_p99_ms)};
    }
  }
  return std::nullopt;
}

}  // namespace phasegate::policy
