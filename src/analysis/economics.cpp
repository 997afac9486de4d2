#include "analysis/economics.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

constexpr double kMillion = 1e6;
constexpr double kSecondsPerHour = 3600;

bool positive(double x) { return std::isfinite(x) && x > 0; }

using RunIds = std::set<std::string>;

std::vector<std::string> listed(const RunIds& ids) { return {ids.begin(), ids.end()}; }

RunIds runs_of(std::initializer_list<const MeasuredRate*> rates) {
  RunIds ids;
  for (const MeasuredRate* rate : rates)
    if (!rate->run_id.empty()) ids.insert(rate->run_id);
  return ids;
}

Cost unpriced(std::string reason, const RunIds& run_ids, const std::optional<Pricing>& pricing) {
  Cost cost;
  cost.reason = std::move(reason);
  cost.run_ids = listed(run_ids);
  if (pricing) {
    cost.pricing_id = pricing->id;
    cost.shadow = pricing->shadow;
  }
  return cost;
}

std::string price_fault(const std::optional<Pricing>& pricing, const std::string& hardware_id) {
  if (!pricing) return "no_price";
  if (pricing->currency != "USD") return "price_not_in_usd";
  if (pricing->hardware_id != hardware_id || hardware_id.empty()) return "price_of_other_hardware";
  if (!std::isfinite(pricing->usd_per_hour) || pricing->usd_per_hour < 0) return "invalid_price";
  return "";
}

// The seconds are known; gives them their price or the reason why there is none.
Cost priced(double seconds, const std::string& hardware_id, const RunIds& run_ids,
            const std::optional<Pricing>& pricing) {
  Cost cost = unpriced(price_fault(pricing, hardware_id), run_ids, pricing);
  cost.seconds = seconds;
  if (cost.reason.empty()) cost.usd = seconds / kSecondsPerHour * pricing->usd_per_hour;
  return cost;
}

std::string rate_fault(const MeasuredRate& rate) {
  if (!rate.tok_s) return rate.reason.empty() ? "rate_not_measured" : rate.reason;
  return positive(*rate.tok_s) ? "" : "invalid_rate";
}

// One request of the entry: a phase without tokens needs no rate.
Cost request_cost(const MixEntry& entry, const std::optional<Pricing>& pricing) {
  const PhaseRates& rates = entry.rates;
  RunIds run_ids;
  if (entry.prompt_tokens > 0) run_ids.merge(runs_of({&rates.prefill}));
  if (entry.gen_tokens > 0) run_ids.merge(runs_of({&rates.decode}));
  double seconds = 0;
  std::string hardware_id;
  const auto add = [&](const MeasuredRate& rate, std::int64_t tokens) -> std::string {
    if (tokens == 0) return "";
    if (auto fault = rate_fault(rate); !fault.empty()) return fault;
    if (!hardware_id.empty() && hardware_id != rate.hardware_id) return "phases_on_different_hardware";
    hardware_id = rate.hardware_id;
    seconds += static_cast<double>(tokens) / *rate.tok_s;
    return "";
  };
  if (auto fault = add(rates.prefill, entry.prompt_tokens); !fault.empty()) return unpriced(fault, run_ids, pricing);
  if (auto fault = add(rates.decode, entry.gen_tokens); !fault.empty()) return unpriced(fault, run_ids, pricing);
  return priced(seconds, hardware_id, run_ids, pricing);
}

core::Status check_entry(const MixEntry& entry) {
  const auto fault = [&](const char* what) {
    return core::fail({ErrorKind::invalid_input, what, "mix entry " + entry.id, "mend the mix of the workload"});
  };
  if (entry.prompt_tokens < 0 || entry.gen_tokens < 0) return fault("a token count is negative");
  if (entry.prompt_tokens + entry.gen_tokens == 0) return fault("the request has no tokens");
  if (!positive(entry.weight)) return fault("the weight is not positive");
  return {};
}

