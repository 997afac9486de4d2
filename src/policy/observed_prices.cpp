#include "policy/observed_prices.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/economics.h"
#include "analysis/energy_use.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "policy/observed_energy.h"

namespace phasegate::policy {
namespace {

using analysis::MeasuredRate;
using analysis::MixEntry;
using analysis::Tier;
using core::Json;
using evidence::Observation;
using evidence::Window;

constexpr std::size_t kMaxCells = 100'000;
constexpr double kMillion = 1e6;

using Arm = ObservedPrices::Arm;
using Cell = ObservedPrices::Cell;
using Cells = std::map<std::string, Cell>;
using Rows = ObservedPrices::Rows;

bool is_prompt_phase(Window window) { return window == Window::prefill; }

// Tokens of one call: the source's own tok/s says how many it counted, else the counts of the row.
std::optional<double> tokens_of(const Observation& row) {
  if (row.tok_s.size() == row.latency_ms.size()) {
    double tokens = 0;
    for (std::size_t i = 0; i < row.tok_s.size(); ++i) tokens += row.tok_s[i] * row.latency_ms[i] / 1000;
    tokens /= static_cast<double>(row.tok_s.size());
    if (std::isfinite(tokens) && tokens > 0) return tokens;
  }
  const auto& count = is_prompt_phase(row.window) ? row.prompt_tokens : row.generated_tokens;
  if (!count || *count <= 0) return std::nullopt;
  return static_cast<double>(*count);
}

void add_service(const Observation& row, ObservedPrices::Service& service) {
  ++service.requests;
  service.prompt_tokens += static_cast<double>(row.prompt_tokens.value_or(0));
  service.counted = service.counted && row.generated_tokens.has_value();
  service.generated_tokens += static_cast<double>(row.generated_tokens.value_or(0));
  if (!row.started_unix_s) return;
  const double end = *row.started_unix_s + row.latency_ms.front() / 1000;
  service.first_start = std::min(service.first_start.value_or(*row.started_unix_s), *row.started_unix_s);
  service.last_end = std::max(service.last_end.value_or(end), end);
}

// The arm's numbers with the price of one tier.
struct Pricer {
  const ObservedPriceInputs& inputs;
  std::string hardware;  // under which the price is asked

  explicit Pricer(const ObservedPriceInputs& in) : inputs(in) {
    for (const std::string& name : in.hardware) {
      if (hardware.empty()) hardware = name;
      if (in.pricing && name.find(in.pricing->price.hardware_id) != std::string::npos)
        hardware = in.pricing->price.hardware_id;
    }
    if (in.pricing && in.pricing->price.hardware_id == "any" && in.pricing->price.shadow) hardware = "any";
  }

  [[nodiscard]] MeasuredRate rate(std::optional<double> tok_s, const char* reason) const {
    return {tok_s, tok_s ? "" : reason, inputs.run, hardware};
  }

