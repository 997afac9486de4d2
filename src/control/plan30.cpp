#include "control/plan30.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/words.h"
#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"
#include "policy/stamp.h"

namespace phasegate::control {
namespace {

namespace fs = std::filesystem;
using core::Json;

// A watch that is older is no watch: the machine may have changed since.
constexpr double kWatchDays = 7;

// ---- from the store

std::optional<bool> validated(const fs::path& run) {
  const auto text = core::read_file(run / "validation.json", core::kMaxManifestBytes);
  const auto manifest = core::sha256_file(run / "manifest.json");
  if (!text || !manifest) return std::nullopt;
  const auto json = core::parse_json(*text, (run / "validation.json").string());
  if (!json || !json->is_object()) return std::nullopt;
  if (json->value("manifest_sha256", Json()) != Json(*manifest)) return std::nullopt;  // of an older state of the run
  const Json valid = json->value("valid", Json());
  return valid.is_boolean() ? std::optional(valid.get<bool>()) : std::nullopt;
}

void read_runs(const evidence::Store& store, const evidence::Environment& environment, PlanFacts& facts) {
  const Json machine = evidence::boundary_of(environment, {}).at("environment");
  for (const std::string& id : store.runs()) {
    const fs::path folder = store.root() / "runs" / id;
    const auto manifest = evidence::read_manifest(folder);
    if (!manifest) {
      facts.unreadable.push_back(manifest.error().message());
      continue;
    }
    if (manifest->mode == evidence::kImportedMode)
      continue;  // somebody else's measurement ticks no box of this machine
    const bool here = evidence::boundary_of(manifest->environment, {}).at("environment") == machine;
    facts.runs.push_back({id, manifest->started, manifest->mode, manifest->state, here, validated(folder)});
  }
}

PolicyFact fact_of(const std::string& id, const evidence::Policy& policy) {
  PolicyFact fact{id, policy.expires, policy.provisional, {}, false, 0, 0, 0, 0};
  const Json pricing = policy.economics.is_object() ? policy.economics.value("pricing", Json()) : Json();
  if (pricing.is_object()) {
    const Json name = pricing.value("id", Json());
    fact.pricing = name.is_string() ? name.get<std::string>() : "unnamed";
    fact.shadow_price = pricing.value("shadow", Json()) != Json(false);
  }
  for (const auto& candidate : policy.candidates) {
    fact.compiled += candidate.identity.compile ? 1 : 0;
    fact.witnessed += candidate.identity.compile && candidate.compile_grade == "witnessed" ? 1 : 0;
  }
  fact.rules = static_cast<int>(policy.rules.size());
  for (const auto& rule : policy.rules) fact.warm_pools += rule.warm_pool ? 1 : 0;
  return fact;
}

void read_policies(const evidence::Store& store, PlanFacts& facts) {
  std::vector<std::pair<std::string, PolicyFact>> found;
  for (const std::string& id : store.policies()) {
    const auto policy = store.get_policy(id);
    if (policy) {
      found.emplace_back(policy->created, fact_of(id, *policy));
    } else {
      facts.unreadable.push_back(policy.error().message());
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [created, fact] : found) facts.policies.push_back(std::move(fact));
}

// ---- the items

const PolicyFact* find_policy(const PlanFacts& facts, const std::string& id) {
  const auto found =
      std::find_if(facts.policies.begin(), facts.policies.end(), [&id](const auto& policy) { return policy.id == id; });
  return found == facts.policies.end() ? nullptr : &*found;
}

// What the plan speaks of: the policy in force, else the newest that may be approved.
const PolicyFact* subject(const PlanFacts& facts) {
  if (facts.standing.approved) return find_policy(facts, *facts.standing.approved);
  for (auto policy = facts.policies.rbegin(); policy != facts.policies.rend(); ++policy) {
    if (!policy->provisional) return &*policy;
  }
  return nullptr;
}

void settle(PlanItem& item, ItemState state, std::string by, std::string why, std::string next) {
  item.state = state;
  item.by = std::move(by);
  item.why = std::move(why);
  item.next = std::move(next);
}

void matrix(const PlanFacts& facts, PlanItem& item) {
  const RunFact* quick = nullptr;
  const RunFact* elsewhere = nullptr;
  for (const RunFact& run : facts.runs) {
    if (run.state != "complete") continue;
    if (!run.here) {
      elsewhere = &run;
    } else if (run.mode == "full" || run.mode == "custom") {
      return settle(item, ItemState::done, run.id, fmt::format("a {} run of this machine is complete", run.mode), {});
    } else if (run.mode == "quick") {
      quick = &run;
    }
  }
  if (quick != nullptr) {
    return settle(item, ItemState::partial, quick->id, "a quick run: a subset of S1; its card says what it left out",
                  "phasegate run --full --model MODEL");
  }
  settle(item, ItemState::open, {},
         elsewhere != nullptr ? fmt::format("run {} is of another machine or stack", elsewhere->id)
                              : "no complete run of this machine",
         "phasegate run --quick --model MODEL");
}

void validation(const PlanFacts& facts, PlanItem& item) {
  const RunFact* refused = nullptr;
  const RunFact* waiting = nullptr;
  for (auto run = facts.runs.rbegin(); run != facts.runs.rend(); ++run) {
    if (!run->canonical) {
      waiting = waiting == nullptr ? &*run : waiting;
    } else if (*run->canonical && run->here) {
      return settle(item, ItemState::done, run->id, "canonical: manifest, counts, hashes and every rule pass", {});
    } else if (!*run->canonical && refused == nullptr) {
      refused = &*run;
    }
  }
  if (refused != nullptr) {
    return settle(item, ItemState::open, refused->id, "the newest validated run is not canonical",
                  "phasegate validate " + refused->id);
  }
  settle(item, ItemState::open, {}, waiting != nullptr ? "a run is there and not validated" : "no run of this machine",
         waiting != nullptr ? "phasegate validate " + waiting->id : "phasegate run --quick --model MODEL");
}

void cost(const PlanFacts& facts, PlanItem& item) {
  const PolicyFact* policy = subject(facts);
  if (policy == nullptr || policy->pricing.empty()) {
    return settle(item, ItemState::open, policy == nullptr ? "" : policy->id,
                  policy == nullptr ? "no policy to price" : "the policy has no price: every amount of money is null",
                  "phasegate decide last --pricing PRICES");
  }
  if (policy->shadow_price) {
    return settle(item, ItemState::partial, policy->id,
                  fmt::format("priced by {}, a planning price: put in what you pay", policy->pricing),
                  "phasegate decide last --pricing PRICES");
  }
  settle(item, ItemState::done, policy->id, "priced by " + policy->pricing, {});
}

void compile(const PlanFacts& facts, PlanItem& item) {
  const PolicyFact* policy = subject(facts);
  if (policy == nullptr) {
    return settle(item, ItemState::open, {}, "no policy yet", "phasegate decide last");
  }
  if (policy->compiled == 0) {
    return settle(item, ItemState::not_applicable, policy->id, "no candidate asks for a compiler", {});
  }
  const std::string count =
      fmt::format("{} of {} compiled candidates have witnessed evidence", policy->witnessed, policy->compiled);
  if (policy->witnessed == policy->compiled) return settle(item, ItemState::done, policy->id, count, {});
  settle(item, policy->witnessed > 0 ? ItemState::partial : ItemState::open, policy->id, count,
         "phasegate card " + short_id(policy->id));
}

void routing(const PlanFacts& facts, PlanItem& item) {
  const Standing& standing = facts.standing;
  if (!standing.approved) {
    const PolicyFact* policy = subject(facts);
    return settle(item, ItemState::open, {}, "no policy was approved",
                  policy == nullptr ? "phasegate decide last"
                                    : fmt::format("phasegate approve {} --by NAME --why TEXT", short_id(policy->id)));
  }
  const PolicyFact* policy = subject(facts);
  const std::string by = fmt::format("{} (step {})", short_id(*standing.approved), *standing.approved_at);
  if (standing.stale_since) {
    return settle(item, ItemState::partial, by, "approved, and stale since " + *standing.stale_since,
                  "phasegate watch --once");
  }
  if (policy == nullptr || policy->expires <= facts.now) {
    return settle(item, ItemState::partial, by,
                  policy == nullptr ? "approved, but its file is not in the store"
                                    : "approved, and expired at " + policy->expires,
                  "phasegate watch --once");
  }
  settle(item, ItemState::done, by, "approved, not stale, until " + policy->expires, {});
}

void warmup(const PlanFacts& facts, PlanItem& item) {
  const PolicyFact* policy = subject(facts);
  if (policy == nullptr) {
    return settle(item, ItemState::open, {}, "no policy says yet where a warm pool is needed", "phasegate decide last");
  }
  settle(item, ItemState::partial, policy->id,
         fmt::format("the policy asks for a warm pool in {} of {} cells; that alarms and dashboards exist is nothing "
                     "that a store can show",
                     policy->warm_pools, policy->rules),
         "phasegate card " + short_id(policy->id));
}

void triggers(const PlanFacts& facts, PlanItem& item) {
  if (!facts.standing.approved) {
    return settle(item, ItemState::open, {}, "no approved policy whose boundary could be watched",
                  "phasegate approve last --by NAME --why TEXT");
  }
  if (facts.watched_policy != *facts.standing.approved) {
    return settle(item, ItemState::open, {}, "nobody has watched the policy in force", "phasegate watch --once");
  }
  const auto then = policy::seconds_of_stamp(facts.watched_at);
  const auto now = policy::seconds_of_stamp(facts.now);
  const std::string by = "watch at " + facts.watched_at;
  if (!then || !now || *now - *then > kWatchDays * 86400) {
    return settle(item, ItemState::partial, by, "the last watch is more than a week old", "phasegate watch --once");
  }
  settle(item, ItemState::done, by, "the boundary of the policy in force is being compared with this machine", {});
}

struct ItemKind {
  const char* id;
  int first_day;
  int last_day;
  const char* title;
  void (*check)(const PlanFacts&, PlanItem&);
};

// whitepaper, "Implementation plan (30-day view)"
constexpr ItemKind kItems[] = {
    {"matrix", 1, 7, "Re-run the core scenario matrix on your hardware + workload mix", matrix},
    {"validation", 1, 7, "Validate artifacts to TR118 standard; capture manifests", validation},
    {"cost", 8, 14, "Recompute cost per token and capacity with your own pricing inputs", cost},
    {"compile", 8, 14, "If compiling: verify compiler-real evidence and identify stable shapes", compile},
    {"routing", 15, 30, "Ship routing + compile policies based on phase splits", routing},
    {"warmup", 15, 30, "Roll out warmup + cold-start monitoring; set SLO alarms and dashboards", warmup},
    {"triggers", 15, 30, "Add re-run required triggers to change management", triggers},
};

core::Result<std::string> start_of(const PlanFacts& facts, const std::string& start) {
  const std::string first = facts.runs.empty() ? facts.now : facts.runs.front().started;
  const std::string day = start.empty() ? first.substr(0, 10) : start;
  if (day.size() == 10 && policy::seconds_of_stamp(day + "T00:00:00")) return day;
  return core::fail(
      core::Error{core::ErrorKind::invalid_input, "is not a day", "--start " + start, "as in 2026-12-01"});
}

}  // namespace

core::Result<PlanFacts> read_plan_facts(const evidence::Store& store, const evidence::Environment& environment,
                                        const std::string& now) {
  PlanFacts facts;
  facts.now = now;
  read_runs(store, environment, facts);
  read_policies(store, facts);
  PHASEGATE_TRY(history, store.history());
  facts.standing = standing_of(history);
  const auto watched = store.last_watch();
  if (!watched) {
    facts.unreadable.push_back(watched.error().message());
  } else if (watched->is_object()) {
    const auto text = [&watched](const char* key) {
      const Json value = watched->value(key, Json());
      return value.is_string() ? value.get<std::string>() : std::string();
    };
    facts.watched_policy = text("policy");
    facts.watched_at = text("time");
  }
  return facts;
}

core::Result<Plan> plan30(const PlanFacts& facts, const std::string& start) {
  Plan plan;
  PHASEGATE_TRY(day, start_of(facts, start));
  plan.start = day;
  plan.today = facts.now.substr(0, 10);
  const auto from = policy::seconds_of_stamp(plan.start + "T00:00:00");
  const auto to = policy::seconds_of_stamp(plan.today + "T00:00:00");
  if (from && to) plan.day = static_cast<int>(std::lround((*to - *from) / 86400)) + 1;
  for (const ItemKind& kind : kItems) {
    PlanItem item{kind.id, kind.first_day, kind.last_day, kind.title, ItemState::open, {}, {}, {}};
    kind.check(facts, item);
    plan.items.push_back(std::move(item));
  }
  plan.unreadable = facts.unreadable;
  return plan;
}

}  // namespace phasegate::control
