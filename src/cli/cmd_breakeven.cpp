// breakeven: is the big model worth its price? Costs of two measured cells, or two plain numbers, against how often
// each succeeds; with --build-s, from how many tokens on a build pays that makes the slow one into the fast one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>

#include "analysis/investment.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/measured_shape.h"
#include "cli/observed_text.h"
#include "cli/output.h"

namespace phasegate::cli {
namespace {

using core::ErrorKind;
using core::Json;

struct BreakevenOptions {
  std::string small;
  std::string big;
  std::optional<double> p_small;
  std::optional<double> p_big;
  std::optional<double> failure_usd;
  std::optional<double> build_s;
  std::string pricing;
};

// A cost with what it is of. Both sides must be of the same thing.
struct Side {
  std::string name;
  std::string run;
  double cost = 0;
  std::string of;  // "USD a request", "s of machine time a request", "USD per 1M tokens", "USD"
  std::optional<double> per_1m;
  std::optional<double> tok_s;
  bool shadow = false;
  bool uncached = false;
};

core::Error usage(std::string what, std::string where, std::string next) {
  return {ErrorKind::invalid_input, std::move(what), std::move(where), std::move(next)};
}

// "0.76usd" or "141tok/s"; nullopt when the text is neither.
std::optional<Side> plain_side(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !(value > 0) || !std::isfinite(value)) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  Side side;
  side.name = text;
  if (unit == "usd") {
    side.cost = value;
    side.of = "USD";
    return side;
  }
  if (unit != "tok/s") return std::nullopt;
  side.cost = 1e6 / value;
  side.tok_s = value;
  side.of = "s of machine time per 1M tokens";
  return side;
}

// What of a cell can be compared: a request before a million tokens, money before time.
core::Result<Side> side_of(const MeasuredShape& shape) {
  Side side;
  side.name = shape.name;
  side.run = shape.run;
  side.shadow = shape.shadow;
  side.uncached = shape.uncached;
  if (shape.s_per_1m) side.tok_s = 1e6 / *shape.s_per_1m;
  side.per_1m = shape.usd ? shape.usd_per_1m : shape.s_per_1m;
  const std::array<std::pair<std::optional<double>, const char*>, 4> choices = {
      {{shape.usd, "USD a request"},
       {shape.seconds, "s of machine time a request"},
       {shape.usd_per_1m, "USD per 1M tokens"},
       {shape.s_per_1m, "s of machine time per 1M tokens"}}};
  for (const auto& [value, of] : choices) {
    if (!value) continue;
    side.cost = *value;
    side.of = of;
    return side;
  }
  return core::fail({ErrorKind::evidence, "the cell has no cost: " + shape.reason, shape.name, "choose another cell"});
}

core::Result<Side> read_side(Context& context, const std::string& text, const std::string& pricing) {
  if (auto plain = plain_side(text)) return *plain;
  if (text.find(':') == std::string::npos) {
    return core::fail({core::ErrorKind::invalid_input,
                       fmt::format("`{}` is neither a cell nor a number with its unit", text),
                       {},
                       "RUN:CELL, policy:ID:CELL, 0.76usd or 141tok/s"});
  }
  PHASEGATE_TRY(shape, find_measured_shape(context, text, pricing));
  return side_of(shape);
}

struct Outcome {
  Side small;
  Side big;
  analysis::TierInput input;
  analysis::TierBreakEven result;
  std::optional<analysis::Amortisation> build;
};

core::Status add_build(const BreakevenOptions& options, Outcome& outcome) {
  if (!options.build_s) return {};
  if (!outcome.small.tok_s || !outcome.big.tok_s) {
    return core::fail(usage("a build is paid back in tokens, and a side has no rate", "--build-s",
                            "give both sides as cells or as tok/s: --small before the build, --big after it"));
  }
  PHASEGATE_TRY(build, analysis::amortise_build(*options.build_s, *outcome.small.tok_s, *outcome.big.tok_s));
  outcome.build = build;
  return {};
}

core::Result<Outcome> compare(Context& context, const BreakevenOptions& options) {
  Outcome outcome;
  PHASEGATE_TRY(small, read_side(context, options.small, options.pricing));
  PHASEGATE_TRY(big, read_side(context, options.big, options.pricing));
  if (small.of != big.of) {
    return core::fail(usage(fmt::format("{} is in {}, {} in {}", small.name, small.of, big.name, big.of), "breakeven",
                            "give both in the same unit"));
  }
  outcome.small = small;
  outcome.big = big;
  outcome.input = {small.cost, big.cost, options.p_small, options.p_big, options.failure_usd};
  PHASEGATE_TRY(result, analysis::tier_break_even(outcome.input));
  outcome.result = result;
  PHASEGATE_CHECK_OK(add_build(options, outcome));
  return outcome;
}

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

Json side_json(const Side& side) {
  return {{"name", side.name},
          {"run", side.run.empty() ? Json(nullptr) : Json(side.run)},
          {"cost", side.cost},
          {"of", side.of},
          {"per_1M_tokens", number(side.per_1m)},
          {"shadow", side.shadow},
          {"uncached", side.uncached}};
}

constexpr std::array<double, 8> kTable = {0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};

// p_big that is needed and what a failure must cost at the least, for one p_small.
analysis::TierBreakEven at(const Outcome& outcome, double p_small) {
  analysis::TierInput input = outcome.input;
  input.p_small = p_small;
  return analysis::tier_break_even(input).value();
}

Json outcome_json(const Outcome& outcome) {
  const analysis::TierBreakEven& r = outcome.result;
  Json table = Json::array();
  for (const double p : kTable) {
    const auto row = at(outcome, p);
    table.push_back({{"p_small", p},
                     {"p_big_needed", number(row.p_big_needed)},
                     {"possible", *row.p_big_needed <= 1},
                     {"failure_cost_floor", number(row.failure_usd_floor)}});
  }
  Json build = nullptr;
  if (outcome.build) {
    build = {{"seconds_to_recover", number(outcome.build->seconds_to_recover)},
             {"tokens_to_recover", number(outcome.build->tokens_to_recover)},
             {"tokens_to_break_even", number(outcome.build->tokens_to_break_even)},
             {"reason", outcome.build->reason.empty() ? Json(nullptr) : Json(outcome.build->reason)}};
  }
  return {{"small", side_json(outcome.small)},
          {"big", side_json(outcome.big)},
          {"cost_ratio", r.cost_ratio},
          {"p_small", number(outcome.input.p_small)},
          {"p_big", number(outcome.input.p_big)},
          {"by_success",
           {{"verdict", to_string(r.by_success)},
            {"p_big_needed", number(r.p_big_needed)},
            {"cost_per_success_small", number(r.usd_per_success_small)},
            {"cost_per_success_big", number(r.usd_per_success_big)}}},
          {"by_value",
           {{"verdict", to_string(r.by_value)},
            {"failure_cost", number(outcome.input.usd_per_failure)},
            {"failure_cost_needed", number(r.failure_usd_needed)},
            {"failure_cost_floor", number(r.failure_usd_floor)}}},
          {"build", std::move(build)},
          {"table", std::move(table)}};
}

std::string amount(double value) { return amount_text(core::finite_or_null(value)); }

std::string success_lines(const Outcome& outcome) {
  const analysis::TierBreakEven& r = outcome.result;
  if (!outcome.input.p_small) return "by success   give --p-small and --p-big: nobody can derive them from speed\n";
  const std::string needed =
      fmt::format("{} * {} = {}", amount(*outcome.input.p_small), amount(r.cost_ratio), amount(*r.p_big_needed));
  switch (r.by_success) {
    case analysis::TierVerdict::impossible:
      return fmt::format("by success   p_big >= {}: impossible, the big model cannot pay by succeeding more often\n",
                         needed);
    case analysis::TierVerdict::needs_p:
      return fmt::format("by success   the big model pays from p_big >= {} on; give --p-big\n", needed);
    case analysis::TierVerdict::big:
    case analysis::TierVerdict::small: break;
  }
  return fmt::format("by success   p_big {} against {} needed: {} pays  ({} against {} per success)\n",
                     amount(*outcome.input.p_big), needed, to_string(r.by_success), amount(*r.usd_per_success_big),
                     amount(*r.usd_per_success_small));
}

std::string value_lines(const Outcome& outcome) {
  const analysis::TierBreakEven& r = outcome.result;
  if (!outcome.input.p_small) return "";
  if (r.by_value != analysis::TierVerdict::needs_p) {
    const std::string needed = r.failure_usd_needed ? amount(*r.failure_usd_needed) + " needed" : "no value is enough";
    return fmt::format("by value     a failure costs {}: {}; {} pays\n",
                       outcome.input.usd_per_failure ? amount(*outcome.input.usd_per_failure) : "?", needed,
                       to_string(r.by_value));
  }
  if (r.failure_usd_needed)
    return fmt::format("by value     the big model pays when a failure costs more than {}\n",
                       amount(*r.failure_usd_needed));
  if (r.failure_usd_floor)
    return fmt::format("by value     a failure must cost more than {}, even if the big model never fails\n",
                       amount(*r.failure_usd_floor));
  return "";
}

std::string build_lines(const Outcome& outcome) {
  const analysis::Amortisation& build = *outcome.build;
  if (!build.tokens_to_break_even) return "the build    never pays: what it makes is not faster\n";
  return fmt::format("the build    pays from {} tokens on; {} s after it its time is made up\n",
                     amount(*build.tokens_to_break_even), amount(*build.seconds_to_recover));
}

std::string outcome_text(const Outcome& outcome) {
  std::vector<std::vector<std::string>> sides = {{"", "model", outcome.small.of, "per 1M tokens", "evidence"}};
  for (const auto& [role, side] : {std::pair("small", &outcome.small), std::pair("big", &outcome.big)})
    sides.push_back({role, side->name, amount(side->cost), side->per_1m ? amount(*side->per_1m) : "-",
                     side->run.empty() ? "given by hand" : side->run});
  std::string text = columns_text(sides);
  if (outcome.small.shadow || outcome.big.shadow) text += "SHADOW price: a planning price, not an invoice\n";
  if (outcome.small.uncached || outcome.big.uncached) text += "warning: generation was uncached in this run\n";
  text += fmt::format("\ncost ratio   C_big / C_small = {}\n", amount(outcome.result.cost_ratio));
  const auto& a = outcome.small.per_1m;
  const auto& b = outcome.big.per_1m;
  if (a && b && *a > 0 && std::abs(*b / *a / outcome.result.cost_ratio - 1) > 0.02)
    text += fmt::format(
        "             per token it is {}: the same request is more tokens to one of them, and users send requests\n",
        amount(*b / *a));
  if (outcome.build) return text + build_lines(outcome);
  text += success_lines(outcome) + value_lines(outcome);
  std::vector<std::vector<std::string>> table = {
      {"p_small", "p_big needed", "a failure must cost, if the big one never fails"}};
  for (const double p : kTable) {
    const auto row = at(outcome, p);
    table.push_back({amount(p),
                     *row.p_big_needed > 1 ? amount(*row.p_big_needed) + " impossible" : amount(*row.p_big_needed),
                     row.failure_usd_floor ? amount(*row.failure_usd_floor) : "-"});
  }
  return text + "\n" + columns_text(table);
}

int cmd_breakeven(Context& context, const BreakevenOptions& options) {
  const auto outcome = compare(context, options);
  if (!outcome) return report_error(outcome.error(), context.options.json);
  if (context.options.json) {
    print_json(outcome_json(*outcome));
  } else {
    print_text(outcome_text(*outcome));
  }
  return kExitDone;
}

}  // namespace

