#include "cli/model_sets.h"

#include <algorithm>
#include <cstdlib>

#include "core/files.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/sha256.h"
#include "models/forge.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;

// Both engines run q8_0 exactly and fast, and it stays closest to the source's own quality (docs/methodology.md).
constexpr models::Quant kRunQuant = models::Quant::q8_0;

struct ForgedFolder {
  fs::path folder;
  std::string weight_set;
  std::string quant;
};

core::Result<ForgedFolder> read_forged(const fs::path& folder) {
  const fs::path file = folder / "forge.json";
  PHASEGATE_TRY(text, core::read_file(file, core::kMaxManifestBytes));
  PHASEGATE_TRY(json, core::parse_json(text, file.string()));
  if (!json.is_object() || !json.contains("weight_set") || !json["weight_set"].is_string()) {
    return core::fail({ErrorKind::invalid_input, "has no weight_set", file.string(),
                       "forge the folder again with `phasegate forge`"});
  }
  ForgedFolder forged{folder, json["weight_set"].get<std::string>(), {}};
  if (json.contains("quant") && json["quant"].is_string()) forged.quant = json["quant"].get<std::string>();
  return forged;
}

core::Status forge_once(models::ForgeOptions options, const Say& say, const std::string& what) {
  if (fs::exists(options.out / "forge.json")) return {};
  say("forging " + what + " into " + options.out.string());
  PHASEGATE_TRY(report, models::forge(options));
  for (const auto& note : report.notes) say("note: " + note);
  return {};
}

core::Result<ModelSet> from_forged(const fs::path& folder, const std::string& name, const Say& say) {
  PHASEGATE_TRY(forged, read_forged(folder));
  ModelSet set;
  set.name = name;
  set.weight_set = forged.weight_set;
  set.quant = forged.quant;
  if (fs::exists(folder / "gguf" / "model.gguf")) set.gguf = folder / "gguf" / "model.gguf";
  if (fs::exists(folder / "onnx" / "model.onnx")) set.onnx = folder / "onnx";
  if (set.gguf.empty()) return set;
  models::ForgeOptions options;
  options.from = set.gguf;
  options.formats = {models::Format::gguf};
  options.quant = models::Quant::f32;
  options.out = folder / "reference-f32";
  PHASEGATE_CHECK_OK(forge_once(std::move(options), say, "the same weights in fp32 (reference of the accuracy gate)"));
  set.reference = folder / "reference-f32" / "gguf" / "model.gguf";
  return set;
}

bool wanted(const std::vector<std::string>& engines, const std::string& name) {
  return engines.empty() || std::find(engines.begin(), engines.end(), name) != engines.end();
}

// `label` is what people read: the engine and what tells this weight set from the run's others.
void add_candidate(bench::MatrixInputs& inputs, const std::string& engine, const ModelSet& set, const fs::path& path,
                   const std::string& label) {
  bench::Model model;
  model.name = set.name + "-" + engine;
  model.path = path.string();
  model.weight_set = set.weight_set;
  bench::CandidateSpec candidate;
  candidate.engine = engine;
  candidate.model = model.name;
  candidate.label = engine + "-" + label;
  inputs.models.push_back(std::move(model));
  inputs.candidates.push_back(std::move(candidate));
}

}  // namespace

core::Result<std::string> demo_model() {
  const char* cache = std::getenv("PHASEGATE_CACHE");  // NOLINT(concurrency-mt-unsafe): before any thread
  const char* xdg = std::getenv("XDG_CACHE_HOME");     // NOLINT(concurrency-mt-unsafe)
  const char* home = std::getenv("HOME");              // NOLINT(concurrency-mt-unsafe)
  fs::path root =
      cache != nullptr
          ? fs::path(cache)
          : (xdg != nullptr ? fs::path(xdg) : fs::path(home != nullptr ? home : ".") / ".cache") / "phasegate";
  const fs::path file = root / "models" / "smollm2-135m-instruct-q4_1.gguf";
  if (fs::exists(file)) return file.string();
  return core::fail({ErrorKind::toolchain_missing, "no model was named and the demo model is not in the cache",
                     file.string(), "name one with --model, or fetch SmolLM2-135M with deps/models.sh"});
}

