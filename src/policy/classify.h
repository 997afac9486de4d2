// The class of a workload shape (architecture.md "Decision"): what a request is mostly made of decides what to
// optimise. First match wins: decode_heavy, prefill_heavy, mixed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evidence/policy.h"
#include "evidence/thresholds.h"

namespace phasegate::policy {

struct Shape {
  int prompt_tokens = 0;
  int gen_tokens = 0;
  int batch = 1;
};

struct Classification {
  evidence::WorkloadClass workload = evidence::WorkloadClass::mixed;
  std::string why;  // the condition that held, with its numbers
};

// decode_fraction is that of the measured shapes around the request; empty when there are none.
[[nodiscard]] Classification classify(const Shape& shape, std::optional<double> decode_fraction,
                                      const evidence::Thresholds& thresholds);

// decode_tok_s | prefill_tok_s | e2e_ms
[[nodiscard]] std::string_view objective_of(evidence::WorkloadClass workload);
[[nodiscard]] evidence::Phase phase_of(evidence::WorkloadClass workload);

}  // namespace phasegate::policy
