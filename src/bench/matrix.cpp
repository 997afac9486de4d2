#include "bench/matrix.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bench/matrix_check.h"
#include "core/limits.h"

namespace phasegate::bench {

using core::Json;
using core::Result;
using core::Status;
using evidence::Scenario;

namespace {

// Labels and model names become parts of file names, cell keys and session names.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 80 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '+';
  });
}

constexpr const char* kNameNext = "use letters, digits and - _ . + only, at most 80";

Status check_models(const Matrix& matrix, const Places& places) {
  std::set<std::string> seen;
  if (matrix.models.empty()) return places.fail("models", "is empty", "name at least one model");
  for (std::size_t i = 0; i < matrix.models.size(); ++i) {
    const Model& model = matrix.models[i];
    const std::string key = fmt::format("models[{}]", i);
    if (!is_name(model.name))
      return places.fail(key + ".name", fmt::format("\"{}\" is no name", model.name), kNameNext);
    if (!seen.insert(model.name).second) {
      return places.fail(key + ".name", fmt::format("\"{}\" stands twice", model.name), "give each model its own name");
    }
    if (model.path.empty()) return places.fail(key + ".path", "is empty", "name the file or folder of the model");
    const bool hex = std::all_of(model.sha256.begin(), model.sha256.end(),
                                 [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!model.sha256.empty() && (model.sha256.size() != 64 || !hex)) {
      return places.fail(key + ".sha256", "is not a SHA-256", "write 64 lower-case hex digits (sha256sum FILE)");
    }
  }
  return {};
}

Status check_candidate(const Matrix& matrix, const CandidateSpec& spec, const std::string& key, const Places& places) {
  if (!is_name(spec.engine)) return places.fail(key + ".engine", "is no name", kNameNext);
  if (matrix.find_model(spec.model) == nullptr) {
    std::string known;
    for (const Model& model : matrix.models) known += (known.empty() ? "" : ", ") + model.name;
    return places.fail(key + ".model", fmt::format("\"{}\" is not one of the models", spec.model), "known: " + known);
  }
  if (!is_name(spec.label)) return places.fail(key + ".label", fmt::format("\"{}\" is no name", spec.label), kNameNext);
  if (!is_name(spec.device)) return places.fail(key + ".device", "is no name", "write cpu or the engine's device name");
  if (spec.threads < 1) return places.fail(key + ".threads", "is below 1", "write 1 or more");
  return {};
}

Status check_candidates(const Matrix& matrix, const Places& places) {
  if (matrix.candidates.empty()) return places.fail("candidates", "is empty", "name at least one candidate");
  std::set<std::string> labels;
  for (std::size_t i = 0; i < matrix.candidates.size(); ++i) {
    const CandidateSpec& spec = matrix.candidates[i];
    const std::string key = fmt::format("candidates[{}]", i);
    PHASEGATE_CHECK_OK(check_candidate(matrix, spec, key, places));
    if (!labels.insert(spec.label).second) {
      return places.fail(key + ".label", fmt::format("\"{}\" stands twice", spec.label),
                         "give each candidate its own label, and do not list the same one twice");
    }
  }
  if (!matrix.default_safe.empty() && labels.count(matrix.default_safe) == 0) {
    return places.fail("default_safe", fmt::format("\"{}\" is not the label of a candidate", matrix.default_safe),
                       "write one of the labels");
  }
  if (matrix.accuracy.reference) {
    PHASEGATE_CHECK_OK(check_candidate(matrix, *matrix.accuracy.reference, "accuracy.reference", places));
  }
  return {};
}

Status check_scenarios(const Matrix& matrix, const Places& places) {
  if (matrix.scenarios.empty()) return places.fail("scenarios", "is empty", "give axes or a list");
  std::set<Scenario> seen;
  for (const Scenario& scenario : matrix.scenarios) {
    if (!seen.insert(scenario).second) {
      return places.fail("scenarios", fmt::format("{} stands twice", scenario.id()), "remove one of the two");
    }
    if (scenario.prompt_tokens < 1 || scenario.gen_tokens < 1 || scenario.batch < 1 || scenario.depth < 0 ||
        scenario.prompt_tokens > core::kMaxPromptTokens || scenario.gen_tokens > core::kMaxGenTokens ||
        scenario.batch > core::kMaxBatch || scenario.depth > core::kMaxPromptTokens) {
      return places.fail("scenarios", fmt::format("{} is outside the limits", scenario.id()),
                         fmt::format("prompt up to {}, gen up to {}, batch up to {}", core::kMaxPromptTokens,
                                     core::kMaxGenTokens, core::kMaxBatch));
    }
  }
  const std::size_t cells = matrix.scenarios.size() * matrix.candidates.size();
  if (cells > core::kMaxPlanCells) {
    return places.fail("scenarios",
                       fmt::format("times candidates make {} cells, the limit is {}", cells, core::kMaxPlanCells),
                       "shorten an axis or split the matrix");
  }
  return {};
}

Status check_numbers(const Matrix& matrix, const Places& places) {
  if (matrix.rounds < 1 || matrix.rounds > kMaxRounds) {
    return places.fail("rounds", fmt::format("is {}, outside 1 to {}", matrix.rounds, kMaxRounds), "choose inside");
  }
  if (matrix.repetitions < 1 || matrix.repetitions > kMaxRepetitions) {
    return places.fail("repetitions", fmt::format("is {}, outside 1 to {}", matrix.repetitions, kMaxRepetitions),
                       "choose inside");
  }
  const WarmupPolicy& warmup = matrix.warmup;
  if (warmup.max_calls < std::max(warmup.min_calls, warmup.window)) {
    return places.fail("warmup.max_calls",
                       fmt::format("is {}, below min_calls or window: it could never converge", warmup.max_calls),
                       fmt::format("write at least {}", std::max(warmup.min_calls, warmup.window)));
  }
  static const std::set<std::string> kModes{"quick", "full", "custom", "measure"};
  if (kModes.count(matrix.mode) == 0) {
    return places.fail("mode", fmt::format("is \"{}\"", matrix.mode), "write quick, full, custom or measure");
  }
  if (!is_name(matrix.name)) return places.fail("name", fmt::format("\"{}\" is no name", matrix.name), kNameNext);
  return {};
}

std::string default_label(const CandidateSpec& spec) {
  return fmt::format("{}-{}-{}-t{}{}", spec.engine, spec.model, spec.device, spec.threads,
                     spec.compile ? "-compiled" : "");
}

Json candidate_json(const CandidateSpec& spec) {
  return {{"engine", spec.engine},   {"model", spec.model},     {"device", spec.device},
          {"threads", spec.threads}, {"compile", spec.compile}, {"label", spec.label}};
}

Json scenario_json(const Scenario& scenario) {
  return {{"prompt", scenario.prompt_tokens},
          {"gen", scenario.gen_tokens},
          {"batch", scenario.batch},
          {"depth", scenario.depth}};
}

Json model_json(const Model& model) {
  Json json{{"name", model.name}, {"path", model.path}};
  if (!model.sha256.empty()) json["sha256"] = model.sha256;
  if (!model.weight_set.empty()) json["weight_set"] = model.weight_set;
  return json;
}

}  // namespace

