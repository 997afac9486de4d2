// Buckets: where a policy may speak at all. A bucket lies between neighbouring measured points of each axis, all of its
// corners were measured, and all of it is one class. A request between two measured shapes is covered by both or by
// nothing: there is no extrapolation, and none beyond the outermost point.
//
// Faces count too: with prompts 64 and 512 measured there are the bucket [64, 512] and the points 64 and 512, for a
// winner at 512 says nothing about 300 but does say something about 512.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "evidence/policy.h"
#include "evidence/thresholds.h"

namespace phasegate::policy {

struct Box {
  evidence::Bucket bucket;
  evidence::WorkloadClass workload = evidence::WorkloadClass::mixed;
  std::vector<evidence::Scenario> corners;  // measured shapes that surround it: 1, 2, 4 or 8; ascending

  [[nodiscard]] double volume() const;
  [[nodiscard]] bool inside(const Box& other) const;  // same class, and nothing of this lies outside of other
};

// Decode fraction of a measured shape; empty when it has none.
using FractionOf = std::function<std::optional<double>(const evidence::Scenario&)>;

// All boxes of every dimension, largest first, then by class and position. Scenarios have depth 0.
[[nodiscard]] std::vector<Box> boxes_of(const std::set<evidence::Scenario>& measured, const FractionOf& fraction_of,
                                        const evidence::Thresholds& thresholds);

[[nodiscard]] double volume(const evidence::Bucket& bucket);

}  // namespace phasegate::policy