// Adds share * scale of a part; the first reason stays, and a null part makes the whole null.
class WeightedCost {
 public:
  void add(const Cost& part, double factor) {
    pricing_id_ = part.pricing_id;
    shadow_ = shadow_ || part.shadow;
    run_ids_.insert(part.run_ids.begin(), part.run_ids.end());
    if (reason_.empty()) reason_ = part.reason;
    accumulate(seconds_, part.seconds, factor);
    accumulate(usd_, part.usd, factor);
  }
  [[nodiscard]] Cost value(double scale = 1) const {
    Cost cost{seconds_, usd_, reason_, pricing_id_, shadow_, listed(run_ids_)};
    if (cost.seconds) *cost.seconds *= scale;
    if (cost.usd) *cost.usd *= scale;
    return cost;
  }

 private:
  static void accumulate(std::optional<double>& total, const std::optional<double>& part, double factor) {
    total = total && part ? std::optional(*total + factor * *part) : std::nullopt;
  }

  std::optional<double> seconds_ = 0.0;
  std::optional<double> usd_ = 0.0;
  std::string reason_;
  std::string pricing_id_;
  bool shadow_ = false;
  RunIds run_ids_;
};

}  // namespace

Cost cost_per_1m(const MeasuredRate& rate, const std::optional<Pricing>& pricing) {
  if (auto fault = rate_fault(rate); !fault.empty()) return unpriced(fault, runs_of({&rate}), pricing);
  return priced(kMillion / *rate.tok_s, rate.hardware_id, runs_of({&rate}), pricing);
}

PhaseCost phase_cost(const PhaseRates& rates, const std::optional<Pricing>& pricing) {
  return {cost_per_1m(rates.prefill, pricing), cost_per_1m(rates.decode, pricing)};
}

core::Result<MixCost> mix_cost(std::span<const MixEntry> mix, const std::optional<Pricing>& pricing) {
  if (mix.empty()) {
    return core::fail({ErrorKind::invalid_input, "the mix is empty", "mix", "declare at least one kind of request"});
  }
  double total_weight = 0;
  for (const auto& entry : mix) {
    PHASEGATE_CHECK_OK(check_entry(entry));
    total_weight += entry.weight;
  }
  MixCost result;
  WeightedCost per_request;
  WeightedCost mean_of_entries;
  for (const auto& entry : mix) {
    const double share = entry.weight / total_weight;
    const auto tokens = static_cast<double>(entry.prompt_tokens + entry.gen_tokens);
    const Cost cost = request_cost(entry, pricing);
    result.prompt_per_request += share * static_cast<double>(entry.prompt_tokens);
    result.gen_per_request += share * static_cast<double>(entry.gen_tokens);
    per_request.add(cost, share);
    mean_of_entries.add(cost, share * kMillion / tokens);
  }
  result.tokens_per_request = result.prompt_per_request + result.gen_per_request;
  result.per_request = per_request.value();
  result.per_1m = per_request.value(kMillion / result.tokens_per_request);
  result.mean_of_entries_per_1m = mean_of_entries.value();
  return result;
}

core::Result<Capacity> capacity_lower_bound(double tokens_per_month, const MeasuredRate& worker, double burst) {
  if (!worker.tok_s) {
    return core::fail({ErrorKind::evidence, "the worker's rate is unknown: " + rate_fault(worker), worker.run_id,
                       "measure the candidate first"});
  }
  if (!positive(tokens_per_month) || !positive(*worker.tok_s) || !std::isfinite(burst) || burst < 1) {
    return core::fail({ErrorKind::invalid_input,
                       fmt::format("capacity of {} tokens a month at {} tok/s a worker and burst {} is not defined",
                                   tokens_per_month, *worker.tok_s, burst),
                       "capacity", "give positive numbers and a burst of at least 1"});
  }
  Capacity capacity;
  capacity.avg_tok_s = tokens_per_month / kSecondsPerMonth;
  capacity.workers_exact = capacity.avg_tok_s / *worker.tok_s;
  const double needed = std::ceil(burst * capacity.workers_exact);
  if (needed > 1e15) {
    return core::fail({ErrorKind::invalid_input, "the number of workers is beyond any fleet", "capacity",
                       "check the tokens a month and the worker's rate"});
  }
  capacity.workers = std::max<std::int64_t>(1, static_cast<std::int64_t>(needed));
  return capacity;
}

}  // namespace phasegate::analysis
