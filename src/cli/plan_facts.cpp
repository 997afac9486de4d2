#include "cli/plan_facts.h"

#include <filesystem>
#include <optional>

#include "core/files.h"
#include "core/json.h"
#include "core/limits.h"
#include "engines/sim/profile.h"
#include "models/inspect.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;

std::optional<int> context_of_folder(const fs::path& folder) {
  const auto text = core::read_file(folder / "genai_config.json", core::kMaxManifestBytes);
  if (!text) return std::nullopt;
  const auto json = core::parse_json(*text, "genai_config.json");
  if (!json || !json->is_object() || !json->contains("model") || !(*json)["model"].is_object()) return std::nullopt;
  const auto& model = (*json)["model"];
  const auto found = model.find("context_length");
  if (found == model.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int>();
}

std::optional<int> context_of(const fs::path& path) {
  if (fs::is_directory(path)) return context_of_folder(path);
  if (path.extension() == ".gguf") {
    const auto info = models::inspect(path);
    return info ? std::optional<int>(static_cast<int>(info->shape.n_ctx_train)) : std::nullopt;
  }
  const auto text = core::read_file(path, core::kMaxMatrixBytes);
  if (!text) return std::nullopt;
  const auto profile = engines::sim::parse_profile(*text, path.string());
  return profile ? std::optional<int>(profile->model.max_context) : std::nullopt;
}

}  // namespace

bench::PlanFacts plan_facts(const bench::Matrix& matrix) {
  bench::PlanFacts facts;
  for (const auto& model : matrix.models) {
    if (const auto context = context_of(model.path)) facts.max_context[model.name] = *context;
  }
  return facts;
}

}  // namespace phasegate::cli