void add_breakeven(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand("breakeven", "when a bigger model pays for its price, by success or by value");
  const auto o = std::make_shared<BreakevenOptions>();  // shared with the bound command, which outlives the parser
  const char* side = "RUN:CELL, policy:ID:CELL, 0.76usd, or 141tok/s";
  sub->add_option("--small", o->small, side)->required();
  sub->add_option("--big", o->big, side)->required();
  sub->add_option("--p-small", o->p_small, "share of requests that the small model gets right");
  sub->add_option("--p-big", o->p_big, "the same of the big one");
  sub->add_option("--failure-cost", o->failure_usd, "what a failed request costs, in the unit of the costs");
  sub->add_option("--build-s", o->build_s, "seconds of a build or compile that makes --small into --big")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--pricing", o->pricing, "pricing file; without one, machine time is compared");
  sub->footer(
      "Examples:\n"
      "  phasegate breakeven --small 1.978usd --big 5.328usd --p-small 0.7\n"
      "  phasegate breakeven --small last:qwen2.5:7b --big last:gpt-oss-20b --p-small 0.7 --p-big 0.9\n"
      "  phasegate breakeven --small 141tok/s --big 52tok/s --p-small 0.3 --p-big 0.9 --json\n"
      "  phasegate breakeven --small 2120.9747tok/s --big 6284.3368tok/s --build-s 240");
  sub->callback(
      [&options, o] { options.command = BoundCommand{[o](Context& context) { return cmd_breakeven(context, *o); }}; });
}

}  // namespace phasegate::cli
