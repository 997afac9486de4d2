// The YAML form of a matrix. The grammar is in matrix.h.
#include <utility>

#include "bench/matrix.h"
#include "bench/matrix_check.h"
#include "bench/yaml_reader.h"
#include "core/files.h"
#include "core/limits.h"

namespace phasegate::bench {
namespace {

using core::Result;
using core::Status;

constexpr IntRange kPromptRange{1, core::kMaxPromptTokens};
constexpr IntRange kGenRange{1, core::kMaxGenTokens};
constexpr IntRange kBatchRange{1, core::kMaxBatch};
constexpr std::size_t kMaxListed = core::kMaxPlanCells;

class MatrixReader {
 public:
  MatrixReader(Places& places, std::filesystem::path folder, const evidence::Thresholds& defaults)
      : places_(places), folder_(std::move(folder)), defaults_(defaults) {}

  Result<Matrix> read(const YAML::Node& root) {
    apply_defaults(matrix_, defaults_);
    PHASEGATE_TRY(top, Section::open(root, "", places_));
    for (const char* key : {"name", "models", "candidates", "scenarios"}) PHASEGATE_CHECK_OK(top.require(key));
    PHASEGATE_CHECK_OK(read_plain(top));
    PHASEGATE_CHECK_OK(read_models(top));
    PHASEGATE_CHECK_OK(read_candidates(top));
    PHASEGATE_CHECK_OK(read_scenarios(top));
    PHASEGATE_CHECK_OK(read_warmup(top));
    PHASEGATE_CHECK_OK(read_control(top));
    PHASEGATE_CHECK_OK(read_accuracy(top));
    PHASEGATE_CHECK_OK(read_timeouts(top));
    PHASEGATE_CHECK_OK(top.finish());
    return std::move(matrix_);
  }

 private:
  Status read_plain(Section& top) {
    PHASEGATE_CHECK_OK(top.text("name", matrix_.name));
    PHASEGATE_CHECK_OK(top.text("mode", matrix_.mode));
    PHASEGATE_CHECK_OK(top.seed("seed", matrix_.seed));
    PHASEGATE_CHECK_OK(top.integer("rounds", {1, kMaxRounds}, matrix_.rounds));
    PHASEGATE_CHECK_OK(top.integer("repetitions", {1, kMaxRepetitions}, matrix_.repetitions));
    PHASEGATE_CHECK_OK(top.text("default_safe", matrix_.default_safe));
    PHASEGATE_CHECK_OK(top.text("left_out", matrix_.left_out));
    PHASEGATE_CHECK_OK(path(top, "text", matrix_.text));
    return path(top, "pricing", matrix_.pricing);
  }

  Status path(Section& section, const char* key, std::string& out) {
    PHASEGATE_CHECK_OK(section.text(key, out));
    if (section.has(key) && std::filesystem::path(out).is_relative()) {
      out = (folder_ / out).lexically_normal().string();
    }
    return {};
  }

  Status read_models(Section& top) {
    PHASEGATE_TRY(items, top.list("models", kMaxModels));
    for (std::size_t i = 0; i < items.size(); ++i) {
      PHASEGATE_TRY(section, Section::open(items[i], fmt::format("models[{}]", i), places_));
      Model model;
      PHASEGATE_CHECK_OK(section.require("name"));
      PHASEGATE_CHECK_OK(section.require("path"));
      PHASEGATE_CHECK_OK(section.text("name", model.name));
      PHASEGATE_CHECK_OK(path(section, "path", model.path));
      PHASEGATE_CHECK_OK(section.text("sha256", model.sha256));
      PHASEGATE_CHECK_OK(section.text("weight_set", model.weight_set));
      PHASEGATE_CHECK_OK(section.finish());
      matrix_.models.push_back(std::move(model));
    }
    return {};
  }

