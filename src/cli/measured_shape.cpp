#include "cli/measured_shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/chain.h"
#include "cli/policy_source.h"
#include "evidence/import.h"
#include "evidence/store.h"
#include "policy/observed_prices.h"
#include "readers/source_json.h"

namespace phasegate::cli {
namespace {

using core::ErrorKind;
using core::Json;

constexpr std::size_t kNamesShown = 8;

std::optional<double> number_at(const Json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> rate_from(const std::optional<double>& seconds_per_1m) {
  if (!seconds_per_1m || !(*seconds_per_1m > 0)) return std::nullopt;
  return 1e6 / *seconds_per_1m;
}

MeasuredShape shape_of_cell(const Json& cell, const std::string& run) {
  MeasuredShape shape;
  shape.name = text_at(cell, "candidate") + "/" + text_at(cell, "scenario");
  shape.run = run;
  shape.prompt_tokens = number_at(cell, "prompt_tokens").value_or(0);  // of one row: policy.economics prices that
  shape.gen_tokens = number_at(cell, "gen_tokens").value_or(0);
  shape.prefill_tok_s = rate_from(number_at(cell.value("prefill", Json::object()), "seconds_per_1M"));
  shape.decode_tok_s = rate_from(number_at(cell.value("decode", Json::object()), "seconds_per_1M"));
  const Json request = cell.value("request", Json::object());
  shape.seconds = number_at(request, "seconds");
  shape.usd = number_at(request, "usd");
  shape.reason = text_at(request, "reason");
  shape.shadow = request.value("shadow", false);
  const Json mix = cell.value("mix", Json::object());
  shape.usd_per_1m = number_at(mix, "usd_per_1M");
  shape.s_per_1m = number_at(mix, "seconds_per_1M");
  return shape;
}

MeasuredShape shape_of_arm(const Json& arm, const std::string& run) {
  MeasuredShape shape;
  shape.run = run;
  for (const char* key : {"backend", "model", "precision"}) {
    const std::string part = text_at(arm, key);
    if (!part.empty()) shape.name += (shape.name.empty() ? "" : "/") + part;
  }
  shape.name += fmt::format("/b{}", arm.at("batch").get<std::int64_t>());
  const Json& phases = arm.at("phases");
  const auto phase = [&](const char* name) { return phases.value(name, Json::object()); };
  const Json& request = arm.at("request");
  if (request.is_object()) {
    shape.uncached = request.value("uncached", false);
    shape.prefill_tok_s = number_at(phase("prefill"), "tok_s");
    shape.decode_tok_s = number_at(phase(shape.uncached ? "generate_uncached" : "decode"), "tok_s");
    shape.prompt_tokens = number_at(request, "prompt_tokens").value_or(0);
    shape.gen_tokens = number_at(request, "gen_tokens").value_or(0);
    shape.seconds = number_at(request, "seconds");
    shape.usd = number_at(request.at("usd"), "on_demand");
    shape.usd_per_1m = number_at(request.at("usd_per_1M_tokens"), "on_demand");
    if (shape.seconds && shape.prompt_tokens + shape.gen_tokens > 0)
      shape.s_per_1m = *shape.seconds / (shape.prompt_tokens + shape.gen_tokens) * 1e6;
    shape.reason = text_at(request, "reason");
    shape.shadow = request.value("shadow", false);
    return shape;
  }
  // No request can be put together from its phases: what was timed as a whole stands for it.
  for (const char* name : {"request", "service", "generate_uncached", "decode", "prefill"}) {
    if (!phases.contains(name)) continue;
    const Json& only = phases.at(name);
    shape.s_per_1m = number_at(only, "seconds_per_1M");
    shape.usd_per_1m = number_at(only.at("usd_per_1M"), "on_demand");
    shape.reason = text_at(only, "reason");
    shape.shadow = only.value("shadow", false);
    return shape;
  }
  shape.reason = "not_measured";
  return shape;
}

core::Result<std::vector<MeasuredShape>> shapes_of_run(Context& context, const std::string& run,
                                                       const std::string& pricing) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::read));
  PHASEGATE_TRY(folder, store.find_run(run));
  PHASEGATE_TRY(manifest, evidence::read_manifest(folder));
  if (evidence::is_imported(manifest)) {
    PHASEGATE_TRY(prices, price_observed(folder, pricing, ""));
    return shapes_of_observed(prices);
  }
  PHASEGATE_TRY(policy, decide_step(context, {folder}, pricing, ""));
  return shapes_of_economics(policy.economics, folder.filename().string());
}

