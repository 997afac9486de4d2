#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/plan30.h"
#include "control/words.h"
#include "policy/stamp.h"

namespace phasegate::control {
namespace {

using core::Json;

constexpr std::array<std::string_view, 4> kStates = {"done", "partial", "open", "not_applicable"};
constexpr std::array<std::string_view, 4> kMarks = {"[x]", "[~]", "[ ]", "[-]"};

bool settled(const PlanItem& item) { return item.state == ItemState::done || item.state == ItemState::not_applicable; }
bool overdue(const Plan& plan, const PlanItem& item) { return !settled(item) && plan.day > item.last_day; }
std::string due(const Plan& plan, int day) { return policy::add_days(plan.start, day - 1); }

const PlanItem* next_of(const Plan& plan) {
  const auto found =
      std::find_if(plan.items.begin(), plan.items.end(), [](const PlanItem& item) { return !settled(item); });
  return found == plan.items.end() ? nullptr : &*found;
}

int count(const Plan& plan, ItemState state) {
  return static_cast<int>(std::count_if(plan.items.begin(), plan.items.end(),
                                        [state](const PlanItem& item) { return item.state == state; }));
}

const char* phase_of(int first_day) {
  return first_day == 1   ? "reproduce + validate"
         : first_day == 8 ? "translate into planning numbers"
                          : "enforce policies";
}

}  // namespace

std::string_view to_string(ItemState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string to_text(const Plan& plan) {
  std::string out = fmt::format("30-day plan from {}; today {} is day {}\n", plan.start, plan.today, plan.day);
  int phase = 0;
  for (const PlanItem& item : plan.items) {
    if (item.first_day != phase) {
      phase = item.first_day;
      out += fmt::format("days {}-{} (until {}): {}\n", item.first_day, item.last_day, due(plan, item.last_day),
                         phase_of(item.first_day));
    }
    out += fmt::format("  {} {}{}\n", kMarks[static_cast<std::size_t>(item.state)], item.title,
                       overdue(plan, item) ? "  OVERDUE" : "");
    out += fmt::format("      {}{}\n", item.why, item.by.empty() ? "" : fmt::format(" ({})", item.by));
    if (!item.next.empty()) out += fmt::format("      -> {}\n", item.next);
  }
  out += fmt::format("{} done, {} partial, {} open, {} not applicable\n", count(plan, ItemState::done),
                     count(plan, ItemState::partial), count(plan, ItemState::open),
                     count(plan, ItemState::not_applicable));
  if (const PlanItem* next = next_of(plan)) out += fmt::format("next: {}\n", next->next);
  for (const std::string& one : plan.unreadable) out += fmt::format("cannot be read: {}\n", one);
  return out;
}

Json to_json(const Plan& plan) {
  Json items = Json::array();
  for (const PlanItem& item : plan.items) {
    items.push_back({{"id", item.id},
                     {"days", {item.first_day, item.last_day}},
                     {"from", due(plan, item.first_day)},
                     {"until", due(plan, item.last_day)},
                     {"title", item.title},
                     {"state", to_string(item.state)},
                     {"overdue", overdue(plan, item)},
                     {"by", or_null(item.by)},
                     {"why", item.why},
                     {"next", or_null(item.next)}});
  }
  Json summary = Json::object();
  for (const ItemState state : {ItemState::done, ItemState::partial, ItemState::open, ItemState::not_applicable}) {
    summary[std::string(to_string(state))] = count(plan, state);
  }
  const PlanItem* next = next_of(plan);
  return {{"start", plan.start},
          {"today", plan.today},
          {"day", plan.day},
          {"items", std::move(items)},
          {"summary", std::move(summary)},
          {"next", next == nullptr ? Json(nullptr) : Json(next->id)},
          {"unreadable", plan.unreadable}};
}

}  // namespace phasegate::control
