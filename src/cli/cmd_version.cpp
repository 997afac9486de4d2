#include <fmt/format.h>

#include "cli/context.h"
#include "cli/output.h"
#include "core/random.h"
#include "evidence/manifest.h"
#include "evidence/policy.h"
#include "evidence/record.h"
#include "evidence/store.h"

namespace phasegate::cli {

int cmd_version(Context& context) {
  const auto environment = evidence::read_environment();
  core::Json document = {{"formats",
                          {{"record", evidence::kRecordVersion},
                           {"policy", evidence::kPolicyVersion},
                           {"store", evidence::kStoreVersion}}},
                         {"generator", core::kGeneratorName}};
  for (const char* key : {"phasegate_version", "git_commit", "git_dirty", "compiler", "build_type", "sanitizer"}) {
    const auto found = environment.find(key);
    document[key] = found == environment.end() ? core::Json(nullptr) : found->second.value;
  }
  if (context.options.json) {
    print_json(document);
  } else {
    const auto text = [&](const char* key) {
      return document[key].is_string() ? document[key].get<std::string>() : document[key].dump();
    };
    print_text(fmt::format("phasegate {} (commit {}{}, {}, {})\n", text("phasegate_version"),
                           text("git_commit").substr(0, 12), document["git_dirty"] == true ? ", with changes" : "",
                           text("compiler"), text("build_type")));
  }
  return kExitDone;
}

}  // namespace phasegate::cli