  Result<CandidateSpec> read_candidate(const YAML::Node& node, const std::string& key) {
    PHASEGATE_TRY(section, Section::open(node, key, places_));
    CandidateSpec spec;
    PHASEGATE_CHECK_OK(section.require("engine"));
    PHASEGATE_CHECK_OK(section.require("model"));
    PHASEGATE_CHECK_OK(section.text("engine", spec.engine));
    PHASEGATE_CHECK_OK(section.text("model", spec.model));
    PHASEGATE_CHECK_OK(section.text("device", spec.device));
    PHASEGATE_CHECK_OK(section.integer("threads", {1, 4096}, spec.threads));
    PHASEGATE_CHECK_OK(section.flag("compile", spec.compile));
    PHASEGATE_CHECK_OK(section.text("label", spec.label));
    PHASEGATE_CHECK_OK(section.finish());
    return spec;
  }

  Status read_candidates(Section& top) {
    PHASEGATE_TRY(items, top.list("candidates", kMaxCandidates));
    for (std::size_t i = 0; i < items.size(); ++i) {
      PHASEGATE_TRY(spec, read_candidate(items[i], fmt::format("candidates[{}]", i)));
      matrix_.candidates.push_back(std::move(spec));
    }
    return {};
  }

  Status read_scenarios(Section& top) {
    PHASEGATE_TRY(section, Section::open(*top.take("scenarios"), "scenarios", places_));
    if (!section.has("axes") && !section.has("list")) {
      return places_.fail("scenarios", "has neither axes nor a list", "give prompt, gen and batch below `axes`");
    }
    if (const auto axes = section.take("axes")) {
      PHASEGATE_CHECK_OK(read_axes(*axes));
    }
    PHASEGATE_TRY(items, section.list("list", kMaxListed));
    for (std::size_t i = 0; i < items.size(); ++i) {
      PHASEGATE_TRY(one, Section::open(items[i], fmt::format("scenarios.list[{}]", i), places_));
      PHASEGATE_TRY(scenario, read_scenario(one));
      PHASEGATE_CHECK_OK(one.finish());
      matrix_.scenarios.push_back(scenario);
    }
    return section.finish();
  }

  Status read_axes(const YAML::Node& node) {
    PHASEGATE_TRY(axes, Section::open(node, "scenarios.axes", places_));
    std::vector<int> prompts;
    std::vector<int> gens;
    std::vector<int> batches{1};
    PHASEGATE_CHECK_OK(axes.require("prompt"));
    PHASEGATE_CHECK_OK(axes.require("gen"));
    PHASEGATE_CHECK_OK(axes.axis("prompt", kPromptRange, prompts));
    PHASEGATE_CHECK_OK(axes.axis("gen", kGenRange, gens));
    PHASEGATE_CHECK_OK(axes.axis("batch", kBatchRange, batches));
    PHASEGATE_CHECK_OK(axes.finish());
    if (prompts.size() * gens.size() * batches.size() > core::kMaxPlanCells) {
      return places_.fail("scenarios.axes",
                          fmt::format("makes {} scenarios, the limit of a plan is {} cells",
                                      prompts.size() * gens.size() * batches.size(), core::kMaxPlanCells),
                          "shorten an axis or split the matrix");
    }
    matrix_.scenarios = product(prompts, gens, batches);
    return {};
  }

  static Result<evidence::Scenario> read_scenario(Section& section) {
    evidence::Scenario scenario;
    PHASEGATE_CHECK_OK(section.require("prompt"));
    PHASEGATE_CHECK_OK(section.require("gen"));
    PHASEGATE_CHECK_OK(section.integer("prompt", kPromptRange, scenario.prompt_tokens));
    PHASEGATE_CHECK_OK(section.integer("gen", kGenRange, scenario.gen_tokens));
    PHASEGATE_CHECK_OK(section.integer("batch", kBatchRange, scenario.batch));
    PHASEGATE_CHECK_OK(section.integer("depth", {0, core::kMaxPromptTokens}, scenario.depth));
    return scenario;
  }

