#include "policy/economics.h"

#include <algorithm>

#include "analysis/economics.h"
#include "analysis/percentile.h"
#include "policy/rule_maker.h"

namespace phasegate::policy {
namespace {

using analysis::Cost;
using analysis::MeasuredRate;
using evidence::Candidate;
using evidence::Phase;
using evidence::Scenario;

constexpr double kSecondsPerDay = 86'400;

std::string environment_text(const evidence::Manifest& manifest, const char* key) {
  const auto found = manifest.environment.find(key);
  if (found == manifest.environment.end() || !found->second.value.is_string()) return {};
  return found->second.value.get<std::string>();
}

// The id under which the price asks for this machine: its own when it names a part of the CPU's or GPU's name.
std::string hardware_id(const Pool& pool, const std::optional<Pricing>& pricing) {
  const evidence::Manifest& manifest = pool.runs.back()->manifest;
  const std::string cpu = environment_text(manifest, "cpu_model");
  const std::string gpu = environment_text(manifest, "gpu");
  if (!pricing) return cpu;
  const std::string& wanted = pricing->price.hardware_id;
  const bool ours = cpu.find(wanted) != std::string::npos || gpu.find(wanted) != std::string::npos;
  return ours || (wanted == "any" && pricing->price.shadow) ? wanted : cpu;
}

MeasuredRate rate_of(const Pool& pool, const std::string& candidate, const Scenario& scenario, Phase phase,
                     const std::string& hardware) {
  MeasuredRate rate{{}, "not_measured", {}, hardware};
  const PooledCell* cell = pool.find(candidate, scenario, phase);
  if (cell == nullptr || cell->sessions.empty()) return rate;
  std::vector<double> values;
  for (const analysis::SessionValue& session : cell->sessions) values.push_back(session.tok_s);
  rate.tok_s = analysis::median(values);
  rate.reason.clear();
  rate.run_id = cell->sessions.back().run;
  return rate;
}

core::Json number(const std::optional<double>& value) {
  return value ? core::finite_or_null(*value) : core::Json(nullptr);
}

core::Json cost_json(const Cost& cost, const char* seconds_key, const char* usd_key) {
  core::Json json = {{seconds_key, number(cost.seconds)}, {usd_key, number(cost.usd)}, {"shadow", cost.shadow}};
  json["reason"] = cost.reason.empty() ? core::Json(nullptr) : core::Json(cost.reason);
  return json;
}

// One worker, one call after the other, always busy: what it can do at most. Workers for a load are then at least load
// divided by this.
core::Json capacity_json(const Pool& pool, const std::string& candidate, const Scenario& scenario) {
  const PooledCell* cell = pool.find(candidate, scenario, Phase::e2e);
  if (cell == nullptr || cell->sessions.empty()) {
    return {{"requests_per_s", nullptr}, {"tokens_per_day", nullptr}, {"reason", "not_measured"}};
  }
  std::vector<double> ms;
  for (const analysis::SessionValue& session : cell->sessions) ms.push_back(session.ms);
  const double requests_per_s = scenario.batch / (analysis::median(ms) / 1000);
  return {{"requests_per_s", core::finite_or_null(requests_per_s)},
          {"tokens_per_day", core::finite_or_null(requests_per_s * scenario.gen_tokens * kSecondsPerDay)},
          {"reason", nullptr}};
}

core::Json refs_json(const Pool& pool, const std::string& candidate, const Scenario& scenario) {
  core::Json list = core::Json::array();
  for (const Phase phase : {Phase::prefill, Phase::decode, Phase::e2e}) {
    const PooledCell* cell = pool.find(candidate, scenario, phase);
    if (cell == nullptr) continue;
    for (const evidence::EvidenceRef& ref : refs_of(*cell, phase == Phase::e2e ? "ms" : "tok_s")) {
      list.push_back({{"run", ref.run}, {"file", ref.file}, {"key", ref.key}});
    }
  }
  return list;
}

analysis::MixEntry mix_entry(const Pool& pool, const std::string& candidate, const Scenario& scenario,
                             const std::string& hardware, double weight) {
  return {scenario.id(),
          scenario.prompt_tokens,
          scenario.gen_tokens,
          weight,
          {rate_of(pool, candidate, scenario, Phase::prefill, hardware),
           rate_of(pool, candidate, scenario, Phase::decode, hardware)}};
}

core::Json cell_json(const Pool& pool, const Candidate& candidate, const Scenario& scenario,
                     const std::optional<analysis::Pricing>& price, const std::string& hardware) {
  const std::vector<analysis::MixEntry> mix = {mix_entry(pool, candidate.name, scenario, hardware, 1)};
  const analysis::PhaseCost phases = analysis::phase_cost(mix.front().rates, price);
  core::Json json = {{"candidate", candidate.name},
                     {"tier", pool.tiers.of(candidate.name)},
                     {"scenario", scenario.id()},
                     {"prompt_tokens", scenario.prompt_tokens},
                     {"gen_tokens", scenario.gen_tokens},
                     {"batch", scenario.batch},
                     {"prefill", cost_json(phases.prefill_per_1m, "seconds_per_1M", "usd_per_1M")},
                     {"decode", cost_json(phases.decode_per_1m, "seconds_per_1M", "usd_per_1M")},
                     {"capacity", capacity_json(pool, candidate.name, scenario)},
                     {"evidence", refs_json(pool, candidate.name, scenario)}};
  if (const auto cost = analysis::mix_cost(mix, price)) {
    json["mix"] = cost_json(cost->per_1m, "seconds_per_1M", "usd_per_1M");
    json["request"] = cost_json(cost->per_request, "seconds", "usd");
  } else {
    const Cost none{{}, {}, "not_measured", {}, false, {}};
    json["mix"] = cost_json(none, "seconds_per_1M", "usd_per_1M");
    json["request"] = cost_json(none, "seconds", "usd");
  }
  return json;
}

core::Json workload_json(const Pool& pool, const std::vector<Weight>& weights,
                         const std::optional<analysis::Pricing>& price, const std::string& hardware) {
  core::Json list = core::Json::array();
  if (weights.empty()) return list;
  for (const Candidate& candidate : pool.candidates) {
    std::vector<analysis::MixEntry> mix;
    for (const Weight& weight : weights) {
      mix.push_back(mix_entry(pool, candidate.name, weight.scenario, hardware, weight.share));
    }
    const auto cost = analysis::mix_cost(mix, price);
    if (!cost) continue;
    list.push_back({{"candidate", candidate.name},
                    {"request", cost_json(cost->per_request, "seconds", "usd")},
                    {"mix", cost_json(cost->per_1m, "seconds_per_1M", "usd_per_1M")},
                    {"mean_of_scenarios", cost_json(cost->mean_of_entries_per_1m, "seconds_per_1M", "usd_per_1M")}});
  }
  return list;
}

// The other tiers of the price beside usd: {"tiers": {"spot": …}}; the hours are the same, so only the price differs.
void add_tiers(core::Json& cost, const char* seconds_key, const char* usd_key, const Pricing& pricing) {
  if (cost.at(usd_key).is_null()) return;
  for (const analysis::Tier tier : analysis::kTiers) {
    if (tier == analysis::Tier::on_demand || !pricing.usd_per_hour[tier]) continue;
    cost["tiers"][std::string(to_string(tier))] =
        cost.at(seconds_key).get<double>() / 3600 * *pricing.usd_per_hour[tier];
  }
}

void add_tiers(core::Json& list, const Pricing& pricing) {
  for (core::Json& cell : list) {
    for (const char* key : {"prefill", "decode", "mix", "mean_of_scenarios"}) {
      if (cell.contains(key)) add_tiers(cell.at(key), "seconds_per_1M", "usd_per_1M", pricing);
    }
    if (cell.contains("request")) add_tiers(cell.at("request"), "seconds", "usd", pricing);
  }
}

}  // namespace

core::Json economics_of(const Pool& pool, const std::optional<Pricing>& pricing, const std::vector<Weight>& weights) {
  std::optional<analysis::Pricing> price;
  if (pricing) price = pricing->price;
  const std::string hardware = hardware_id(pool, pricing);
  core::Json cells = core::Json::array();
  for (const std::string& tier : pool.tiers.names()) {
    for (const Scenario& scenario : pool.scenarios_of(tier)) {
      for (const Candidate* candidate : pool.of_tier(tier)) {
        cells.push_back(cell_json(pool, *candidate, scenario, price, hardware));
      }
    }
  }
  core::Json json = {{"pricing", nullptr},
                     {"reason", pricing ? core::Json(nullptr) : core::Json("no_price")},
                     {"cells", std::move(cells)},
                     {"workload", workload_json(pool, weights, price, hardware)}};
  if (!pricing) return json;
  json["pricing"] = to_json(*pricing);
  add_tiers(json["cells"], *pricing);
  add_tiers(json["workload"], *pricing);
  return json;
}

}  // namespace phasegate::policy