core::Result<ModelSet> model_set_for_run(const std::string& argument, const fs::path& store, const Say& say) {
  const fs::path path = argument;
  if (!fs::exists(path))
    return core::fail({ErrorKind::not_found, "there is no such model", argument,
                       "give a .gguf file or a folder made by `phasegate forge`"});
  if (path.extension() == ".yaml" || path.extension() == ".yml") {
    ModelSet set;
    set.name = path.stem().string();
    set.sim = path;
    return set;
  }
  if (fs::is_directory(path)) {
    return from_forged(path, fs::weakly_canonical(path).filename().string(), say);
  }
  if (path.extension() != ".gguf") {
    return core::fail(
        {ErrorKind::invalid_input, "is neither a .gguf file, a forged folder nor a sim profile (.yaml)", argument, {}});
  }
  PHASEGATE_TRY(sha, core::sha256_file(path));
  const std::string quant = models::to_string(kRunQuant);
  models::ForgeOptions options;
  options.from = path;
  options.formats = {models::Format::gguf, models::Format::onnx};
  options.quant = kRunQuant;
  options.out = store / "models" / (sha.substr(0, 12) + "-" + quant);
  const fs::path folder = options.out;
  PHASEGATE_CHECK_OK(
      forge_once(std::move(options), say, path.filename().string() + " as " + quant + " for every engine"));
  std::string name = path.stem().string();
  for (const char* suffix :
       {"-q4_1", "-q4_0", "-q8_0", "-f16", "-f32"}) {  // the source's own type is not what will run
    if (name.ends_with(suffix)) name.resize(name.size() - std::string_view(suffix).size());
  }
  return from_forged(folder, name + "-" + quant, say);
}

core::Result<bench::MatrixInputs> inputs_for_run(const std::vector<ModelSet>& sets,
                                                 const std::vector<std::string>& engines) {
  bench::MatrixInputs inputs;
  for (const auto& set : sets) {
    const std::string& label = sets.size() == 1 && !set.quant.empty() ? set.quant : set.name;
    inputs.name += (inputs.name.empty() ? "" : "+") + set.name;
    if (!set.sim.empty() && wanted(engines, "sim")) add_candidate(inputs, "sim", set, set.sim, label);
    if (!set.onnx.empty() && wanted(engines, "onnx")) add_candidate(inputs, "onnx", set, set.onnx, label);
    if (!set.gguf.empty() && wanted(engines, "llamacpp")) add_candidate(inputs, "llamacpp", set, set.gguf, label);
    if (!set.reference.empty() && !inputs.reference) {
      bench::Model reference;
      reference.name = set.name + "-reference-f32";
      reference.path = set.reference.string();
      bench::CandidateSpec spec;
      spec.engine = "llamacpp";
      spec.model = reference.name;
      spec.label = "reference-f32";
      inputs.models.push_back(std::move(reference));
      inputs.reference = std::move(spec);
    }
  }
  if (inputs.candidates.empty()) {
    return core::fail({ErrorKind::invalid_input,
                       "no engine that was asked for has a format of these models",
                       {},
                       "llamacpp needs GGUF, onnx a forged folder, sim a profile"});
  }
  return inputs;
}

core::Result<bench::MatrixInputs> inputs_for_measure(const MeasureOptions& options) {
  const fs::path path = options.model;
  if (!fs::exists(path)) return core::fail({ErrorKind::not_found, "there is no such model", options.model, {}});
  ModelSet set;
  set.name = path.stem().string();
  fs::path used = path;
  if (options.engine == "onnx" && fs::is_directory(path / "onnx")) used = path / "onnx";
  if (options.engine == "llamacpp" && fs::exists(path / "gguf" / "model.gguf")) used = path / "gguf" / "model.gguf";
  const fs::path forge_json = fs::is_directory(path) ? path : path.parent_path().parent_path();
  if (auto forged = read_forged(forge_json)) set.weight_set = forged->weight_set;
  bench::MatrixInputs inputs;
  inputs.name = "measure";
  add_candidate(inputs, options.engine, set, used, set.name);
  inputs.candidates.front().threads = options.threads;
  return inputs;
}

}  // namespace phasegate::cli
