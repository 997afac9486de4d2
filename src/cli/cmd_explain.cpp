#include "cli/context.h"
#include "cli/output.h"
#include "cli/policy_source.h"
#include "policy/explain.h"

namespace phasegate::cli {

int cmd_explain(Context& context, const ExplainOptions& options) {
  const bool json = context.options.json;
  const auto policy = find_policy(context, options.policy);
  if (!policy) return report_error(policy.error(), json);
  const auto explanation =
      policy::explain(*policy, {{options.prompt_tokens, options.gen_tokens, options.batch}, std::nullopt});
  if (!explanation) return report_error(explanation.error(), json);
  if (json) {
    print_json(policy::to_json(*policy, *explanation));
  } else {
    print_text(policy::to_text(*policy, *explanation));
  }
  return kExitDone;
}

}  // namespace phasegate::cli