// The sensor's readings and what the run's own checks say of sensor and idle.
core::Status add_power(const Json& json, policy::ObservedPriceInputs& inputs) {
  PHASEGATE_TRY(source, readers::source_from_json(json));
  for (const readers::PowerTrace& trace : source.power_traces) {
    for (std::size_t i = 0; i < trace.t_ns.size(); ++i) {
      analysis::PowerSample sample;
      sample.t_ns = trace.t_ns[i];
      sample.watts = trace.power_w[i];  // NaN where the reading failed: excluded as what it is
      sample.read_ok = trace.read_ok[i] != 0;
      inputs.power.push_back(sample);
    }
  }
  for (const auto& [path, document] : source.documents) {
    if (!document.is_object()) continue;
    const auto is = [&](const char* pointer, bool wanted) {
      const Json::json_pointer at(pointer);
      return document.contains(at) && document.at(at) == Json(wanted);
    };
    inputs.response_failed = inputs.response_failed || is("/checks/instrument_response/pass", false);
    inputs.fake_idle = inputs.fake_idle || is("/fake_idle_flag", true) || is("/baseline/fake_idle_flag", true);
  }
  return {};
}

}  // namespace

std::vector<MeasuredShape> shapes_of_economics(const Json& economics, const std::string& run) {
  std::vector<MeasuredShape> shapes;
  for (const Json& cell : economics.value("cells", Json::array())) shapes.push_back(shape_of_cell(cell, run));
  return shapes;
}

std::vector<MeasuredShape> shapes_of_observed(const Json& prices) {
  std::vector<MeasuredShape> shapes;
  for (const Json& arm : prices.at("arms")) shapes.push_back(shape_of_arm(arm, text_at(prices, "run")));
  return shapes;
}

core::Result<MeasuredShape> pick_shape(const std::vector<MeasuredShape>& shapes, const std::string& cell,
                                       const std::string& where) {
  std::vector<const MeasuredShape*> found;
  for (const MeasuredShape& shape : shapes) {
    if (shape.name == cell) return shape;
    if (shape.name.find(cell) != std::string::npos) found.push_back(&shape);
  }
  if (found.size() == 1) return *found.front();
  std::string names;
  std::size_t shown = 0;
  const auto list = [&](const MeasuredShape& shape) {
    if (shown++ < kNamesShown) names += (names.empty() ? "" : ", ") + shape.name;
  };
  if (found.empty()) {
    for (const MeasuredShape& shape : shapes) list(shape);
  } else {
    for (const MeasuredShape* shape : found) list(*shape);
  }
  if (shown > kNamesShown) names += fmt::format(" and {} more", shown - kNamesShown);
  const std::string what = found.empty() ? fmt::format("no cell has `{}` in its name", cell)
                                         : fmt::format("`{}` names {} cells", cell, found.size());
  return core::fail({found.empty() ? ErrorKind::not_found : ErrorKind::invalid_input, what, where, "there: " + names});
}

core::Result<MeasuredShape> find_measured_shape(Context& context, const std::string& text, const std::string& pricing) {
  constexpr std::string_view kPolicy = "policy:";
  const bool of_policy = text.starts_with(kPolicy);
  const std::size_t start = of_policy ? kPolicy.size() : 0;
  const auto colon = text.find(':', start);
  if (colon == std::string::npos || colon == start || colon + 1 == text.size()) {
    return core::fail({ErrorKind::invalid_input,
                       fmt::format("`{}` is neither RUN:CELL nor policy:ID:CELL", text),
                       {},
                       "for example last:ollama/qwen2.5:7b, or policy:last:llamacpp-q8_0"});
  }
  const std::string source = text.substr(start, colon - start);
  const std::string cell = text.substr(colon + 1);
  if (of_policy) {
    PHASEGATE_TRY(policy, find_policy(context, source));
    return pick_shape(shapes_of_economics(policy.economics, "policy " + source), cell, "policy " + source);
  }
  PHASEGATE_TRY(shapes, shapes_of_run(context, source, pricing));
  return pick_shape(shapes, cell, "run " + source);
}

core::Result<Json> price_observed(const std::filesystem::path& run, const std::string& pricing,
                                  const std::string& mix) {
  policy::ObservedPriceInputs inputs;
  inputs.run = run.filename().string();
  if (!pricing.empty()) {
    PHASEGATE_TRY(loaded, policy::load_pricing(pricing));
    inputs.pricing = loaded;
  }
  if (!mix.empty()) {
    PHASEGATE_TRY(weights, load_mix(mix));
    inputs.weights = weights;
  }
  PHASEGATE_TRY(manifest, evidence::read_manifest(run));
  for (const char* key : {"gpu", "cpu_model"}) {
    const auto found = manifest.environment.find(key);
    if (found != manifest.environment.end() && found->second.value.is_string())
      inputs.hardware.push_back(found->second.value.get<std::string>());
  }
  PHASEGATE_TRY(source, evidence::read_import_source(run));
  const Json facts = source.value("facts", Json::object());
  if (const std::string hardware = text_at(facts, "hardware"); !hardware.empty()) inputs.hardware.push_back(hardware);
  inputs.duration_s = number_at(facts, "duration_s");
  PHASEGATE_CHECK_OK(add_power(source, inputs));
  policy::ObservedPrices prices;
  PHASEGATE_CHECK_OK(
      evidence::for_each_observation(run, [&](evidence::Observation& observation) { return prices.add(observation); }));
  return prices.price(inputs);
}

}  // namespace phasegate::cli
