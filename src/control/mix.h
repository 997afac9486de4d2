// How far traffic has moved from the mix that a policy was decided for: total variation distance over the policy's own
// buckets, half the sum of |declared share - given share|; 0 is the same, 1 has nothing in common. Requests in no
// bucket are one class of their own, "out_of_envelope". A policy without declared weights has no distance, only the
// share that falls outside of what it measured. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evidence/policy.h"
#include "policy/decide.h"

namespace phasegate::control {

struct MixShare {
  std::string bucket;  // "decode_heavy prompt 32-128 gen 64 batch 1"; "out_of_envelope"
  double declared = 0;
  double given = 0;
};

struct MixDistance {
  std::vector<MixShare> shares;
  std::optional<double> distance;  // empty: the policy declares no weights
  std::string reason;              // why there is none
  double out_of_envelope = 0;      // share of the given mix
  double limit = 0;
  [[nodiscard]] bool drifted() const { return distance.value_or(0) > limit || out_of_envelope > limit; }
};

// The weights that the policy was decided with; empty when none were declared.
[[nodiscard]] std::vector<policy::Weight> declared_weights(const evidence::Policy& policy);

// Error (invalid_input) for an empty mix or a share that is not above 0. A policy of several models is compared over
// the buckets of its first one, which all its models share unless their grids differ.
[[nodiscard]] core::Result<MixDistance> mix_distance(const evidence::Policy& policy,
                                                     const std::vector<policy::Weight>& given);

[[nodiscard]] core::Json to_json(const MixDistance& mix);

}  // namespace phasegate::control
