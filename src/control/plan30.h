// The 30-day plan of the whitepaper as a checklist whose state is read from the store: what is done by which run,
// policy or approval, what is next and when it is due. A box is ticked by evidence or not at all; what a store cannot
// show says so. plan30 is pure; read_plan_facts reads the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/standing.h"
#include "core/json.h"
#include "core/result.h"
#include "evidence/manifest.h"
#include "evidence/store.h"

namespace phasegate::control {

struct RunFact {
  std::string id;
  std::string started;
  std::string mode;  // quick | full | custom | …
  std::string state;
  bool here = false;              // its environment is that of this machine now
  std::optional<bool> canonical;  // of its validation.json, when that is about its manifest; empty: not validated
};

struct PolicyFact {
  std::string id;
  std::string expires;
  bool provisional = false;
  std::string pricing;  // id; empty: no price
  bool shadow_price = false;
  int compiled = 0;   // candidates that ask for a compiler
  int witnessed = 0;  // of them, with witnessed compile evidence
  int rules = 0;
  int warm_pools = 0;  // rules that ask for one
};

struct PlanFacts {
  std::string now;
  std::vector<RunFact> runs;         // oldest first
  std::vector<PolicyFact> policies;  // by the newest run that they stand on
  Standing standing;
  std::string watched_policy;  // of watch.json; empty: nobody has watched
  std::string watched_at;
  std::vector<std::string> unreadable;  // what stands in the store and could not be read, with the reason
};

enum class ItemState { done, partial, open, not_applicable };
[[nodiscard]] std::string_view to_string(ItemState state);

struct PlanItem {
  std::string id;     // "matrix"
  int first_day = 1;  // inclusive, from 1
  int last_day = 7;
  std::string title;  // the whitepaper's words
  ItemState state = ItemState::open;
  std::string by;    // the run, policy or step that shows it
  std::string why;   // what is shown, or what is missing
  std::string next;  // command; empty when done
};

struct Plan {
  std::string start;  // day
  std::string today;
  int day = 1;  // of the plan; below 1 before it starts
  std::vector<PlanItem> items;
  std::vector<std::string> unreadable;
};

// Errors of kind evidence when the history does not verify; a run or policy that cannot be read is listed instead.
[[nodiscard]] core::Result<PlanFacts> read_plan_facts(const evidence::Store& store,
                                                      const evidence::Environment& environment, const std::string& now);

// `start` is a day, "2026-12-01"; empty: the day of the first run, else today. Error (invalid_input) for anything else.
[[nodiscard]] core::Result<Plan> plan30(const PlanFacts& facts, const std::string& start);

[[nodiscard]] std::string to_text(const Plan& plan);
[[nodiscard]] core::Json to_json(const Plan& plan);

}  // namespace phasegate::control
