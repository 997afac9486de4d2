#include "cli/here.h"

#include <filesystem>
#include <map>

#include "cli/sensors.h"
#include "models/inspect.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;
using core::Json;

std::string text_at(const Json& object, const char* key) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_string() ? value.get<std::string>() : std::string();
}

const engines::EngineFactory* factory_of(const Context& context, const std::string& engine) {
  for (const auto& factory : context.factories) {
    if (factory.name == engine) return &factory;
  }
  return nullptr;
}

// Which engine reads a file, by its format's own marks.
std::string engine_of(const fs::path& file) {
  std::error_code code;
  if (fs::is_directory(file, code) || file.extension() == ".onnx") return "onnx";
  if (file.extension() == ".gguf") return "llamacpp";
  return "sim";
}

control::ModelHere hash_model(const Context& context, const std::string& name, const std::string& file,
                              const std::string& engine) {
  control::ModelHere model{name, file, {}, {}, {}};
  std::error_code code;
  const auto* factory = factory_of(context, engine);
  if (!fs::exists(file, code)) {
    model.problem = "no file at " + file + "; watch from the folder of the run, or name it with --model FILE";
  } else if (factory == nullptr || !factory->hash_model) {
    model.problem = "no engine here can hash it";
  } else if (const auto hash = factory->hash_model(file)) {
    model.sha256 = *hash;
  } else {
    model.problem = hash.error().message();
  }
  if (engine != "llamacpp" || model.sha256.empty()) return model;
  if (const auto info = models::inspect(file)) {
    for (const auto& [type, count] : info->tensor_types) model.weight_tensors[type] = static_cast<int>(count);
  }
  return model;
}

// The models of a run's matrix, each hashed once, by the engines that its candidates use.
void add_models(const Context& context, const Json& matrix, std::map<std::string, control::ModelHere>& found) {
  if (!matrix.is_object()) return;
  std::map<std::string, std::string> engines;
  for (const Json& candidate : matrix.value("candidates", Json::array())) {
    engines.emplace(text_at(candidate, "model"), text_at(candidate, "engine"));
  }
  for (const Json& model : matrix.value("models", Json::array())) {
    const std::string name = text_at(model, "name");
    const auto engine = engines.find(name);
    if (engine == engines.end() || found.contains(name)) continue;
    found.emplace(name, hash_model(context, name, text_at(model, "path"), engine->second));
  }
}

void read_origin(const Context& context, const evidence::Store& store, const evidence::Policy& policy, Look& look) {
  std::map<std::string, control::ModelHere> models;
  for (const std::string& id : policy.runs) {
    const auto folder = store.find_run(id);
    if (!folder) continue;
    const auto manifest = evidence::read_manifest(*folder);
    if (!manifest) continue;
    look.origin.runs.push_back(id);
    look.origin.argv = manifest->argv;
    if (look.origin.pricing.empty()) look.origin.pricing = text_at(manifest->matrix, "pricing");
    add_models(context, manifest->matrix, models);
  }
  for (auto& [name, model] : models) look.here.models.push_back(std::move(model));
}

void read_pricing(Look& look) {
  if (look.origin.pricing.empty()) return;
  auto pricing = policy::load_pricing(look.origin.pricing);
  if (pricing) {
    look.here.pricing = std::move(*pricing);
  } else {
    look.here.pricing_problem = pricing.error().message();
  }
}

}  // namespace

Look look_here(const Context& context, const evidence::Store& store, const evidence::Policy& policy,
               const LookOptions& options) {
  Look look;
  look.here.environment = evidence::read_environment();
  look.here.now = context.clock.utc_stamp();
  for (const auto& factory : context.factories) {
    const auto found = factory.probe();
    look.here.engines.push_back({factory.name, found.present, found.version, found.build, found.detail});
  }
  look.here.sensors = Json::object();
  for (const Finding& sensor : sensor_findings()) {
    if (sensor.present) look.here.sensors[sensor.name] = {{"period_ns", nullptr}};
  }
  look.origin.pricing = options.pricing;
  look.origin.mix = options.mix;
  read_origin(context, store, policy, look);
  for (const std::string& file : options.models) {
    look.here.models.push_back(hash_model(context, {}, file, engine_of(file)));
    const control::ModelHere& named = look.here.models.back();
    bool known = named.sha256.empty();
    for (const auto& candidate : policy.candidates) known = known || candidate.identity.model_sha256 == named.sha256;
    if (!known) look.origin.changed_models.push_back(file);
  }
  read_pricing(look);
  return look;
}

}  // namespace phasegate::cli
