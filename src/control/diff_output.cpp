#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "control/diff_parts.h"
#include "control/words.h"

namespace phasegate::control {
namespace {

using core::Json;

std::string words_of(CellVerdict verdict) {
  std::string text(to_string(verdict));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string effect_text(const evidence::Effect& effect) {
  return fmt::format("{:.3f}x [{:.3f}, {:.3f}] over {}, adjusted p {:.2g}, {} sessions", effect.ratio, effect.ci_low,
                     effect.ci_high, effect.against, effect.p_adjusted, effect.sessions);
}

std::string side_text(const CellSide& side) {
  std::string text = side.winner ? *side.winner : fmt::format("no winner ({})", side.reason);
  if (!side.winner && !side.tied.empty()) text += fmt::format(" between {}", fmt::join(side.tied, " and "));
  if (!side.winner) text += fmt::format("; {} serves as default-safe", side.served);
  if (side.effect) text += ", " + effect_text(*side.effect);
  if (side.compile != "off") text += ", compile " + side.compile;
  if (side.warm_pool) text += ", warm pool";
  return text;
}

std::string change_text(const std::optional<double>& was, const std::optional<double>& is, const char* unit) {
  if (!was && !is) return {};
  const auto text = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4g}", *value) : std::string("unknown");
  };
  if (was == is) return fmt::format("{} {}", text(is), unit);
  const auto change = percent(was, is);
  return fmt::format("{} -> {} {}{}", text(was), text(is), unit, change ? fmt::format(" ({:+.1f} %)", *change) : "");
}

void append_cost(const CostChange& cost, std::string& out) {
  const std::string seconds = change_text(cost.seconds_was, cost.seconds_is, "s a request");
  const std::string usd = change_text(cost.usd_per_1m_was, cost.usd_per_1m_is, "USD per 1M tokens");
  const std::string both = seconds.empty() ? "not measured" : seconds + (usd.empty() ? ", no price" : ", " + usd);
  out += fmt::format("    cost of {}: {}\n", cost.scenario, both);
}

void append_cell(const CellChange& cell, std::string& out) {
  out += fmt::format("  {}: {}\n", cell_text(cell), words_of(cell.verdict));
  if (cell.was) out += "    was " + side_text(*cell.was) + "\n";
  if (cell.is) out += "    is  " + side_text(*cell.is) + "\n";
  if (cell.is && cell.verdict != CellVerdict::effect_moved) {
    for (const evidence::Rejected& rejected : cell.is->rejected) {
      out += fmt::format("    not {}: gate {}, {}{}{}\n", rejected.candidate, rejected.gate, rejected.reason,
                         rejected.detail.empty() ? "" : ": ", rejected.detail);
    }
  }
  for (const CostChange& cost : cell.costs) append_cost(cost, out);
}

// Another price alone changes no winner, but what each shape costs; a shape of several cells is said once.
void append_prices(const std::vector<CellChange>& cells, std::string& out) {
  std::set<std::string> said;
  for (const CellChange& cell : cells) {
    if (cell.verdict != CellVerdict::same) continue;
    for (const CostChange& cost : cell.costs) {
      if (!said.insert(cell.tier + cost.scenario + cost.is).second) continue;
      if (said.size() == 1) out += "costs where nothing else changed\n";
      append_cost(cost, out);
    }
  }
}

void append_values(const std::vector<ValueChange>& values, const char* title, std::string& out) {
  if (values.empty()) return;
  out += fmt::format("{}\n", title);
  for (const ValueChange& value : values) out += fmt::format("  {}: {} -> {}\n", value.field, value.was, value.is);
}

void append_envelope(const std::vector<EnvelopeChange>& changes, std::string& out) {
  std::string lines;
  const auto text = [](const std::optional<evidence::Bucket>& bucket) {
    return bucket ? bucket_text(*bucket) : std::string("nothing");
  };
  for (const EnvelopeChange& change : changes) {
    if (change.verdict == EnvelopeVerdict::same) continue;
    lines += fmt::format("  {} {}: {} -> {} ({})\n", change.tier, evidence::to_string(change.workload),
                         text(change.was), text(change.is), to_string(change.verdict));
  }
  if (!lines.empty()) out += "envelope\n" + lines;
}

Json bucket_json(const evidence::Bucket& bucket) {
  return {{"prompt", {bucket.prompt.low, bucket.prompt.high}},
          {"gen", {bucket.gen.low, bucket.gen.high}},
          {"batch", {bucket.batch.low, bucket.batch.high}}};
}

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

Json side_json(const std::optional<CellSide>& side) {
  if (!side) return nullptr;
  Json rejected = Json::array();
  for (const evidence::Rejected& one : side->rejected) {
    rejected.push_back(
        {{"candidate", one.candidate}, {"gate", one.gate}, {"reason", one.reason}, {"detail", one.detail}});
  }
  Json json = {{"winner", or_null(side->winner)}, {"tied", side->tied},       {"reason", or_null(side->reason)},
               {"served", side->served},          {"compile", side->compile}, {"warm_pool", side->warm_pool},
               {"rejected", std::move(rejected)}, {"effect", nullptr}};
  if (side->effect) {
    const evidence::Effect& effect = *side->effect;
    json["effect"] = {{"ratio", effect.ratio},
                      {"ci95", {effect.ci_low, effect.ci_high}},
                      {"p_adjusted", effect.p_adjusted},
                      {"sessions", effect.sessions},
                      {"against", effect.against}};
  }
  return json;
}

Json cell_json(const CellChange& cell) {
  Json costs = Json::array();
  for (const CostChange& cost : cell.costs) {
    costs.push_back({{"scenario", cost.scenario},
                     {"was", cost.was},
                     {"is", cost.is},
                     {"seconds_was", number(cost.seconds_was)},
                     {"seconds_is", number(cost.seconds_is)},
                     {"seconds_change_percent", number(percent(cost.seconds_was, cost.seconds_is))},
                     {"usd_per_1M_was", number(cost.usd_per_1m_was)},
                     {"usd_per_1M_is", number(cost.usd_per_1m_is)},
                     {"usd_change_percent", number(percent(cost.usd_per_1m_was, cost.usd_per_1m_is))}});
  }
  return {{"tier", cell.tier},
          {"class", evidence::to_string(cell.workload)},
          {"bucket", bucket_json(cell.bucket)},
          {"verdict", to_string(cell.verdict)},
          {"was", side_json(cell.was)},
          {"is", side_json(cell.is)},
          {"costs", std::move(costs)}};
}

Json values_json(const std::vector<ValueChange>& values) {
  Json list = Json::array();
  for (const ValueChange& value : values) {
    list.push_back({{"field", value.field}, {"was", value.was}, {"is", value.is}});
  }
  return list;
}

Json envelope_json(const std::vector<EnvelopeChange>& changes) {
  Json list = Json::array();
  for (const EnvelopeChange& change : changes) {
    list.push_back({{"tier", change.tier},
                    {"class", evidence::to_string(change.workload)},
                    {"was", change.was ? bucket_json(*change.was) : Json(nullptr)},
                    {"is", change.is ? bucket_json(*change.is) : Json(nullptr)},
                    {"verdict", to_string(change.verdict)}});
  }
  return list;
}

constexpr std::array<CellVerdict, 9> kOrder = {
    CellVerdict::winner_changed,   CellVerdict::winner_lost,  CellVerdict::winner_found,
    CellVerdict::settings_changed, CellVerdict::effect_moved, CellVerdict::open_changed,
    CellVerdict::only_old,         CellVerdict::only_new,     CellVerdict::same};

}  // namespace

