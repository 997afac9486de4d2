// What a candidate costs at a measured shape, and what one worker of it can do: policy.economics. Prefill and decode
// are priced apart; the mix is one request of the scenario. Without a price every amount of money is null with
// `no_price`; a price of other hardware gives `price_of_other_hardware`. The arithmetic is analysis/economics.h.
#pragma once

#include <optional>
#include <vector>

#include "core/json.h"
#include "policy/decide.h"
#include "policy/pool.h"
#include "policy/pricing.h"

namespace phasegate::policy {

// {"pricing": {…}|null, "reason", "cells": [{candidate, tier, scenario, prompt_tokens, gen_tokens, batch,
//   prefill|decode|mix: {seconds_per_1M, usd_per_1M, reason}, request: {seconds, usd, reason},
//   capacity: {requests_per_s, tokens_per_day, reason}, evidence: […]}], "workload": […]}
// A price with tiers adds "tiers": {"spot": usd, …} beside each usd that is not null.
// `workload` is there with weights alone: the expected cost of a request over the declared mix, per candidate.
[[nodiscard]] core::Json economics_of(const Pool& pool, const std::optional<Pricing>& pricing,
                                      const std::vector<Weight>& weights);

}  // namespace phasegate::policy