const Model* Matrix::find_model(std::string_view model_name) const {
  for (const Model& model : models) {
    if (model.name == model_name) return &model;
  }
  return nullptr;
}

void apply_defaults(Matrix& matrix, const evidence::Thresholds& defaults) {
  matrix.warmup.min_calls = defaults.warmup_min_calls;
  matrix.warmup.max_calls = defaults.warmup_max_calls;
  matrix.warmup.window = std::max(defaults.warmup_window, 3);
  matrix.warmup.tolerance = defaults.warmup_tolerance;
  matrix.timeouts.call_s = defaults.call_timeout_s;
  matrix.timeouts.load_s = defaults.load_timeout_s;
}

std::vector<Scenario> product(const std::vector<int>& prompts, const std::vector<int>& gens,
                              const std::vector<int>& batches) {
  std::vector<Scenario> scenarios;
  for (const int prompt : prompts) {
    for (const int gen : gens) {
      for (const int batch : batches) scenarios.push_back({prompt, gen, batch, 0});
    }
  }
  return scenarios;
}

Result<Matrix> check_matrix(Matrix matrix, const Places& places) {
  for (CandidateSpec& spec : matrix.candidates) {
    if (spec.label.empty()) spec.label = default_label(spec);
  }
  if (matrix.accuracy.reference && matrix.accuracy.reference->label.empty()) {
    matrix.accuracy.reference->label = default_label(*matrix.accuracy.reference);
  }
  PHASEGATE_CHECK_OK(check_numbers(matrix, places));
  PHASEGATE_CHECK_OK(check_models(matrix, places));
  PHASEGATE_CHECK_OK(check_candidates(matrix, places));
  PHASEGATE_CHECK_OK(check_scenarios(matrix, places));
  return matrix;
}

Result<Matrix> checked_matrix(Matrix matrix, const std::string& source) {
  return check_matrix(std::move(matrix), Places(source));
}

Json to_json(const Matrix& matrix) {
  Json json{{"name", matrix.name},
            {"mode", matrix.mode},
            {"seed", matrix.seed},
            {"rounds", matrix.rounds},
            {"repetitions", matrix.repetitions}};
  json["models"] = Json::array();
  for (const Model& model : matrix.models) json["models"].push_back(model_json(model));
  json["candidates"] = Json::array();
  for (const CandidateSpec& spec : matrix.candidates) json["candidates"].push_back(candidate_json(spec));
  json["scenarios"]["list"] = Json::array();
  for (const Scenario& scenario : matrix.scenarios) json["scenarios"]["list"].push_back(scenario_json(scenario));
  const WarmupPolicy& warmup = matrix.warmup;
  json["warmup"] = {{"min_calls", warmup.min_calls},
                    {"max_calls", warmup.max_calls},
                    {"window", warmup.window},
                    {"tolerance", warmup.tolerance},
                    {"scope", warmup.scope == WarmupPolicy::Scope::path ? "path" : "scenario"}};
  if (matrix.control) {
    json["control"] = scenario_json(matrix.control->scenario);
    json["control"]["every"] = matrix.control->every;
    json["control"]["calls"] = matrix.control->calls;
  }
  json["accuracy"] = {{"tokens", matrix.accuracy.tokens}, {"greedy_tokens", matrix.accuracy.greedy_tokens}};
  if (matrix.accuracy.reference) json["accuracy"]["reference"] = candidate_json(*matrix.accuracy.reference);
  json["timeouts"] = {{"call_s", matrix.timeouts.call_s}, {"load_s", matrix.timeouts.load_s}};
  const auto optional_text = [&](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  optional_text("default_safe", matrix.default_safe);
  optional_text("text", matrix.text);
  optional_text("pricing", matrix.pricing);
  optional_text("left_out", matrix.left_out);
  return json;
}

}  // namespace phasegate::bench