Json to_json(const PolicyDiff& diff) {
  Json cells = Json::array();
  for (const CellChange& cell : diff.cells) cells.push_back(cell_json(cell));
  Json summary = Json::object();
  for (const CellVerdict verdict : kOrder) summary[std::string(to_string(verdict))] = diff.count(verdict);
  Json risks = Json::array();
  for (const Risk& risk : diff.risks) risks.push_back({{"kind", risk.kind}, {"text", risk.text}});
  return {{"was", diff.was_id},
          {"is", diff.is_id},
          {"same", diff.same()},
          {"summary", std::move(summary)},
          {"cells", std::move(cells)},
          {"envelope", envelope_json(diff.envelope)},
          {"boundary", values_json(diff.boundary)},
          {"candidates", values_json(diff.candidates)},
          {"thresholds", values_json(diff.thresholds)},
          {"general", values_json(diff.general)},
          {"risks", std::move(risks)}};
}

std::string to_text(const PolicyDiff& diff) {
  if (diff.same()) return fmt::format("the same policy: {}\n", diff.was_id);
  std::string out = fmt::format("{} -> {}\n", short_id(diff.was_id), short_id(diff.is_id));
  std::vector<std::string> counts;
  for (const CellVerdict verdict : kOrder) {
    const int count = diff.count(verdict);
    if (count > 0) counts.push_back(fmt::format("{} {}", count, words_of(verdict)));
  }
  out += fmt::format("cells: {}\n", fmt::join(counts, ", "));
  for (const CellVerdict verdict : kOrder) {
    if (verdict == CellVerdict::same) continue;
    for (const CellChange& cell : diff.cells) {
      if (cell.verdict == verdict) append_cell(cell, out);
    }
  }
  append_prices(diff.cells, out);
  append_envelope(diff.envelope, out);
  append_values(diff.boundary, "boundary", out);
  append_values(diff.candidates, "candidates", out);
  append_values(diff.thresholds, "thresholds", out);
  append_values(diff.general, "other", out);
  if (!diff.risks.empty()) out += "before you approve\n";
  for (const Risk& risk : diff.risks) out += fmt::format("  {}: {}\n", risk.kind, risk.text);
  return out;
}

}  // namespace phasegate::control
