#include "control/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "control/diff_parts.h"
#include "control/words.h"

namespace phasegate::control {
namespace {

using core::Json;
using evidence::Policy;

constexpr std::array<std::string_view, 9> kVerdicts = {"same",           "effect_moved", "settings_changed",
                                                       "winner_changed", "winner_lost",  "winner_found",
                                                       "open_changed",   "only_old",     "only_new"};
constexpr std::array<std::string_view, 4> kEnvelopes = {"same", "wider", "narrower", "shifted"};

std::string text_of(const Json& value) {
  if (value.is_null()) return "none";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The leaves of two documents that differ, with their key paths.
void diff_json(const Json& was, const Json& is, const std::string& path, std::vector<ValueChange>& changes) {
  if (was == is) return;
  if (!was.is_object() || !is.is_object()) {
    changes.push_back({path, text_of(was), text_of(is)});
    return;
  }
  std::map<std::string, std::pair<Json, Json>> keys;
  for (const auto& [key, value] : was.items()) keys[key].first = value;
  for (const auto& [key, value] : is.items()) keys[key].second = value;
  for (const auto& [key, values] : keys) {
    diff_json(values.first, values.second, path.empty() ? key : path + "." + key, changes);
  }
}

// The environment alone: engines and models are compared as candidates.
std::vector<ValueChange> diff_boundary(const Policy& was, const Policy& is) {
  std::vector<ValueChange> changes;
  const auto environment = [](const Policy& policy) {
    return policy.boundary.is_object() ? policy.boundary.value("environment", Json()) : Json();
  };
  diff_json(environment(was), environment(is), "environment", changes);
  return changes;
}

std::vector<ValueChange> diff_candidates(const Policy& was, const Policy& is) {
  std::map<std::string, std::pair<const evidence::Candidate*, const evidence::Candidate*>> names;
  for (const auto& candidate : was.candidates) names[candidate.name].first = &candidate;
  for (const auto& candidate : is.candidates) names[candidate.name].second = &candidate;
  std::vector<ValueChange> changes;
  for (const auto& [name, pair] : names) {
    const auto& [before, after] = pair;
    if (before == nullptr) {
      changes.push_back({name, "none", "added: " + short_id(after->id.value)});
    } else if (after == nullptr) {
      changes.push_back({name, short_id(before->id.value), "removed"});
    } else if (before->id != after->id) {
      diff_json(evidence::to_json(before->identity), evidence::to_json(after->identity), name, changes);
    }
  }
  return changes;
}

Json general_of(const Policy& policy) {
  Json json = {{"scope", policy.scope},
               {"created", policy.created},
               {"expires", policy.expires},
               {"runs", policy.runs},
               {"default_safe", policy.default_safe},
               {"provisional", policy.provisional ? Json(policy.provisional_reason) : Json(false)},
               {"pricing", policy.economics.is_object() ? policy.economics.value("pricing", Json()) : Json()}};
  if (json["pricing"].is_object()) json["pricing"].erase("source");
  const Json global = policy.tables.is_object() ? policy.tables.value("global", Json()) : Json();
  if (!global.is_array()) return json;
  for (const Json& row : global) {
    if (row.is_object()) json["global"][text_of(row.value("tier", Json()))] = row.value("winner", Json());
  }
  return json;
}

PolicyDiff diff_checked(const Policy& was, const Policy& is, std::string was_id, std::string is_id) {
  PolicyDiff made;
  made.was_id = std::move(was_id);
  made.is_id = std::move(is_id);
  made.cells = diff_cells(was, is);
  made.envelope = diff_envelope(was, is);
  made.boundary = diff_boundary(was, is);
  made.candidates = diff_candidates(was, is);
  diff_json(was.thresholds, is.thresholds, {}, made.thresholds);
  diff_json(general_of(was), general_of(is), {}, made.general);
  made.risks = risks_of(was, is, made);
  return made;
}

}  // namespace

std::string_view to_string(CellVerdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }
std::string_view to_string(EnvelopeVerdict verdict) { return kEnvelopes[static_cast<std::size_t>(verdict)]; }

int PolicyDiff::count(CellVerdict verdict) const {
  return static_cast<int>(
      std::count_if(cells.begin(), cells.end(), [verdict](const CellChange& cell) { return cell.verdict == verdict; }));
}

std::string cell_text(const CellChange& cell) {
  return fmt::format("{} {} {}", cell.tier, evidence::to_string(cell.workload), bucket_text(cell.bucket));
}

std::optional<double> percent(const std::optional<double>& was, const std::optional<double>& is) {
  if (!was || !is || !(*was > 0)) return std::nullopt;
  return (*is / *was - 1) * 100;
}

core::Result<PolicyDiff> diff(const Policy& was, const Policy& is) {
  PHASEGATE_TRY(was_id, evidence::policy_id(was));
  PHASEGATE_TRY(is_id, evidence::policy_id(is));
  try {
    return diff_checked(was, is, was_id.value, is_id.value);
  } catch (const Json::exception& error) {
    return core::fail(core::Error{core::ErrorKind::invalid_input, error.what(), "policy: tables or economics",
                                  "decide again: this policy was changed or made by another version"});
  }
}

}  // namespace phasegate::control