  Status read_warmup(Section& top) {
    const auto node = top.take("warmup");
    if (!node) return {};
    PHASEGATE_TRY(section, Section::open(*node, "warmup", places_));
    WarmupPolicy& warmup = matrix_.warmup;
    PHASEGATE_CHECK_OK(section.integer("min_calls", {1, 1000}, warmup.min_calls));
    PHASEGATE_CHECK_OK(section.integer("max_calls", {1, 1000}, warmup.max_calls));
    PHASEGATE_CHECK_OK(section.integer("window", {3, 64}, warmup.window));
    PHASEGATE_CHECK_OK(section.number("tolerance", 0.001, 1, warmup.tolerance));
    std::string scope = "path";
    PHASEGATE_CHECK_OK(section.text("scope", scope));
    if (scope != "path" && scope != "scenario") {
      return places_.fail("warmup.scope", fmt::format("is \"{}\"", scope), "write path or scenario");
    }
    warmup.scope = scope == "path" ? WarmupPolicy::Scope::path : WarmupPolicy::Scope::scenario;
    return section.finish();
  }

  Status read_control(Section& top) {
    const auto node = top.take("control");
    if (!node) return {};
    PHASEGATE_TRY(section, Section::open(*node, "control", places_));
    ControlCell control;
    control.every = defaults_.control_every;
    PHASEGATE_TRY(scenario, read_scenario(section));
    control.scenario = scenario;
    PHASEGATE_CHECK_OK(section.integer("every", {1, kMaxRounds}, control.every));
    PHASEGATE_CHECK_OK(section.integer("calls", {1, kMaxRepetitions}, control.calls));
    PHASEGATE_CHECK_OK(section.finish());
    matrix_.control = control;
    return {};
  }

  Status read_accuracy(Section& top) {
    const auto node = top.take("accuracy");
    if (!node) return {};
    PHASEGATE_TRY(section, Section::open(*node, "accuracy", places_));
    PHASEGATE_CHECK_OK(section.integer("tokens", {0, 1 << 16}, matrix_.accuracy.tokens));
    PHASEGATE_CHECK_OK(section.integer("greedy_tokens", {1, 1 << 12}, matrix_.accuracy.greedy_tokens));
    if (const auto reference = section.take("reference")) {
      PHASEGATE_TRY(spec, read_candidate(*reference, "accuracy.reference"));
      matrix_.accuracy.reference = std::move(spec);
    }
    return section.finish();
  }

  Status read_timeouts(Section& top) {
    const auto node = top.take("timeouts");
    if (!node) return {};
    PHASEGATE_TRY(section, Section::open(*node, "timeouts", places_));
    PHASEGATE_CHECK_OK(section.number("call_s", 0.001, 86'400, matrix_.timeouts.call_s));
    PHASEGATE_CHECK_OK(section.number("load_s", 0.001, 86'400, matrix_.timeouts.load_s));
    return section.finish();
  }

  Places& places_;
  std::filesystem::path folder_;
  const evidence::Thresholds& defaults_;
  Matrix matrix_;
};

}  // namespace

Result<Matrix> parse_matrix(std::string_view yaml, const std::string& source, const std::filesystem::path& folder,
                            const evidence::Thresholds& defaults) {
  if (yaml.size() > core::kMaxMatrixBytes) {
    return core::fail(core::Error{core::ErrorKind::invalid_input,
                                  fmt::format("has {} bytes, the limit is {}", yaml.size(), core::kMaxMatrixBytes),
                                  source,
                                  {}});
  }
  PHASEGATE_TRY(root, parse_yaml(yaml, source));
  Places places(source);
  try {
    PHASEGATE_TRY(matrix, MatrixReader(places, folder, defaults).read(root));
    matrix.source_text = std::string(yaml);
    return check_matrix(std::move(matrix), places);
  } catch (const YAML::Exception& error) {
    return core::fail(core::Error{core::ErrorKind::invalid_input, error.msg,
                                  fmt::format("{}:{}", source, error.mark.line + 1), "mend the line"});
  }
}

Result<Matrix> load_matrix(const std::filesystem::path& path, const evidence::Thresholds& defaults) {
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxMatrixBytes));
  std::error_code code;
  auto absolute = std::filesystem::absolute(path, code);
  return parse_matrix(text, path.string(), code ? path.parent_path() : absolute.parent_path(), defaults);
}

}  // namespace phasegate::bench
