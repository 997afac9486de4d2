// Tiers: candidates compete inside one logical model. The same weights in several formats are several files with
// several names and one weight set, so the weight set decides; without one, the model's name does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "evidence/candidate.h"

namespace phasegate::policy {

class Tiers {
 public:
  Tiers() = default;
  explicit Tiers(const std::vector<evidence::Candidate>& candidates);

  // Labels in the order of their first candidate: what the names of the tier's models have in common.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::string& of(const std::string& candidate) const;  // empty for an unknown candidate

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::string> by_candidate_;
};

}  // namespace phasegate::policy
