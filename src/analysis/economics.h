// What a measured rate costs. A price belongs to hardware, a date and a currency; a rate belongs to the hardware it was
// measured on. Without a price, or with the price of other hardware, the cost is null with a reason, never a default.
//   seconds_per_1m = 1e6 / tok_s            usd_per_1m = seconds_per_1m / 3600 * usd_per_hour
// Prompt and generated tokens are priced apart: a sum of both favours the model whose tokenizer makes more of them.
// Costs assume a fully used machine: they are lower bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace phasegate::analysis {

struct Pricing {
  std::string id;
  std::string date;      // ISO 8601 day on which the price held
  std::string currency;  // ISO 4217; only USD is computed with
  std::string hardware_id;
  double usd_per_hour = 0;
  bool shadow = false;  // somebody else's list price of like hardware, not what is paid here; labels every cost
  std::string source;
};

// A throughput with where it comes from. `tok_s` is null with a reason when it was not measured.
struct MeasuredRate {
  std::optional<double> tok_s;
  std::string reason;
  std::string run_id;  // evidence; carried into every cost
  std::string hardware_id;
};

struct Cost {
  std::optional<double> seconds;
  std::optional<double> usd;
  std::string reason;      // why usd (or both) is null: "no_price", "price_of_other_hardware", "price_not_in_usd",
                           // "invalid_price", "invalid_rate", or the rate's own reason
  std::string pricing_id;  // of the price that was used or refused
  bool shadow = false;
  std::vector<std::string> run_ids;  // evidence, sorted, each once
};

struct PhaseRates {
  MeasuredRate prefill;  // prompt tokens a second
  MeasuredRate decode;   // generated tokens a second
};

struct PhaseCost {
  Cost prefill_per_1m;  // 1e6 prompt tokens
  Cost decode_per_1m;   // 1e6 generated tokens
};

[[nodiscard]] Cost cost_per_1m(const MeasuredRate& rate, const std::optional<Pricing>& pricing);
[[nodiscard]] PhaseCost phase_cost(const PhaseRates& rates, const std::optional<Pricing>& pricing);

// One kind of request in the workload, with the rates measured at its shape.
struct MixEntry {
  std::string id;
  std::int64_t prompt_tokens = 0;
  std::int64_t gen_tokens = 0;
  double weight = 1;  // relative number of requests
  PhaseRates rates;
};

struct MixCost {
  double tokens_per_request = 0;  // expected, prompt + generated
  double prompt_per_request = 0;
  double gen_per_request = 0;
  Cost per_request;             // expectation over the mix
  Cost per_1m;                  // total tokens: cost of a request / tokens of a request, the workload's true price
  Cost mean_of_entries_per_1m;  // weighted mean of each entry's own cost per 1M; another quantity, shown beside it
};

// seconds of a request = prompt / prefill rate + generated / decode rate. Fails with invalid_input for an empty mix, a
// request without tokens, negative counts or a weight that is not positive.
[[nodiscard]] core::Result<MixCost> mix_cost(std::span<const MixEntry> mix, const std::optional<Pricing>& pricing);

inline constexpr double kSecondsPerMonth = 2'592'000;  // 30 days

struct Capacity {
  double avg_tok_s = 0;      // tokens a month / 2,592,000 s
  double workers_exact = 0;  // avg_tok_s / worker_tok_s, no burst, fully used
  std::int64_t workers = 1;  // ceil(burst * avg_tok_s / worker_tok_s), at least 1: a lower bound, queueing not counted
};

// `burst` is p95 load / mean load, at least 1. Fails with invalid_input for anything not finite and positive, with
// evidence when the worker's rate is null.
[[nodiscard]] core::Result<Capacity> capacity_lower_bound(double tokens_per_month, const MeasuredRate& worker,
                                                          double burst);

}  // namespace phasegate::analysis
