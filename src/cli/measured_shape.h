// A measured candidate by name, for commands that compare or plan with it:
//   RUN:CELL          of a native run "candidate/p64-g64-b1", of an imported one "backend/model/precision/b1"
//   policy:ID:CELL    of a stored policy, at the prices that the policy was made with
// CELL may be any part of the name that only one cell has; else the Error lists those that have it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "core/json.h"
#include "core/result.h"
#include "policy/pricing.h"

namespace phasegate::cli {

// One request of the cell: what it took and what it cost. Absent = not measured, with `reason`.
struct MeasuredShape {
  std::string name;  // full name of the cell
  std::string run;   // evidence
  double prompt_tokens = 0;
  double gen_tokens = 0;
  std::optional<double> prefill_tok_s;
  std::optional<double> decode_tok_s;
  std::optional<double> seconds;     // of a request
  std::optional<double> usd;         // of a request
  std::optional<double> usd_per_1m;  // prompt and generated tokens together
  std::optional<double> s_per_1m;
  bool shadow = false;
  bool uncached = false;  // decode is a loop that computes the whole sequence for each token
  std::string reason;     // of what is null
};

// `pricing` empty: the store's own way, money is null with "no_price" (a policy has its own).
[[nodiscard]] core::Result<MeasuredShape> find_measured_shape(Context& context, const std::string& text,
                                                              const std::string& pricing);

// The pieces, for tests: every cell of policy.economics, and of ObservedPrices::price.
[[nodiscard]] std::vector<MeasuredShape> shapes_of_economics(const core::Json& economics, const std::string& run);
[[nodiscard]] std::vector<MeasuredShape> shapes_of_observed(const core::Json& prices);
[[nodiscard]] core::Result<MeasuredShape> pick_shape(const std::vector<MeasuredShape>& shapes, const std::string& cell,
                                                     const std::string& where);

// The document of ObservedPrices for one imported run.
[[nodiscard]] core::Result<core::Json> price_observed(const std::filesystem::path& run, const std::string& pricing,
                                                      const std::string& mix);

}  // namespace phasegate::cli
