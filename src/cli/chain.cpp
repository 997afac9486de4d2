#include "cli/chain.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/files.h"
#include "core/limits.h"
#include "policy/pricing.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;

core::Result<int> positive_int(const YAML::Node& entry, const char* key, const std::string& where, int otherwise) {
  const YAML::Node node = entry[key];
  if (!node && otherwise > 0) return otherwise;
  int value = 0;
  if (!node || !YAML::convert<int>::decode(node, value) || value < 1) {
    return core::fail(
        {ErrorKind::invalid_input, fmt::format("`{}` must be a whole number of at least 1", key), where, {}});
  }
  return value;
}

core::Result<policy::Weight> parse_weight(const YAML::Node& entry, const std::string& where) {
  if (!entry.IsMap())
    return core::fail(
        {ErrorKind::invalid_input, "each entry of `mix` is a map {prompt, gen, batch, weight}", where, {}});
  for (const auto& item : entry) {
    const auto key = item.first.as<std::string>("");
    if (key != "prompt" && key != "gen" && key != "batch" && key != "weight") {
      return core::fail(
          {ErrorKind::invalid_input, "unknown key `" + key + "`", where, "known: prompt, gen, batch, weight"});
    }
  }
  policy::Weight weight;
  PHASEGATE_TRY(prompt, positive_int(entry, "prompt", where, 0));
  PHASEGATE_TRY(gen, positive_int(entry, "gen", where, 0));
  PHASEGATE_TRY(batch, positive_int(entry, "batch", where, 1));
  weight.scenario = {prompt, gen, batch, 0};
  if (!entry["weight"] || !YAML::convert<double>::decode(entry["weight"], weight.share) || !(weight.share > 0)) {
    return core::fail({ErrorKind::invalid_input, "`weight` must be a positive number", where, {}});
  }
  return weight;
}

}  // namespace

bool inside(const evidence::Store& store, const fs::path& run) {
  const auto relative = fs::weakly_canonical(run).lexically_relative(fs::weakly_canonical(store.root()));
  return !relative.empty() && *relative.begin() != "..";
}

core::Result<evidence::Validation> validate_step(evidence::Store& store, const fs::path& run) {
  PHASEGATE_TRY(validation, evidence::validate_run(run));
  if (inside(store, run)) {
    // An import may be large and is hashed once: its manifest names the other files, and validation has compared them.
    std::error_code code;
    const bool imported = fs::exists(run / "observations.jsonl", code);
    const std::vector<std::string> inputs =
        imported ? std::vector<std::string>{"manifest.json"}
                 : std::vector<std::string>{"manifest.json", "plan.json", "records.jsonl"};
    PHASEGATE_CHECK_OK(
        store.write_derived(run, "validation.json", evidence::to_json(validation), inputs).map([](const std::string&) {
        }));
  }
  return validation;
}

core::Result<analysis::RunAnalysis> analyze_step(evidence::Store& store, const fs::path& run) {
  PHASEGATE_TRY(analysis, analysis::analyze_run(run));
  if (inside(store, run)) {
    PHASEGATE_CHECK_OK(
        store.write_derived(run, analysis::kCellsFile, analysis::to_json(analysis), {"manifest.json", "records.jsonl"})
            .map([](const std::string&) {}));
  }
  return analysis;
}

core::Result<evidence::Policy> decide_step(const Context& context, const std::vector<fs::path>& runs,
                                           const std::string& pricing, const std::string& mix) {
  policy::DecideInputs inputs;
  if (!context.options.thresholds.empty()) inputs.thresholds = context.thresholds;
  if (!pricing.empty()) {
    PHASEGATE_TRY(loaded, policy::load_pricing(pricing));
    inputs.pricing = loaded;
  }
  if (!mix.empty()) {
    PHASEGATE_TRY(weights, load_mix(mix));
    inputs.weights = weights;
  }
  for (const auto& run : runs) {
    PHASEGATE_TRY(evidence, policy::read_run_evidence(run));
    inputs.runs.push_back(std::move(evidence));
  }
  return policy::decide(inputs);
}

core::Result<std::vector<policy::Weight>> load_mix(const fs::path& path) {
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxMatrixBytes));
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    return core::fail({ErrorKind::invalid_input, error.what(), path.string(), {}});
  }
  if (!root.IsMap() || root.size() != 1 || !root["mix"] || !root["mix"].IsSequence() || root["mix"].size() == 0) {
    return core::fail({ErrorKind::invalid_input, "must hold one key, `mix`, with a list that is not empty",
                       path.string(), "docs/economics.md shows one"});
  }
  std::vector<policy::Weight> weights;
  for (const auto& entry : root["mix"]) {
    PHASEGATE_TRY(weight, parse_weight(entry, fmt::format("{}:{}", path.string(), entry.Mark().line + 1)));
    weights.push_back(weight);
  }
  return weights;
}

std::string validation_text(const std::string& run, const evidence::Validation& validation) {
  std::string text =
      fmt::format("{}: {} ({} records", run, validation.canonical ? "canonical" : "NOT canonical", validation.records);
  for (const auto& [status, count] : validation.by_status) text += fmt::format(", {} {}", count, status);
  text += ")\n";
  for (const auto& issue : validation.issues)
    text += fmt::format("  issue    {}  {}: {}\n", issue.rule, issue.where, issue.what);
  for (const auto& issue : validation.warnings)
    text += fmt::format("  warning  {}  {}: {}\n", issue.rule, issue.where, issue.what);
  return text;
}

}  // namespace phasegate::cli
