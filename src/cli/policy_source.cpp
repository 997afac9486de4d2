#include "cli/policy_source.h"

#include <filesystem>

#include "core/files.h"
#include "core/json.h"
#include "core/limits.h"
#include "evidence/store.h"

namespace phasegate::cli {

core::Result<evidence::Policy> find_policy(const Context& context, const std::string& source) {
  namespace fs = std::filesystem;
  fs::path file = source;
  if (fs::is_directory(file)) file /= "policy.json";
  if (fs::is_regular_file(file)) {
    PHASEGATE_TRY(text, core::read_file(file, core::kMaxPolicyBytes));
    PHASEGATE_TRY(json, core::parse_json(text, file.string()));
    auto policy = evidence::policy_from_json(json);
    if (!policy) return core::at(file.string(), policy.error());
    return policy;
  }
  if (fs::exists(source)) {
    return core::fail({core::ErrorKind::not_found, "holds no policy.json", source,
                       "name a folder made by `phasegate decide`, a policy file or an id"});
  }
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::read));
  return store.get_policy(source);
}

}  // namespace phasegate::cli