  [[nodiscard]] std::vector<std::pair<Tier, std::optional<analysis::Pricing>>> tiers() const {
    std::vector<std::pair<Tier, std::optional<analysis::Pricing>>> list;
    if (!inputs.pricing) list.emplace_back(Tier::on_demand, std::nullopt);
    for (const Tier tier : analysis::kTiers) {
      if (inputs.pricing && inputs.pricing->usd_per_hour[tier])
        list.emplace_back(tier, price_of_tier(*inputs.pricing, tier));
    }
    return list;
  }
};

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// A phase as MixEntries, one for each scenario, that carry its tokens alone.
MixEntry entry_of(const Pricer& pricer, const std::string& scenario, const Cell& cell, bool prompt) {
  const double seconds = analysis::median(cell.seconds);
  const double tokens = analysis::median(cell.tokens);
  MixEntry entry;
  entry.id = scenario;
  (prompt ? entry.prompt_tokens : entry.gen_tokens) = std::max<std::int64_t>(1, std::llround(tokens));
  (prompt ? entry.rates.prefill : entry.rates.decode) = pricer.rate(tokens / seconds, "");
  return entry;
}

// Prices a mix in every tier; seconds are the same in all.
struct Priced {
  Json usd_per_1m = Json::object();
  Json mean_usd_per_1m = Json::object();
  Json usd_per_request = Json::object();
  std::optional<analysis::MixCost> first;  // for what no price changes
};

Priced priced(const Pricer& pricer, const std::vector<MixEntry>& mix) {
  Priced result;
  for (const auto& [tier, price] : pricer.tiers()) {
    const auto cost = analysis::mix_cost(mix, price);
    if (!cost) return result;
    const std::string name(to_string(tier));
    result.usd_per_1m[name] = number(cost->per_1m.usd);
    result.mean_usd_per_1m[name] = number(cost->mean_of_entries_per_1m.usd);
    result.usd_per_request[name] = number(cost->per_request.usd);
    if (!result.first) result.first = *cost;
  }
  return result;
}

Json phase_json(const Pricer& pricer, const Cells& cells, bool prompt) {
  std::vector<MixEntry> mix;
  std::size_t rows = 0;
  for (const auto& [scenario, cell] : cells) {
    mix.push_back(entry_of(pricer, scenario, cell, prompt));
    rows += cell.seconds.size();
  }
  const Priced cost = priced(pricer, mix);
  const analysis::Cost& per_1m = cost.first->per_1m;
  return {{"tok_s", number(per_1m.seconds ? std::optional(kMillion / *per_1m.seconds) : std::nullopt)},
          {"seconds_per_1M", number(per_1m.seconds)},
          {"usd_per_1M", cost.usd_per_1m},
          {"mean_of_scenarios_usd_per_1M", cost.mean_usd_per_1m},
          {"shadow", per_1m.shadow},
          {"reason", text_or_null(per_1m.reason)},
          {"scenarios", mix.size()},
          {"rows", rows}};
}

Json service_json(const Pricer& pricer, const ObservedPrices::Service& service, bool only_arm) {
  std::optional<double> duration;
  if (only_arm) duration = pricer.inputs.duration_s;
  if (!duration && service.first_start) duration = *service.last_end - *service.first_start;
  const bool known = duration && *duration > 0 && service.counted && service.generated_tokens > 0;
  const char* reason = service.counted ? "duration_unknown" : "token_count_missing";
  MixEntry entry;
  entry.id = "requests";
  entry.gen_tokens = std::max<std::int64_t>(1, std::llround(service.generated_tokens));
  entry.rates.decode = pricer.rate(known ? std::optional(service.generated_tokens / *duration) : std::nullopt, reason);
  const Priced cost = priced(pricer, {entry});
  const analysis::Cost& per_1m = cost.first->per_1m;
  Json per_request = Json::object();
  for (const auto& [tier, usd] : cost.usd_per_request.items())
    per_request[tier] = usd.is_null() ? usd : Json(usd.get<double>() / static_cast<double>(service.requests));
  return {{"tok_s", number(known ? std::optional(service.generated_tokens / *duration) : std::nullopt)},
          {"seconds_per_1M", number(per_1m.seconds)},
          {"usd_per_1M", cost.usd_per_1m},
          {"usd_per_request", per_request},
          {"mean_prompt_tokens", service.prompt_tokens / static_cast<double>(service.requests)},
          {"duration_s", number(duration)},
          {"shadow", per_1m.shadow},
          {"reason", text_or_null(per_1m.reason)},
          {"rows", service.requests}};
}

// The measured scenario whose tokens are nearest to those that are asked for; null outside what was measured.
const Cell* nearest(const Cells& cells, double wanted) {
  const Cell* best = nullptr;
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  double distance = std::numeric_limits<double>::infinity();
  for (const auto& [scenario, cell] : cells) {
    const double tokens = analysis::median(cell.tokens);
    low = std::min(low, tokens);
    high = std::max(high, tokens);
    if (std::abs(tokens - wanted) >= distance) continue;
    distance = std::abs(tokens - wanted);
    best = &cell;
  }
  return wanted >= low && wanted <= high ? best : nullptr;
}

MixEntry mix_entry_of(const Pricer& pricer, const Arm& arm, const Cells& prefill, const Cells& decode,
                      const Weight& weight) {
  const auto rate_at = [&](const Cells& cells, int tokens_of_a_row) {
    const Cell* cell = arm.batch == weight.scenario.batch
                           ? nearest(cells, static_cast<double>(tokens_of_a_row) * static_cast<double>(arm.batch))
                           : nullptr;
    if (cell == nullptr) return pricer.rate(std::nullopt, "outside_measured_shapes");
    return pricer.rate(analysis::median(cell->tokens) / analysis::median(cell->seconds), "");
  };
  MixEntry entry;
  entry.id = weight.scenario.id();
  entry.prompt_tokens = std::int64_t{weight.scenario.prompt_tokens} * arm.batch;
  entry.gen_tokens = std::int64_t{weight.scenario.gen_tokens} * arm.batch;
  entry.weight = weight.share;
  entry.rates = {rate_at(prefill, weight.scenario.prompt_tokens), rate_at(decode, weight.scenario.gen_tokens)};
  return entry;
}

std::vector<MixEntry> request_mix(const Pricer& pricer, const Arm& arm, const Cells& prefill, const Cells& decode) {
  std::vector<MixEntry> mix;
  for (const Weight& weight : pricer.inputs.weights) mix.push_back(mix_entry_of(pricer, arm, prefill, decode, weight));
  if (!mix.empty()) return mix;
  for (const auto& [scenario, cell] : prefill) {
    const auto found = decode.find(scenario);
    if (found == decode.end()) continue;
    MixEntry entry = entry_of(pricer, scenario, cell, true);
    const MixEntry generated = entry_of(pricer, scenario, found->second, false);
    entry.gen_tokens = generated.gen_tokens;
    entry.rates.decode = generated.rates.decode;
    mix.push_back(std::move(entry));
  }
  return mix;
}

Json request_json(const Pricer& pricer, const Arm& arm, const Rows& rows) {
  const auto cells_of = [&](Window window) -> const Cells* {
    const auto found = rows.cells.find(window);
    return found == rows.cells.end() ? nullptr : &found->second;
  };
  const Cells* prefill = cells_of(Window::prefill);
  const Cells* decode = cells_of(Window::decode);
  const bool uncached = decode == nullptr;
  if (uncached) decode = cells_of(Window::generate_uncached);
  if (prefill == nullptr || decode == nullptr) return nullptr;
  const auto mix = request_mix(pricer, arm, *prefill, *decode);
  const Priced cost = priced(pricer, mix);
  if (!cost.first) return nullptr;
  return {{"prompt_tokens", cost.first->prompt_per_request},
          {"gen_tokens", cost.first->gen_per_request},
          {"seconds", number(cost.first->per_request.seconds)},
          {"usd", cost.usd_per_request},
          {"usd_per_1M_tokens", cost.usd_per_1m},
          {"mean_of_scenarios_usd_per_1M_tokens", cost.mean_usd_per_1m},
          {"uncached", uncached},
          {"of", pricer.inputs.weights.empty() ? "measured scenarios" : "mix"},
          {"shapes", mix.size()},
          {"shadow", cost.first->per_request.shadow},
          {"reason", text_or_null(cost.first->per_request.reason)}};
}

Json energy_json(const Pricer& pricer, const ObservedSensor& sensor, const Rows& rows) {
  std::int64_t recorded = 0;
  std::int64_t with = 0;
  for (const auto& [status, n] : rows.published_rule) {
    recorded += n;
    with += status == "no_data" ? 0 : n;
  }
  const bool none = recorded == 0;
  Json phases = Json::object();
  const analysis::Electricity electricity =
      pricer.inputs.pricing ? pricer.inputs.pricing->electricity : analysis::Electricity{};
  if (!pricer.inputs.power.empty()) {
    for (const auto& [window, events] : rows.events)
      phases[std::string(evidence::to_string(window))] = phase_energy_json(sensor, events, electricity);
  }
  Json reason = none ? "not_recorded" : "updates_unknown";
  if (!phases.empty()) reason = "by_phase";
  return {{"status", phases.empty() ? Json("no_data") : Json(nullptr)},
          {"reason", std::move(reason)},
          {"published_rule", rows.published_rule},
          {"published_rule_coverage",
           none ? Json(nullptr) : Json(static_cast<double>(with) / static_cast<double>(recorded))},
          {"usd_per_1M", nullptr},
          {"carbon_g_per_1M", nullptr},
          {"phases", std::move(phases)}};
}

// The instants of a row under the names that the physics runner gives them.
void add_event(const Observation& row, const std::optional<double>& tokens, Rows& rows) {
  const auto start = row.numbers.find("t_start_ns");
  const auto end = row.numbers.find("t_end_ns");
  if (start == row.numbers.end() || end == row.numbers.end()) return;
  constexpr double kMost = 9e18;  // what an int64 of nanoseconds holds
  if (!(std::abs(start->second) < kMost && std::abs(end->second) < kMost)) return;
  rows.events[row.window].push_back(
      {{static_cast<std::int64_t>(start->second), static_cast<std::int64_t>(end->second)}, tokens.value_or(0)});
}

Json arm_json(const Pricer& pricer, const ObservedSensor& sensor, const Arm& arm, const Rows& rows, bool only_arm) {
  Json phases = Json::object();
  for (const auto& [window, cells] : rows.cells)
    phases[std::string(evidence::to_string(window))] = phase_json(pricer, cells, is_prompt_phase(window));
  if (rows.service.requests > 0)
    phases[std::string(evidence::to_string(Window::request))] = service_json(pricer, rows.service, only_arm);
  return {{"backend", arm.backend},
          {"model", text_or_null(arm.model)},
          {"precision", text_or_null(arm.precision)},
          {"batch", arm.batch},
          {"rows", rows.usable},
          {"phases", std::move(phases)},
          {"request", request_json(pricer, arm, rows)},
          {"energy", energy_json(pricer, sensor, rows)}};
}

}  // namespace

core::Status ObservedPrices::add(const Observation& row) {
  const bool steady = !row.regime || *row.regime == evidence::Regime::steady;
  if (!row.usable() || !steady) return {};
  Rows& rows = arms_[{row.backend, row.model, row.precision, row.batch.value_or(1)}];
  ++rows.usable;
  if (row.power) {
    const auto verdict = analysis::judge_aggregate(row.power->samples, std::nullopt, std::nullopt);
    ++rows.published_rule[std::string(to_string(verdict.published_rule))];
  }
  // A sum of two windows is in them already.
  if (row.window == Window::e2e_sum || row.window == Window::e2e) return {};
  if (row.window == Window::request) {
    add_service(row, rows.service);
    return {};
  }
  const double seconds = *row.mean_latency_ms() / 1000;
  const auto tokens = tokens_of(row);
  add_event(row, tokens, rows);
  if (!tokens || !(seconds > 0)) return {};
  auto& cells = rows.cells[row.window];
  auto found = cells.find(row.scenario);
  if (found == cells.end()) {
    if (++cells_ > kMaxCells) {
      return core::fail({core::ErrorKind::invalid_input, fmt::format("more than {} cells", kMaxCells),
                         fmt::format("{}:{}", row.file, row.line), "price a part of the run"});
    }
    found = cells.emplace(row.scenario, Cell{}).first;
  }
  found->second.seconds.push_back(seconds);
  found->second.tokens.push_back(*tokens);
  return {};
}

core::Json ObservedPrices::price(const ObservedPriceInputs& inputs) const {
  const Pricer pricer(inputs);
  const ObservedSensor sensor(inputs);
  Json arms = Json::array();
  for (const auto& [arm, rows] : arms_) arms.push_back(arm_json(pricer, sensor, arm, rows, arms_.size() == 1));
  Json json = {{"run", inputs.run},
               {"pricing", nullptr},
               {"reason", inputs.pricing ? Json(nullptr) : Json("no_price")},
               {"warnings", Json::array()},
               {"arms", std::move(arms)}};
  if (inputs.pricing) {
    json["pricing"] = to_json(*inputs.pricing);
    json["warnings"] = inputs.pricing->warnings;
  }
  return json;
}

}  // namespace phasegate::policy
