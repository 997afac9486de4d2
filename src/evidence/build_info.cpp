#include "evidence/build_info.h"

#include "phasegate_git.h"

namespace phasegate::evidence {

const BuildInfo& build_info() {
  static const BuildInfo info = [] {
    BuildInfo made;
    made.version = PHASEGATE_VERSION;
    const std::string commit = PHASEGATE_GIT_COMMIT;
    if (!commit.empty()) {
      made.git_commit = commit;
      made.git_dirty = PHASEGATE_GIT_DIRTY != 0;
    }
    made.build_type = PHASEGATE_BUILD_TYPE;
    made.compiler = PHASEGATE_COMPILER;
#ifdef PHASEGATE_SANITIZER
    made.sanitizer = PHASEGATE_SANITIZER;
#else
    made.sanitizer = "none";
#endif
    return made;
  }();
  return info;
}

bool measures_for_real(const std::string& build_type, const std::string& sanitizer) {
  return sanitizer == "none" && (build_type == "Release" || build_type == "RelWithDebInfo");
}

}  // namespace phasegate::evidence
