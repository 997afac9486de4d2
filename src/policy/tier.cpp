#include "policy/tier.h"

#include <algorithm>

namespace phasegate::policy {
namespace {

std::string common_prefix(const std::vector<std::string>& names) {
  std::string prefix = names.front();
  for (const std::string& name : names) {
    const auto [end, other] = std::mismatch(prefix.begin(), prefix.end(), name.begin(), name.end());
    prefix.erase(end, prefix.end());
  }
  if (names.size() > 1 && prefix != names.front()) {
    while (!prefix.empty() && (prefix.back() == '-' || prefix.back() == '_' || prefix.back() == '.')) prefix.pop_back();
  }
  return prefix.empty() ? names.front() : prefix;
}

}  // namespace

Tiers::Tiers(const std::vector<evidence::Candidate>& candidates) {
  std::vector<std::string> keys;
  std::map<std::string, std::vector<const evidence::Candidate*>> members;
  for (const evidence::Candidate& candidate : candidates) {
    const std::string& set = candidate.identity.weight_set;
    const std::string key = set.empty() ? "name:" + candidate.model_name : "set:" + set;
    if (!members.contains(key)) keys.push_back(key);
    members[key].push_back(&candidate);
  }
  for (const std::string& key : keys) {
    std::vector<std::string> models;
    for (const evidence::Candidate* candidate : members[key]) {
      models.push_back(candidate->model_name.empty() ? "unnamed" : candidate->model_name);
    }
    std::string label = common_prefix(models);
    if (std::find(names_.begin(), names_.end(), label) != names_.end()) label += " " + key.substr(key.find(':') + 1, 8);
    names_.push_back(label);
    for (const evidence::Candidate* candidate : members[key]) by_candidate_[candidate->name] = label;
  }
}

const std::string& Tiers::of(const std::string& candidate) const {
  static const std::string kNone;
  const auto found = by_candidate_.find(candidate);
  return found == by_candidate_.end() ? kNone : found->second;
}

}  // namespace phasegate::policy
